/*
 * outgoing.h - commands: connections that fes makes
 *
 * Each has a server of its own, which holds its options, its owner and its
 * stream, never listens, and is freed at the end of the turn in which the
 * connection has gone. All share one slab of the engine.
 */
#ifndef FES_COMMAND_OUTGOING_H
#define FES_COMMAND_OUTGOING_H

#include "net/state/conn_name.h"
#include "net/state/server_options.h"

struct engine;

/*
 * Begin to connect, with options that are in range; strings in them are copied.
 * `bockets` and `size` are those of the shared slab, which is mapped for the
 * first connection. `owner` is handed to the events of the connection. Returns
 * its name, which commands take at once, or 0: no memory, or no record is left.
 * Any other failure is delivered as the event `closed`.
 */
conn_name outgoing_open(struct engine *engine,
                        const struct server_options *options, void *owner);

#endif
