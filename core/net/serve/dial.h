/*
 * dial.h - from an address to an outgoing connection
 *
 *     path, literal ------------> places --> connect --> established
 *     name --> resolver --------/     ^         |
 *                                     +---------+ failed: the next place
 *                                               |
 *                                               v   none is left
 *                                             error
 *
 * While connecting, for `setup_timeout` at most, the connection is OPEN and
 * behind, as if its kernel took nothing. So it takes every command: what is
 * sent to it waits in its queue, and when that is full the overflow policies
 * apply. Once it is established, `connected` is delivered.
 */
#ifndef FES_SERVE_DIAL_H
#define FES_SERVE_DIAL_H

#include "net/state/conn.h"
#include "net/state/server.h"

/*
 * Open a connection in CONN_SETUP and begin to connect it as the options of its
 * server, an outgoing one, say. Success and failure are events, delivered from
 * the loop, even if known at once.
 */
void dial_begin(struct conn *conn);

/* Free server->dial, if there is one; an unanswered question is dropped. */
void dial_free(struct server *server);

#endif
