/*
 * outgoing.h - connections that fes makes
 *
 * Each has a server of its own, which holds its options, its owner and its
 * stream, never listens, and is freed at the end of the turn in which the
 * connection has gone. All draw on one slab of the engine.
 */
#ifndef FES_COMMAND_OUTGOING_H
#define FES_COMMAND_OUTGOING_H

#include "net/state/conn_name.h"
#include "net/state/server_options.h"

struct engine;

/*
 * Begin to connect, with options that are in range; strings in them are
 * copied. `bockets` and `size` are those of the slab, which is mapped for the
 * first connection. `owner` is handed to its events. Gives its name, for
 * commands at once, or 0: there is no memory, or no record left. Whatever else
 * goes wrong is told by events.closed.
 */
conn_name outgoing_open(struct engine *engine,
                        const struct server_options *options, void *owner);

#endif
