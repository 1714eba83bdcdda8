/*
 * flush.h - what a server has queued leaves, once a turn
 */
#ifndef FES_RUN_FLUSH_H
#define FES_RUN_FLUSH_H

#include "net/state/server.h"

/*
 * Call in a visit at the end of a turn. Send what is queued for the server's
 * connections, then what its stream has for them: each for about a millisecond
 * at most. If something is left, the loop polls at once, and the next turn goes
 * on. While `coalesce` delays the flush, nothing is sent. Then wake
 * connections for which the slab has space again. May end connections.
 */
void flush_server(struct server *server);

/* Is there something left to send, or a connection that waits for the slab? */
bool flush_is_due(const struct server *server);

#endif
