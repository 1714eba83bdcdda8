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
bool reclaim_ensure(struct server *server, size_t number,
                    enum pool_share share);

/* Has the pool the bockets that `length` bytes more take for a connection? */
bool reclaim_has_room(const struct conn *conn, size_t length);

/* Make sure of that, likewise. */
bool reclaim_ensure_for(struct conn *conn, size_t length);

/* Offer everything that is queued to the kernel, now. May end connections. */
void reclaim_flush(struct server *server);

/* Likewise, wherever something waits of the topic. */
void reclaim_flush_topic(struct topic *topic);

/* The connection waits for the pool, behind those who wait already. */
void reclaim_wait(struct conn *conn);

/* Wake those for whom there is room now, in the order in which they came. */
void reclaim_wake(struct server *server);

#endif
