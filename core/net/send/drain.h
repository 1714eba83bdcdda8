/*
 * drain.h - from a connection's queue to the kernel
 *
 * A connection is BEHIND from the moment its kernel refuses bytes until it has
 * taken all: only then is the descriptor watched for writing. Then, and while
 * its inbox has something, it stands among the holders of its slab, whoever
 * has moved nothing for longest first. An outgoing one is behind from the
 * beginning until it stands.
 */
#ifndef FES_SEND_DRAIN_H
#define FES_SEND_DRAIN_H

#include "net/state/conn.h"

#include <stdbool.h>
#include <stddef.h>

/* The kernel has taken `bytes` that were promised to this connection. */
void drain_took(struct conn *conn, size_t bytes);

/*
 * Stand among the holders if it holds bockets, last if it has just moved; else
 * not.
 */
void holders_update(struct conn *conn);

/* The kernel takes no more for now. */
void drain_fall_behind(struct conn *conn);

/*
 * Offer the queue to the kernel. Gives false if that was the connection's end;
 * an error of the socket is an event like any other, told later.
 */
bool drain(struct conn *conn);

/*
 * After the queue has become shorter: let those who wait for that know. What
 * has come is handed over again while at most half the queue is used; then an
 * on_lag is due when at most half the queue is used, an on_drain when what was
 * refused would fit as well.
 */
void drain_notify(struct conn *conn);

/*
 * Would `length` more bytes fit, by what the connection may have waiting? Once
 * the kernel has refused some, also by `maxqueue` and `maxage`.
 */
bool outbox_fits(struct conn *conn, size_t length);

/* How old the oldest unsent byte is, in ticks; about a quarter less at most. */
uint32_t outbox_age(struct conn *conn);

/*
 * Copy bytes, a part of a message, to the end of the queue, into bockets of
 * `share` that are there. None: no effect, for most messages have one part.
 */
void outbox_write(struct conn *conn, const void *bytes, size_t length,
                  enum pool_share share);

/* Bytes have been queued. If they have to wait, it is remembered since when; a
 * full queue is owed an on_drain, as if something had been refused. */
void outbox_queued(struct conn *conn);

/* To be flushed at the end of this turn. */
void outbox_mark_dirty(struct conn *conn);

#endif
