#include "net/send/drain.h"

#include "net/io/socket.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/server.h"
#include "net/state/stall.h"

#include <errno.h>

enum { PIECES_AT_ONCE = 64 };

static struct age *age_of(const struct conn *conn)
{
    return &conn->server->engine->conns.slow[conn->slot].age;
}

/* What a connection may have waiting just now. */
static uint32_t limit_of(const struct conn *conn)
{
    return conn_has(conn, CONN_BEHIND) ? conn->server->full_at
                                       : conn->server->limit;
}

bool outbox_fits(struct conn *conn, size_t length)
{
    const struct server *server = conn->server;
    bool behind = conn_has(conn, CONN_BEHIND);

    if (behind && server->age_ticks > 0 &&
        outbox_age(conn) >= server->age_ticks)
        return false;
    return conn->queue.bytes + length <= limit_of(conn);
}

void outbox_write(struct conn *conn, const void *bytes, size_t length,
                  enum pool_share share)
{
    struct server *server = conn->server;

    if (length > 0)
        queue_write(&server->queues, &conn->queue, bytes, length,
                    &server->shared, share);
}

void outbox_queued(struct conn *conn)
{
    if (conn->queue.bytes >= limit_of(conn)) {
        conn_set(conn, CONN_REFUSED);
        conn->server->held_long_enough = true;
    }
    if (conn_has(conn, CONN_BEHIND))
        age_note(age_of(conn), conn->bytes_out + conn->queue.bytes,
                 conn->server->engine->tick);
}

uint32_t outbox_age(struct conn *conn)
{
    uint32_t now = conn->server->engine->tick;

    if (!conn_has(conn, CONN_BEHIND))
        return 0;
    return now - age_since(age_of(conn), conn->bytes_out, now);
}

void outbox_mark_dirty(struct conn *conn)
{
    if (conn_has(conn, CONN_DIRTY))
        return;
    conn_set(conn, CONN_DIRTY);
    link_before(&conn->server->dirty, &conn->dirty);
}

void drain_took(struct conn *conn, size_t bytes)
{
    struct server *server = conn->server;

    conn->bytes_out += bytes;
    server->counts.bytes_out += bytes;
    server->queued -= bytes;
    conn->moved = server->engine->tick;
    if (conn_has(conn, CONN_BEHIND))
        holders_update(conn);
}

void holders_update(struct conn *conn)
{
    if (conn_has(conn, CONN_BEHIND) || conn->inbox.bytes > 0)
        link_last(&conn->server->slab->holders, &conn->holders);
    else if (!link_alone(&conn->holders))
        link_out(&conn->holders);
}

void drain_fall_behind(struct conn *conn)
{
    struct engine *engine = conn->server->engine;

    if (conn_has(conn, CONN_BEHIND))
        return;
    conn_set(conn, CONN_BEHIND);
    age_begin(age_of(conn), conn->bytes_out + conn->queue.bytes, engine->tick);
    if (conn->server->age_ticks > 0)
        engine_set_deadline(engine, conn,
                            engine->tick + conn->server->age_ticks);
    holders_update(conn);
    interest_update(conn);
}

/* The kernel has everything. The pool's reserve is open to it again. */
static void catch_up(struct conn *conn)
{
    conn_clear(conn, CONN_BEHIND);
    holders_update(conn);
    if (conn_has(conn, CONN_ANSWERED))
        stall_forget_answers(conn);
    if (conn_has(conn, CONN_STARVED) && !conn_has(conn, CONN_REFUSED))
        link_out(&conn->waiting);
    conn_clear(conn, CONN_STARVED);
}

void drain_notify(struct conn *conn)
{
    struct server *server = conn->server;

    if (conn->state != CONN_OPEN || conn_is_connecting(conn) ||
        2 * (uint64_t)conn->queue.bytes > server->full_at)
        return;
    if (conn_has(conn, CONN_HELD) && !conn_has(conn, CONN_PAUSED))
        engine_post(server->engine, conn, CONN_PENDING_RECEIVE);
    if (conn_has(conn, CONN_STALLED))
        engine_post(server->engine, conn, CONN_PENDING_LAG);
    if (conn_has(conn, CONN_REFUSED) && link_alone(&conn->waiting) &&
        outbox_fits(conn, conn->wanted))
        engine_post(server->engine, conn, CONN_PENDING_DRAIN);
}

static bool drain_all(struct conn *conn)
{
    struct queue_store *store = &conn->server->queues;
    struct iovec pieces[PIECES_AT_ONCE];

    while (conn->queue.count > 0) {
        int count = queue_gather(store, &conn->queue, pieces, PIECES_AT_ONCE);
        bool all = count == conn->queue.count;
        uint32_t offered = conn->queue.bytes;
        ssize_t n = socket_send(conn->fd, pieces, count);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            conn_end_fail(conn, errno);
            return false;
        }
        if (n > 0) {
            drain_took(conn, (size_t)n);
            queue_consume(store, &conn->queue, (size_t)n);
        }
        if (n < 0 || (all && (size_t)n < offered)) {
            drain_fall_behind(conn);
            return true;
        }
    }
    catch_up(conn);
    return true;
}

bool drain(struct conn *conn)
{
    if (conn_is_connecting(conn))
        return true;
    if (!drain_all(conn))
        return false;
    drain_notify(conn);
    interest_update(conn);
    return true;
}
