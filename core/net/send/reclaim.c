#include "net/send/reclaim.h"

#include "base/clock.h"
#include "net/send/drain.h"
#include "net/send/fanout.h"
#include "net/send/outbox.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/holders.h"
#include "net/state/interest.h"

static void flush_one(struct server *server)
{
    while (!link_alone(&server->dirty))
        fanout_flush(link_owner(server->dirty.next, struct conn, dirty));
    fanout_walk(server, CLOCK_FAR_AWAY);
    if (server->shared != NULL)
        pool_checkin(server->pool, server->shared);
    server->shared = NULL;
}

/* What waits to be flushed is of servers to be visited. */
void reclaim_flush(struct server *server)
{
    struct link *visits = &server->engine->visits;

    if (server->slab == &server->own) {
        flush_one(server);
        return;
    }
    for (struct link *at = visits->next; at != visits; at = at->next) {
        struct server *other = link_owner(at, struct server, visit);

        if (other->slab == server->slab)
            flush_one(other);
    }
}

void reclaim_flush_topic(struct topic *topic)
{
    struct link *next;

    for (struct link *at = topic->channels.next; at != &topic->channels;
         at = next) {
        struct channel *channel = link_owner(at, struct channel, of_topic);

        next = at->next;
        if (!link_alone(&channel->active))
            reclaim_flush(channel->server);
    }
}

static bool holds_bockets(const struct conn *conn)
{
    return conn->queue.count > 0 || conn->inbox.bytes > 0;
}

static bool holds_blocks(const struct conn *conn)
{
    return conn->queue.chained;
}

/*
 * The connection to close: the first holder. An outgoing connection that is
 * still connecting is BEHIND and may hold nothing. NULL: there is none.
 */
static struct conn *find_victim(const struct slab *slab,
                                bool holds(const struct conn *conn))
{
    const struct link *end = &slab->holders;

    for (struct link *at = end->next; at != end; at = at->next) {
        struct conn *conn = link_owner(at, struct conn, holders);

        if (holds(conn))
            return conn;
    }
    return NULL;
}

static size_t bockets_needed(const struct conn *conn, size_t length)
{
    const struct server *server = conn->server;

    return queue_bockets_for(&server->queues, &conn->queue, length,
                             server->shared);
}

static bool has_blocks(const struct conn *conn, size_t length)
{
    const struct server *server = conn->server;

    return queue_has_blocks(&server->queues, &conn->queue,
                            queue_segments_for(&server->queues, &conn->queue,
                                               length, server->shared));
}

bool reclaim_has_space(const struct conn *conn, size_t length)
{
    size_t bockets = bockets_needed(conn, length);

    if (bockets == 0) /* then no segment is added that needs a block */
        return true;
    return bockets <= pool_available(conn->server->pool, conn_share(conn)) &&
           has_blocks(conn, length);
}

/* A CLOSING connection has a reason already, which is not why its queue is
 * discarded. */
static void close_victim(struct conn *victim)
{
    victim->reason = REASON_OVERFLOW;
    victim->detail = NULL;
    conn_end(victim, REASON_OVERFLOW, NULL);
}

bool reclaim_ensure(struct server *server, size_t number, enum pool_share share)
{
    if (pool_available(server->pool, share) >= number)
        return true;
    reclaim_flush(server);
    while (pool_available(server->pool, share) < number) {
        struct conn *victim = share == POOL_RESERVE
                                  ? find_victim(server->slab, holds_bockets)
                                  : NULL;

        if (victim == NULL)
            return false;
        close_victim(victim);
    }
    return true;
}

/* Likewise for the blocks that `length` more bytes for the connection need. */
static bool ensure_blocks(struct conn *conn, size_t length)
{
    while (!has_blocks(conn, length)) {
        struct conn *victim =
            conn->queue.count == 0
                ? find_victim(conn->server->slab, holds_blocks)
                : NULL;

        if (victim == NULL)
            return false;
        close_victim(victim);
    }
    return true;
}

/* The flush may check in the bocket that would have been filled, so the needed
 * ones are counted again. */
bool reclaim_ensure_space(struct conn *conn, size_t length)
{
    if (reclaim_has_space(conn, length))
        return true;
    reclaim_flush(conn->server);
    return conn->state != CONN_DEAD &&
           reclaim_ensure(conn->server, bockets_needed(conn, length),
                          conn_share(conn)) &&
           ensure_blocks(conn, length);
}

/* Bockets that the connection needs to go on: to queue the longest message it
 * was refused, or to read. */
static size_t bockets_wanted(const struct conn *conn)
{
    const struct server *server = conn->server;

    if (conn->wanted > 0)
        return queue_bockets_for(&server->queues, &conn->queue, conn->wanted,
                                 NULL);
    return 1;
}

/* Are there the blocks too? */
static bool has_wanted_blocks(const struct conn *conn)
{
    const struct queue_store *store = &conn->server->queues;

    return conn->wanted == 0 ||
           queue_has_blocks(
               store, &conn->queue,
               queue_segments_for(store, &conn->queue, conn->wanted, NULL));
}

/* True: its own queue or limits stop the connection, whatever the pool has. */
static bool is_blocked_by_itself(struct conn *conn)
{
    return bockets_wanted(conn) >
               pool_most(conn->server->pool, conn_share(conn)) ||
           !conn_is_half_free(conn, conn->server->limit) ||
           (conn->wanted > 0 && !outbox_fits(conn, conn->wanted));
}

static void wake(struct conn *conn, size_t needed)
{
    link_out(&conn->waiting);
    if (conn_has(conn, CONN_STALLED))
        holders_promise(conn, needed);
    conn_clear(conn, CONN_STARVED);
    drain_post_events(conn);
    interest_update(conn);
}

void reclaim_wake(struct server *server)
{
    size_t taken = server->slab->promised; /* and by those woken below */
    struct link *waiting = &server->slab->waiting;
    struct link *next;

    for (struct link *at = waiting->next; at != waiting; at = next) {
        struct conn *conn = link_owner(at, struct conn, waiting);
        size_t needed = bockets_wanted(conn);

        next = at->next;
        if (is_blocked_by_itself(conn) || !has_wanted_blocks(conn))
            continue;
        if (taken + needed > pool_available(server->pool, conn_share(conn)))
            return;
        taken += needed;
        wake(conn, needed);
    }
}
