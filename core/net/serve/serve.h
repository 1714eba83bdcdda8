/*
 * serve.h - the record of a server is made, changed and freed
 */
#ifndef FES_SERVE_SERVE_H
#define FES_SERVE_SERVE_H

#include "net/state/engine.h"
#include "net/state/server.h"

#include <stdint.h>

/*
 * Make the record of a server that does not listen and is in no list. It uses
 * `slab`, or a slab of its own if that is NULL. The options are in range; their
 * strings are copied. `owner` is the argument of its events. NULL: no memory.
 * Free it with serve_drop() while it is in no list and has had no connection,
 * otherwise with serve_free().
 */
struct server *serve_new(struct engine *engine,
                         const struct server_options *options, void *owner,
                         struct slab *slab);
void serve_drop(struct server *server);

/* Set what follows from the options: limits in bytes, durations in ticks. */
void serve_apply_options(struct server *server);

/* Space for the pieces of the longest message that can be handed over, to be
 * freed with free(). NULL: no memory. */
struct segment *serve_new_pieces(const struct server_options *options);

/* Stop listening for good; connections stay. */
void serve_stop_listening(struct server *server);

/* Likewise, and take no broadcast any more: it is freed when its last
 * connection is gone. */
void serve_begin_closing(struct server *server);

/* Stop listening and end all connections at once ("shutdown"). */
void serve_end_all(struct server *server);

/* End all connections at once, without events, and free the server. */
void serve_free(struct server *server);

/*
 * Call in a visit at the end of a turn. A closed server without connections is
 * freed if it is outgoing or its owner has left. Otherwise it retires: it gives
 * back its slab, leaves the engine's lists, and `retired` is delivered.
 */
void serve_retire(struct server *server);

#endif
