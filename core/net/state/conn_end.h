/*
 * conn_end.h - how a connection comes to its end
 *
 * In two phases. The functions that end a connection only mark it DEAD, take it
 * out of the poll set and give back its bockets: so they may be called in the
 * middle of any walk, and no list changes under it. The loop does the rest, in
 * slices: conn_end_complete(), then the event `closed`.
 *
 * The first reason given is the one reported.
 */
#ifndef FES_STATE_CONN_END_H
#define FES_STATE_CONN_END_H

#include "net/state/conn.h"
#include "net/state/reason.h"

/*
 * End it at once, from any state: discard what is queued. `detail` is static
 * text or NULL. No effect on a dead connection.
 */
void conn_end(struct conn *conn, enum reason reason, const char *detail);

/* Likewise, but the peer sees a reset. */
void conn_end_reset(struct conn *conn, enum reason reason);

/* The system reported `error` (an errno) for the socket: end the connection
 * with the reason that follows from it. */
void conn_end_failed(struct conn *conn, int error);

/* End a CLOSING or ENDED connection, which has a reason. */
void conn_end_finish(struct conn *conn);

/* The second phase: close or reset the descriptor, leave all lists. */
void conn_end_complete(struct conn *conn);

/*
 * A CLOSING connection has sent everything: end its stream, and wait for the
 * peer's end until the linger is over; or finish, if the peer has ended.
 */
void conn_end_stream(struct conn *conn);

#endif
