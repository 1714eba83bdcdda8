#include "net/send/reclaim.h"

#include "base/clock.h"
#include "net/send/drain.h"
#include "net/send/fanout.h"
#include "net/send/outbox.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/interest.h"

static void flush(struct server *server)
{
    while (!link_alone(&server->dirty))
        fanout_flush(link_owner(server->dirty.next, struct conn, dirty));
    fanout_walk(server, CLOCK_FAR_AWAY);
    if (server->shared != NULL)
        pool_checkin(server->pool, server->shared);
    server->shared = NULL;
}

/* Whoever draws on the same slab may give something back. */
void reclaim_flush(struct server *server)
{
    struct link *servers = &server->engine->servers;

    if (server->slab == &server->own) {
        flush(server);
        return;
    }
    for (struct link *at = servers->next; at != servers; at = at->next) {
        struct server *other = link_owner(at, struct server, servers);

        if (other->slab == server->slab)
            flush(other);
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
 * Whose end brings something back: the first holder, save that an outgoing one
 * that does not stand yet may be behind with nothing. NULL: there is none.
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

static size_t needed_for(const struct conn *conn, size_t length)
{
    const struct server *server = conn->server;

    return queue_bockets_for(&server->queues, &conn->queue, length,
                             server->shared);
}

bool reclaim_has_room(const struct conn *conn, size_t length)
{
    return needed_for(conn, length) <=
           pool_available(conn->server->pool, conn_share(conn));
}

/* What it was closing for is not why its queue is discarded. */
static void give_way(struct conn *victim)
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
        give_way(victim);
    }
    return true;
}

/* What is sent meanwhile may leave it with less to write behind. */
bool reclaim_ensure_for(struct conn *conn, size_t length)
{
    if (reclaim_has_room(conn, length))
        return true;
    reclaim_flush(conn->server);
    return conn_is_open(conn) &&
           reclaim_ensure(conn->server, needed_for(conn, length),
                          conn_share(conn));
}

void reclaim_wait(struct conn *conn)
{
    if (link_alone(&conn->waiting))
        link_before(&conn->server->slab->waiting, &conn->waiting);
}

/* Bockets that it would take to let this one go on. */
static size_t wants(const struct conn *conn)
{
    const struct server *server = conn->server;

    if (conn->wanted > 0)
        return queue_bockets_for(&server->queues, &conn->queue, conn->wanted,
                                 NULL);
    return 1;
}

/* Does what it holds keep it from going on, whatever the pool has? */
static bool holds_itself_up(struct conn *conn)
{
    return wants(conn) > pool_most(conn->server->pool, conn_share(conn)) ||
           !conn_is_half_free(conn, conn->server->limit) ||
           (conn->wanted > 0 && !outbox_fits(conn, conn->wanted));
}

static void wake(struct conn *conn)
{
    link_out(&conn->waiting);
    conn_clear(conn, CONN_STARVED);
    drain_notify(conn);
    interest_update(conn);
}

void reclaim_wake(struct server *server)
{
    size_t taken = 0; /* by those woken before */
    struct link *waiting = &server->slab->waiting;
    struct link *next;

    for (struct link *at = waiting->next; at != waiting; at = next) {
        struct conn *conn = link_owner(at, struct conn, waiting);
        size_t needed = wants(conn);

        next = at->next;
        if (holds_itself_up(conn))
            continue;
        if (taken + needed > pool_available(server->pool, conn_share(conn)))
            return;
        taken += needed;
        wake(conn);
    }
}
