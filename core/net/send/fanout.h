/*
 * fanout.h - from the stream of a server to every connection that it is for
 *
 * A lap visits each subscriber of one channel. A connection that keeps up is
 * given everything that waits for it, of whatever channel, straight from the
 * stream, in one send; nothing is queued for it, nothing counted. Only what the
 * kernel does not take is cut into segments of the connection's own queue.
 *
 * A round is a lap for each channel of which something waits; then the stream
 * lets go of it. It may be walked in slices, so that accepting, receiving and
 * timers run in between; what is published meanwhile goes to those not yet
 * visited in the same send, and to the others in the next round. Each lap of a
 * channel begins with the last slice of the one before: nobody is always the
 * last, and nobody waits for more than a slice longer than between two laps.
 */
#ifndef FES_SEND_FANOUT_H
#define FES_SEND_FANOUT_H

#include "net/state/server.h"

#include <stdbool.h>
#include <stdint.h>

/* The message written last is of this channel: a lap is due. */
void fanout_activate(struct channel *channel);

/*
 * Send all that is due to a connection: its queue, what waits for it in the
 * stream. May end the connection.
 */
void fanout_flush(struct conn *conn);

/*
 * Offer the kernel what is queued for a connection, and when a CLOSING one has
 * nothing left, end its stream. May end the connection.
 */
void fanout_send_queued(struct conn *conn);

/* Walk on until everybody has everything, or the clock says `deadline`. */
void fanout_walk(struct server *server, uint64_t deadline);

#endif
