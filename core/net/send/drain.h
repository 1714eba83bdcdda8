/*
 * drain.h - from a connection's queue to the kernel
 *
 * A connection is BEHIND from the moment its kernel refuses bytes until it has
 * taken all; only then is the descriptor watched for writing. An outgoing
 * connection is behind until it is established.
 */
#ifndef FES_SEND_DRAIN_H
#define FES_SEND_DRAIN_H

#include "net/state/conn.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Offer the queue to the kernel. False: the socket has failed, which ended the
 * connection; the event is pending. No effect, and true, while connecting.
 */
bool drain(struct conn *conn);

/* Count `bytes` that the kernel has taken, from the queue or the stream. */
void drain_count_sent(struct conn *conn, size_t bytes);

/* The kernel has refused bytes: mark the connection as BEHIND. */
void drain_fall_behind(struct conn *conn);

/*
 * Call after the queue became shorter. If at most half of it is in use, post
 * what waits for that: handing over received data, the end of stalls, and
 * on_drain if the longest refused message fits as well.
 */
void drain_post_events(struct conn *conn);

#endif
