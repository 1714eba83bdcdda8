/*
 * flush.h - what a server has queued leaves, once a turn
 */
#ifndef FES_RUN_FLUSH_H
#define FES_RUN_FLUSH_H

#include "net/state/server.h"

/*
 * Send what is queued for the server's connections, and what was broadcast and
 * published, for at most about a millisecond each; what is left makes the loop
 * poll at once and go on. Nothing leaves while `coalesce` holds it. Then wake
 * connections for which the slab has space again. May end connections.
 */
void flush_server(struct server *server);

#endif
