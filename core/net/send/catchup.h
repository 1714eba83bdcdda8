/*
 * catchup.h - the end of a stall
 *
 *     "drop"      ends when at most half of the connection's queue is in use
 *     "latest"    the newest message of each key that changed during the stall
 *                 is queued, least recently changed first; the stall ends when
 *                 all are queued and the connection is not behind
 *
 * Under "latest" the queue is kept short, because a message that is not queued
 * yet may still be replaced by a newer one of its key. The subscription's
 * `upto` is the sequence number up to which it has everything. A new subscriber
 * of a topic that retains starts with 0 and gets the whole snapshot that
 * way.
 *
 * The end is delivered (`lagged`) before the stream goes on.
 */
#ifndef FES_SEND_CATCHUP_H
#define FES_SEND_CATCHUP_H

#include "net/state/conn.h"

/*
 * End the stalls of the connection that can end now, and deliver `lagged` for
 * those in which messages were lost. Call from the loop only. Stops when
 * `catch_up_until` of the engine is over, and goes on in the next turn. May end
 * the connection.
 */
void catchup(struct conn *conn);

#endif
