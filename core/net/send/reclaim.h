/*
 * reclaim.h - when the slab runs short: who waits, and who gives way
 *
 * A connection that holds nothing and a broadcast draw on the whole pool;
 * others leave the last eighth alone. When somebody finds nothing left, first
 * everything queued in this turn is offered to the kernel, which as a rule
 * brings it all back. If even then the pool is dry, those who hold bockets and
 * have moved nothing for longest are closed, one at a time. So slow clients,
 * however many, cannot take the slab from those that keep up.
 */
#ifndef FES_SEND_RECLAIM_H
#define FES_SEND_RECLAIM_H

#include "net/state/server.h"
#include "net/state/topic.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Make sure that `number` bockets can be checked out of this share. May end
 * connections, also the one that asks. False: there is no room.
 */
bool room_make(struct server *server, size_t number, enum pool_share share);

/* Has the pool the bockets that `length` bytes more take for a connection? */
bool room_has(const struct conn *conn, size_t length);

/* Make sure of that, likewise. */
bool room_make_for(struct conn *conn, size_t length);

/* Offer everything that is queued to the kernel, now. May end connections. */
void room_flush(struct server *server);

/* Likewise, wherever something waits of the topic. */
void room_flush_topic(struct topic *topic);

/* The connection waits for the pool, behind those who wait already. */
void room_wait(struct conn *conn);

/* Wake those for whom there is room now, in the order in which they came. */
void room_wake(struct server *server);

#endif
