#include "net/send/drain.h"

#include "net/io/socket.h"
#include "net/send/outbox.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/holders.h"
#include "net/state/interest.h"
#include "net/state/server.h"

#include <errno.h>

enum { PIECES_AT_ONCE = 64 };

void drain_count_sent(struct conn *conn, size_t bytes)
{
    struct server *server = conn->server;

    counters_send(&server->counters, &conn->out, bytes);
    conn->last_active = server->engine->tick;
    if (conn_has(conn, CONN_BEHIND))
        holders_update(conn);
}

void drain_fall_behind(struct conn *conn)
{
    struct engine *engine = conn->server->engine;

    if (conn_has(conn, CONN_BEHIND))
        return;
    conn_set(conn, CONN_BEHIND);
    outbox_begin_age(conn);
    if (conn->server->ticks.maxage > 0)
        engine_set_deadline(engine, conn,
                            engine->tick + conn->server->ticks.maxage);
    holders_update(conn);
    interest_update(conn);
}

/* The kernel has everything. An empty queue may use the pool's reserve, so a
 * connection that was not read for want of a bocket is read again. */
static void end_behind(struct conn *conn)
{
    conn_clear(conn, CONN_BEHIND);
    holders_update(conn);
    if (conn->promised > 0)
        holders_end_promise(conn);
    if (conn_has(conn, CONN_STARVED) && !conn_has(conn, CONN_REFUSED))
        link_out(&conn->waiting);
    conn_clear(conn, CONN_STARVED);
}

void drain_post_events(struct conn *conn)
{
    struct server *server = conn->server;

    if (conn->state != CONN_OPEN || conn_is_connecting(conn) ||
        !conn_is_half_free(conn, server->limit_behind))
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
        int count = queue_gather(&conn->queue, pieces, PIECES_AT_ONCE);
        bool all = count == conn->queue.count;
        uint32_t offered = conn->queue.bytes;
        ssize_t n = socket_send(conn->fd, pieces, count);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            conn_end_failed(conn, errno);
            return false;
        }
        if (n > 0) {
            drain_count_sent(conn, (size_t)n);
            queue_consume(store, &conn->queue, (size_t)n);
        }
        if (n < 0 || (all && (size_t)n < offered)) {
            drain_fall_behind(conn);
            return true;
        }
    }
    end_behind(conn);
    return true;
}

bool drain(struct conn *conn)
{
    if (conn_is_connecting(conn))
        return true;
    if (!drain_all(conn))
        return false;
    drain_post_events(conn);
    interest_update(conn);
    return true;
}
