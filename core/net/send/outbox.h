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
 * Would `length` more bytes fit by the connection's limits? Once its kernel has
 * refused bytes, `maxqueue` and `maxage` count too.
 */
bool outbox_fits(struct conn *conn, size_t length);

/* Age of the oldest unsent byte in ticks; at most about a quarter too low. */
uint32_t outbox_age(struct conn *conn);

/* The age begins to count: the kernel has just refused bytes. */
void outbox_begin_age(struct conn *conn);

/*
 * Copy a part of a message to the end of the queue, into bockets of `share`
 * which the caller has ensured. No effect for 0 bytes.
 */
void outbox_write(struct conn *conn, const void *bytes, size_t length,
                  enum pool_share share);

/* Call after bytes were queued: notes their age, and owes the connection an
 * on_drain if its queue is full now. */
void outbox_queued(struct conn *conn);

/* Flush the connection at the end of this turn. */
void outbox_mark_dirty(struct conn *conn);

#endif
