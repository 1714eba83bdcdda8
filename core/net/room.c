#include "net/room.h"

#include "base/clock.h"
#include "net/drain.h"
#include "net/ending.h"
#include "net/fanout.h"
#include "net/shard.h"

void room_flush(struct server *server)
{
    while (!link_alone(&server->dirty))
        fanout_flush(link_owner(server->dirty.next, struct conn, dirty));
    fanout_walk(server, CLOCK_FAR_AWAY);
    if (server->shared != NULL)
        pool_checkin(server->pool, server->shared);
    server->shared = NULL;
}

bool room_make(struct server *server, size_t number, enum pool_share share)
{
    if (pool_available(server->pool, share) >= number)
        return true;
    room_flush(server);
    while (pool_available(server->pool, share) < number) {
        if (share != POOL_RESERVE || link_alone(&server->holders))
            return false;
        conn_cut(link_owner(server->holders.next, struct conn, holders),
                 REASON_OVERFLOW, NULL);
    }
    return true;
}

void room_wait(struct conn *conn)
{
    if (link_alone(&conn->waiting))
        link_before(&conn->server->waiting, &conn->waiting);
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

/* Does its own queue keep it from going on, whatever the pool has? */
static bool holds_itself_up(struct conn *conn)
{
    return 2 * (uint64_t)conn->queue.bytes > conn->server->limit ||
           (conn->wanted > 0 && !conn_fits(conn, conn->wanted));
}

static void wake(struct conn *conn)
{
    link_out(&conn->waiting);
    conn_clear(conn, CONN_STARVED);
    conn_ease(conn);
    conn_watch(conn);
}

void room_wake(struct server *server)
{
    size_t taken = 0; /* by those woken before */
    struct link *next;

    for (struct link *at = server->waiting.next; at != &server->waiting;
         at = next) {
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
