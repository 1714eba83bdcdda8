/*
 * fanout.h - from the stream of a server to every connection that it is for
 *
 * A lap visits each subscriber of one channel. A connection that keeps up is
 * sent everything that waits for it, of any channel, straight from the stream
 * in one system call; nothing is queued. What the kernel does not take becomes
 * segments of the connection's own queue.
 *
 * A round is one lap for each channel with messages in the stream; then the
 * stream releases these messages. A round may be cut into slices, so that
 * accepting, receiving and timers run in between. Connections not yet visited
 * are sent what is published meanwhile in the same send, the others in the next
 * round. Each lap of a channel begins with the last slice of the lap before it,
 * so between two visits of a connection lies at most a lap and a slice.
 */
#ifndef FES_SEND_FANOUT_H
#define FES_SEND_FANOUT_H

#include "net/state/server.h"

#include <stdbool.h>
#include <stdint.h>

/* Call after a message of this channel was written: a lap is due. */
void fanout_activate(struct channel *channel);

/*
 * Send a connection all that is queued for it and all that waits for it in the
 * stream. May end the connection.
 */
void fanout_flush(struct conn *conn);

/*
 * Offer the queue of a connection to the kernel. If nothing is left and the
 * connection is CLOSING, end its stream. May end the connection.
 */
void fanout_send_queued(struct conn *conn);

/*
 * Visit subscribers until the stream is empty, or until `deadline`, a time of
 * clock_now(), is over. Goes on where the last call stopped. May end
 * connections of the server.
 */
void fanout_walk(struct server *server, uint64_t deadline);

#endif
