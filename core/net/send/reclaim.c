#include "net/send/reclaim.h"

#include "base/clock.h"
#include "net/send/drain.h"
#include "net/send/fanout.h"
#include "net/send/outbox.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
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

/*
 * The connection to close: the first holder. An outgoing connection that is
 * still connecting is BEHIND and may hold nothing. NULL: there is none.
 */
static struct conn *find_victim(const struct slab *slab)
{
    const struct link *end = &slab->holders;

    for (struct link *at = end->next; at != end; at = at->next) {
        struct conn *conn = link_owner(at, struct conn, holders);

        if (conn->queue.count > 0 || conn->inbox.bytes > 0)
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

bool reclaim_has_space(const struct conn *conn, size_t length)
{
    return bockets_needed(conn, length) <=
           pool_available(conn->server->pool, conn_share(conn));
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
        struct conn *victim =
            share == POOL_RESERVE ? find_victim(server->slab) : NULL;

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
                          conn_share(conn));
}

void reclaim_wait(struct conn *conn)
{
    if (link_alone(&conn->waiting))
        link_before(&conn->server->slab->waiting, &conn->waiting);
    server_ask_visit(conn->server);
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

/* True: its own queue or limits stop the connection, whatever the pool has. */
static bool is_blocked_by_itself(struct conn *conn)
{
    return bockets_wanted(conn) >
               pool_most(conn->server->pool, conn_share(conn)) ||
           !conn_is_half_free(conn, conn->server->limit) ||
           (conn->wanted > 0 && !outbox_fits(conn, conn->wanted));
}

static void wake(struct conn *conn)
{
    link_out(&conn->waiting);
    conn_clear(conn, CONN_STARVED);
    drain_post_events(conn);
    interest_update(conn);
}

void reclaim_wake(struct server *server)
{
    size_t taken = 0; /* by the connections woken so far */
    struct link *waiting = &server->slab->waiting;
    struct link *next;

    for (struct link *at = waiting->next; at != waiting; at = next) {
        struct conn *conn = link_owner(at, struct conn, waiting);
        size_t needed = bockets_wanted(conn);

        next = at->next;
        if (is_blocked_by_itself(conn))
            continue;
        if (taken + needed > pool_available(server->pool, conn_share(conn)))
            return;
        taken += needed;
        wake(conn);
    }
}
