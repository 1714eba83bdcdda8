/*
 * outbox.h - what waits to be sent to one connection: limits, age, writing
 *
 * The bytes themselves lie in the connection's queue (memory/queue.h).
 */
#ifndef FES_SEND_OUTBOX_H
#define FES_SEND_OUTBOX_H

#include "net/memory/pool.h"
#include "net/state/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Would `length` more bytes be within the connection's limits? `maxsends`
 * counts always; `maxqueue` and `maxage` once the kernel has refused bytes.
 */
bool outbox_fits(struct conn *conn, size_t length);

/*
 * Age of the oldest unsent byte in ticks, at most about a quarter too low; 0 if
 * the connection is not behind.
 */
uint32_t outbox_age(struct conn *conn);

/* Call when the kernel has just refused bytes: their age begins to count. */
void outbox_begin_age(struct conn *conn);

/*
 * Copy a part of a message to the end of the queue. The caller has made sure
 * that `share` of the pool has the bockets (reclaim.h). No effect for 0 bytes.
 */
void outbox_write(struct conn *conn, const void *bytes, size_t length,
                  enum pool_share share);

/*
 * Call after bytes were queued: notes their age. If the queue is full now, an
 * on_drain will follow, and `coalesce` does not hold the data back any longer.
 */
void outbox_note_queued(struct conn *conn);

/* Flush the connection at the end of this turn, or when `coalesce` is over. */
void outbox_mark_dirty(struct conn *conn);

#endif
