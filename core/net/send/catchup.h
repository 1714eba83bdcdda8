/*
 * catchup.h - the end of a stall
 *
 * Under "drop" it ends when at most half of the connection's queue is used.
 * Under "latest", when the kernel has everything: then the newest message of
 * each key that has changed meanwhile is queued, least recently changed first,
 * as fast as the kernel takes them; the connection's number of the sequence
 * follows. The snapshot that a new subscriber of a retained topic is sent is
 * the same walk, from the beginning.
 *
 * Then the script is told, and only then the stream goes on.
 */
#ifndef FES_SEND_CATCHUP_H
#define FES_SEND_CATCHUP_H

#include "net/state/conn.h"

/* Let the stalls of a connection end that can. From the loop only. */
void catchup(struct conn *conn);

#endif
