/*
 * interest.h - which events of its socket a connection waits for
 */
#ifndef FES_STATE_INTEREST_H
#define FES_STATE_INTEREST_H

#include "net/state/conn.h"

#include <stdbool.h>

/*
 * May the connection be read now? Not while it is paused, while its own queue
 * is more than half full, while received data waits to be handed over, or when
 * its inbox is full (buffered receive).
 */
bool interest_in_reading(const struct conn *conn);

/*
 * Has something come for the connection, which may be read now, that the loop
 * has not come to yet? A poll reports a part of many sockets only, and a visit
 * reads a part of many bytes. Costs a system call.
 */
bool interest_has_unread(const struct conn *conn);

/* A message begins now: message_timeout counts from here, without the time in
 * which the connection is not watched for reading. */
void interest_begin_message(struct conn *conn);

/*
 * Watch the socket for what the connection waits for in its present state:
 * reading, writing, or only a broken connection (io/hangup.h). No effect while
 * it is connecting: serve/dial.c watches the socket then. When reading begins,
 * the deadline of message_timeout is set.
 */
void interest_update(struct conn *conn);

/* Stop watching. Call before the descriptor is closed. */
void interest_end(struct conn *conn);

#endif
