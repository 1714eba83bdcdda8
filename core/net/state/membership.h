/*
 * membership.h - a connection becomes open at its server, and stops being so
 *
 * In between it is counted, receives broadcasts and has events.
 */
#ifndef FES_STATE_MEMBERSHIP_H
#define FES_STATE_MEMBERSHIP_H

#include "net/state/conn.h"
#include "net/state/reason.h"

/* Open a connection that is set up: from CONN_SETUP to CONN_OPEN. */
void membership_begin(struct conn *conn);

/*
 * From CONN_OPEN to CONN_CLOSING: leave the broadcasts and all topics, discard
 * what waits for the connection in the stream and its inbox. `detail` is static
 * text or NULL.
 */
void membership_end(struct conn *conn, enum reason reason, const char *detail);

#endif
