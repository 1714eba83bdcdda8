#include "net/state/interest.h"

#include "base/log.h"
#include "net/io/hangup.h"
#include "net/io/socket.h"
#include "net/state/engine.h"
#include "net/state/server.h"

#include <errno.h>
#include <string.h>

/*
 * Does the inbox have all the bockets it may have? One more than `maxreceives`
 * if the first is partly consumed, or if the longest message with its framing
 * needs it: so every request that is allowed can be satisfied.
 */
static bool inbox_at_limit(const struct conn *conn)
{
    const struct server_options *options = &conn->server->options;
    uint64_t longest = (uint64_t)options->maxmessage + FRAMING_MOST_OVERHEAD;
    size_t most = options->maxreceives;

    if (conn->inbox.skip > 0)
        most++;
    if (longest > (uint64_t)options->maxreceives * options->size)
        most++;
    return inbox_is_full(conn->server->pool, &conn->inbox, most);
}

bool interest_in_reading(const struct conn *conn)
{
    const struct server *server = conn->server;

    if (conn->state != CONN_OPEN)
        return (conn->state == CONN_CLOSING || conn->state == CONN_ENDED) &&
               !conn_has(conn, CONN_PEER_ENDED);
    return !conn_has(conn, CONN_PEER_ENDED | CONN_PAUSED | CONN_STARVED |
                               CONN_HELD) &&
           conn_is_half_free(conn, server->limit) &&
           !(server->options.buffered && inbox_at_limit(conn));
}

bool interest_has_unread(const struct conn *conn)
{
    return interest_in_reading(conn) && socket_is_ready(conn->fd, false);
}

/*
 * A paused connection with an empty queue is neither read nor written, so only
 * this detects that it has broken. If the system refuses, the next send does.
 */
static void watch_for_hangup(struct conn *conn, bool wanted)
{
    struct hangups *hangups = &conn->server->engine->hangups;

    if (conn_has(conn, CONN_HANGUP_WATCHED) == wanted)
        return;
    conn_clear(conn, CONN_HANGUP_WATCHED);
    if (!wanted)
        hangup_forget(hangups, conn->fd);
    else if (hangup_expect(hangups, conn->fd, conn_name_of(conn)))
        conn_set(conn, CONN_HANGUP_WATCHED);
    else
        log_warn("a paused connection cannot be watched: %s", strerror(errno));
}

static bool is_read(struct conn *conn)
{
    return watch_reads(&conn->watch);
}

void interest_begin_message(struct conn *conn)
{
    conn->message_began = is_read(conn) ? conn->server->engine->tick : 0;
}

/* Reading begins or ends: turn a tick into the ticks since then, or back. */
static void keep_message_time(struct conn *conn)
{
    struct engine *engine = conn->server->engine;
    uint32_t timeout = conn->server->ticks.message_timeout;

    conn->message_began = engine->tick - conn->message_began;
    if (!is_read(conn) && conn->inbox.bytes > 0 && timeout > 0)
        engine_set_deadline(engine, conn, conn->message_began + timeout);
}

void interest_update(struct conn *conn)
{
    unsigned events = interest_in_reading(conn) ? LOOP_READ : 0;

    if (conn_has(conn, CONN_BEHIND))
        events |= LOOP_WRITE;
    if (conn_is_connecting(conn))
        return;
    if (watch_waits_for(&conn->watch, events) &&
        !conn_has(conn, CONN_PAUSED | CONN_HANGUP_WATCHED))
        return; /* the usual case: nothing changes */
    watch_for_hangup(conn, events == 0 && conn->state == CONN_OPEN &&
                               conn_has(conn, CONN_PAUSED));
    if (is_read(conn) != ((events & LOOP_READ) != 0))
        keep_message_time(conn);
    watch_set(conn->server->engine->loop, &conn->watch, events);
}

void interest_end(struct conn *conn)
{
    watch_for_hangup(conn, false);
    watch_set(conn->server->engine->loop, &conn->watch, 0);
}
