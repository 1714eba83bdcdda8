/*
 * fanout.h - from the stream of broadcasts to every connection
 *
 * A lap visits each connection of the circle once. A connection that keeps up
 * is given everything that waits for it straight from the stream, in one
 * send; nothing is queued for it, nothing counted. Only what the kernel does
 * not take is cut into segments of the connection's own queue.
 *
 * A lap may be walked in slices, so that accepting, receiving and timers run
 * in between; what is broadcast meanwhile goes to those not yet visited in the
 * same send, and to the others in the next lap. Each lap begins where the
 * first slice of the one before ended: nobody is always the last.
 *
 * What a connection cannot take is withheld whole, by the policy of its
 * server (server.h, enum overflow).
 */
#ifndef FES_FANOUT_H
#define FES_FANOUT_H

#include "net/server.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Move what waits for a connection in the stream to the end of its own queue,
 * so that what is queued next comes after it. May end the connection.
 */
void fanout_absorb(struct conn *conn);

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

/* The stall of a connection is over: the stream goes on for it. */
void fanout_resume(struct conn *conn);

#endif
