/*
 * dial.h - from an address to a connection
 *
 *     path, literal ------------> places --> connect --> it stands
 *     name --> resolver --------/     ^         |
 *                                     +---------+ refused: the next place
 *                                               |
 *                                               v   none is left
 *                                             error
 *
 * The connection is open and behind meanwhile, for `setup_timeout` at most: as
 * if its kernel took nothing. So all that can be done with a slow connection
 * can be done with it: what is sent to it waits in its queue, and when that is
 * full the policies say what happens. It stands when CONN_PENDING_CONNECT is
 * told.
 */
#ifndef FES_SERVE_DIAL_H
#define FES_SERVE_DIAL_H

#include "net/state/conn.h"
#include "net/state/server.h"

/*
 * Open the connection, which is in CONN_SETUP, and begin to connect to where
 * the connection's server, an outgoing one, says. What comes of it, be it at
 * once, is told from the loop.
 */
void dial_begin(struct conn *conn);

/* Let go of what it took to connect, if anything is left of it. */
void dial_drop(struct server *server);

#endif
