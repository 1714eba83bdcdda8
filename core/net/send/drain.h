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
 * Offer the queue to the kernel. False: that was the connection's end, because
 * the socket has failed; the event comes later. No effect while connecting.
 */
bool drain(struct conn *conn);

/* The kernel has taken `bytes` of what was queued or broadcast. */
void drain_took(struct conn *conn, size_t bytes);

/* The kernel takes no more for now: the connection is BEHIND. */
void drain_fall_behind(struct conn *conn);

/*
 * Call after the queue became shorter. Once at most half of it is in use, held
 * messages are handed over and stalls may end; an on_drain is due when what was
 * refused would fit as well.
 */
void drain_notify(struct conn *conn);

#endif
