/*
 * holders.h - the connections that hold or await bockets of a slab, in order
 *
 * Of those that hold some, the one that has moved no byte for longest comes
 * first: when the slab is used up, send/reclaim.h closes connections from the
 * front.
 */
#ifndef FES_STATE_HOLDERS_H
#define FES_STATE_HOLDERS_H

#include "net/state/conn.h"

/*
 * Put the connection at the end of its slab's holders if its kernel has refused
 * bytes or its inbox holds some; take it out otherwise. Call after each change
 * of either, and when bytes have moved.
 */
void holders_update(struct conn *conn);

/* Put the connection at the end of the line for bockets, unless it is in it. */
void holders_wait(struct conn *conn);

/* Likewise, for those to queue `length` bytes, which the pool did not have. */
void holders_await_space(struct conn *conn, size_t length);

/*
 * Promise `number` bockets of the slab to a connection that has waited for them
 * in line, so that not all who wait are told that there is space for one. At
 * most 255 count. Ends the promise before.
 */
void holders_promise(struct conn *conn, size_t number);

/* The connection has used what it was promised, or does not need it any more.
 */
void holders_end_promise(struct conn *conn);

#endif
