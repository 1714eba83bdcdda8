/*
 * enqueue.h - from the stream to the queue of one connection
 *
 * Who has something queued cannot be sent to straight from the stream: what
 * waits there for it is moved behind that, message by message. A message that
 * does not fit, though the kernel has been asked, is withheld by the policy
 * that holds for its channel (lag.h).
 */
#ifndef FES_SEND_ENQUEUE_H
#define FES_SEND_ENQUEUE_H

#include "net/state/conn.h"

/*
 * Move what waits for a connection in the stream to the end of its own queue,
 * so that what is queued next comes after it. It leaves at the turn's end. May
 * end the connection.
 */
void enqueue_pending(struct conn *conn);

/*
 * Likewise, when the queue is empty and of what waits up to message `end` the
 * kernel has taken `taken` bytes, and refused more. What it did not take of one
 * turn is queued if there is room, whatever the policy.
 */
void enqueue_rest(struct conn *conn, uint64_t end, uint64_t taken);

/*
 * The connection is full, though nothing comes for it: let the policies do what
 * they would do then. May end the connection.
 */
void enqueue_overflow(struct conn *conn);

#endif
