/*
 * conn_end.h - how a connection comes to its end, and what is left behind:
 * nothing
 *
 * Whoever ends a connection says why; the first reason given is the one told.
 * The event that it is closed comes from the loop, later.
 */
#ifndef FES_STATE_CONN_END_H
#define FES_STATE_CONN_END_H

#include "net/state/conn.h"
#include "net/state/reason.h"

#include <stdbool.h>

/* From here on it counts, and is broadcast to. */
void membership_begin(struct conn *conn);

/*
 * It does not count any more: no broadcast is for it, it has left its topics.
 * What of the stream it has not been given is dropped.
 */
void membership_end(struct conn *conn, enum reason reason, const char *detail);

/* Close the descriptor and let go of everything. After membership_end(). */
void conn_end_finish(struct conn *conn);

/* End it at once: discard what is queued, close the descriptor. */
void conn_end(struct conn *conn, enum reason reason, const char *detail);

/* The same, and the peer sees a reset. */
void conn_end_reset(struct conn *conn, enum reason reason);

/* The system said `error` (errno) of its socket: cut it, with the reason. */
void conn_end_fail(struct conn *conn, int error);

/*
 * It is CLOSING and all is sent: end the stream, and wait for the peer's end
 * until the linger is over; or finish, if the peer has ended already.
 */
void conn_end_stream(struct conn *conn);

/* Is it read: may what it sends be taken in now? */
bool interest_in_reading(const struct conn *conn);

/* Watch for what the connection is ready for in the state that it is in; one
 * that does not stand yet is watched by dial.c. */
void interest_update(struct conn *conn);

#endif
