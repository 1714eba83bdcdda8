#include "net/state/conn_end.h"

#include "net/io/socket.h"
#include "net/state/engine.h"
#include "net/state/interest.h"
#include "net/state/membership.h"
#include "net/state/server.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Give back all but the descriptor and the places in lists of subscribers; the
 * inbox is empty by now. */
static void release_resources(struct conn *conn)
{
    struct server *server = conn->server;

    counters_discard(&conn->server->counters, conn->queue.bytes);
    queue_clear(&server->queues, &conn->queue);
    link_out(&conn->dirty);
    link_out(&conn->holders);
    link_out(&conn->waiting);
    conn_clear(conn, CONN_DIRTY | CONN_BEHIND | CONN_PENDING_LAG |
                         CONN_PENDING_DRAIN | CONN_READABLE | CONN_WRITABLE |
                         CONN_CUT);
    wheel_remove(&server->engine->wheel, &conn->deadline);
}

void conn_end_finish(struct conn *conn)
{
    struct server *server = conn->server;

    interest_end(conn);
    release_resources(conn);
    counters_close(&server->counters, conn->reason);
    conn->state = CONN_DEAD;
    engine_post(server->engine, conn, CONN_PENDING_CLOSE);
}

void conn_end_complete(struct conn *conn)
{
    if (conn->fd >= 0 && conn_has(conn, CONN_RESETS))
        socket_reset(conn->fd);
    else if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    conn->server->engine->open--;
    membership_leave(conn);
}

/* Leave OPEN or SETUP and set the reason; no effect in other states. */
static void leave_open_or_setup(struct conn *conn, enum reason reason,
                                const char *detail)
{
    if (conn->state == CONN_OPEN) {
        membership_end(conn, reason, detail);
    } else if (conn->state == CONN_SETUP) {
        if (conn->server->options.maxperip > 0)
            sites_remove(&conn->server->sites, address_site(&conn->peer));
        conn->reason = (uint8_t)reason;
        conn->detail = detail;
    }
}

void conn_end(struct conn *conn, enum reason reason, const char *detail)
{
    if (conn->state == CONN_DEAD)
        return;
    leave_open_or_setup(conn, reason, detail);
    conn_end_finish(conn);
}

void conn_end_reset(struct conn *conn, enum reason reason)
{
    if (conn->state == CONN_DEAD)
        return;
    conn_set(conn, CONN_RESETS);
    conn_end(conn, reason, NULL);
}

void conn_end_failed(struct conn *conn, int error)
{
    if (error == ECONNRESET || error == EPIPE)
        conn_end(conn, REASON_RESET, NULL);
    else
        conn_end(conn, REASON_ERROR, strerrordesc_np(error));
}

void conn_end_stream(struct conn *conn)
{
    assert(conn->state == CONN_CLOSING && conn->queue.count == 0);
    if (conn_has(conn, CONN_PEER_ENDED)) {
        conn_end_finish(conn);
        return;
    }
    socket_shutdown(conn->fd);
    conn->state = CONN_ENDED;
    interest_update(conn);
}
