/*
 * enqueue.h - from the stream to the queue of one connection
 *
 * A connection that has bytes in its queue cannot be sent to straight from the
 * stream: the messages that wait there for it are first moved behind those
 * bytes, one by one. A message that does not fit, even after the kernel was
 * offered the queue, is withheld by the policy of its channel (stall.h).
 */
#ifndef FES_SEND_ENQUEUE_H
#define FES_SEND_ENQUEUE_H

#include "net/state/conn.h"

/*
 * Move the messages that wait for a connection in the stream to the end of its
 * queue, so that what is queued next comes after them. They are sent at the
 * turn's end. May end the connection.
 */
void enqueue_pending(struct conn *conn);

/*
 * Likewise after a partial send to a connection whose queue is empty: of its
 * messages before `end` the kernel has taken `taken` bytes and refused more.
 * The rest of these messages is queued as far as it fits, whatever the policy:
 * they were all offered at once. The connection is BEHIND then.
 */
void enqueue_rest(struct conn *conn, uint64_t end, uint64_t taken);

/*
 * Apply the policy of each subscription that is not stalled, as if a message
 * had come and not fitted: the oldest unsent byte is older than `maxage`. May
 * end the connection.
 */
void enqueue_overflow(struct conn *conn);

#endif
