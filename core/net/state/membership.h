/*
 * membership.h - a connection becomes open at its server, and stops being so
 *
 * In between it is counted, receives broadcasts and has events. It stops being
 * open at any moment, also in the middle of a walk over subscribers; so it
 * stays in the lists until the loop comes to its next event, and walks skip it.
 */
#ifndef FES_STATE_MEMBERSHIP_H
#define FES_STATE_MEMBERSHIP_H

#include "net/state/conn.h"
#include "net/state/reason.h"

/* Open a connection that is set up: from CONN_SETUP to CONN_OPEN. */
void membership_begin(struct conn *conn);

/*
 * From CONN_OPEN to CONN_CLOSING: no broadcast or publish is for it any more;
 * discard what waits for the connection in the stream and its inbox. `detail`
 * is static text or NULL.
 */
void membership_end(struct conn *conn, enum reason reason, const char *detail);

/* Later: leave the lists of subscribers, if it is still there. Its
 * subscriptions can be listed until topic_free_subs(). */
void membership_leave(struct conn *conn);

#endif
