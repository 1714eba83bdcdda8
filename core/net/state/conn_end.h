/*
 * conn_end.h - how a connection comes to its end
 *
 * The first reason given is the one reported. The event `closed` is delivered
 * later, from the loop.
 */
#ifndef FES_STATE_CONN_END_H
#define FES_STATE_CONN_END_H

#include "net/state/conn.h"
#include "net/state/reason.h"

/*
 * End it at once, from any state: discard what is queued, close the descriptor.
 * `detail` is static text or NULL. No effect on a dead connection.
 */
void conn_end(struct conn *conn, enum reason reason, const char *detail);

/* Likewise, but the peer sees a reset. */
void conn_end_reset(struct conn *conn, enum reason reason);

/* The system reported `error` (an errno) for the socket: end the connection
 * with the reason that follows from it. */
void conn_end_failed(struct conn *conn, int error);

/* Close the descriptor and release what a CLOSING or ENDED connection holds. */
void conn_end_finish(struct conn *conn);

/*
 * A CLOSING connection has sent everything: end its stream, and wait for the
 * peer's end until the linger is over; or finish, if the peer has ended.
 */
void conn_end_stream(struct conn *conn);

#endif
