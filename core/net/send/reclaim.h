/*
 * reclaim.h - what happens when the slab runs short
 *
 * 1. Everything queued in this turn is offered to the kernel. That usually
 *    frees enough.
 * 2. A connection that already holds bockets gets none of the reserve, the last
 *    eighth of the pool: it is full, or is not read, and waits in line.
 * 3. A connection that holds nothing, and a broadcast, may use the reserve. If
 *    that is used up too, connections are closed: those that hold bockets and
 *    have moved no byte for longest, one at a time, until there is enough.
 *
 * So slow clients, however many, cannot take the slab from the others. The same
 * goes for the blocks that queues of more than one segment need (blocks.h).
 */
#ifndef FES_SEND_RECLAIM_H
#define FES_SEND_RECLAIM_H

#include "net/state/server.h"
#include "net/state/topic.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Make sure that `number` bockets can be checked out of `share`; closes
 * connections for POOL_RESERVE only. False: there are not enough. Either way
 * connections may have ended, also the one that the caller works for.
 */
bool reclaim_ensure(struct server *server, size_t number,
                    enum pool_share share);

/* Are there the bockets, and the blocks, to queue `length` more bytes for the
 * connection now? Changes nothing. */
bool reclaim_has_space(const struct conn *conn, size_t length);

/* Make sure of that, as reclaim_ensure() does. The connection may have ended
 * then, whatever the result. */
bool reclaim_ensure_space(struct conn *conn, size_t length);

/*
 * Offer the kernel everything that waits at the server, and at all others that
 * draw on the same slab. May end connections.
 */
void reclaim_flush(struct server *server);

/* Likewise for each server whose stream has messages of the topic. */
void reclaim_flush_topic(struct topic *topic);

/*
 * Wake the connections in line for which there are bockets now, in order. One
 * that could not go on with any number of bockets is passed over.
 */
void reclaim_wake(struct server *server);

#endif
