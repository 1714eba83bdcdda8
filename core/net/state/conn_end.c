#include "net/state/conn_end.h"

#include "base/log.h"
#include "net/io/hangup.h"
#include "net/state/pending.h"
#include "net/state/stall.h"
#include "net/state/topic.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

void membership_begin(struct conn *conn)
{
    struct server *server = conn->server;

    conn->state = CONN_OPEN;
    conn->seen = server->stream.next;
    link_before(&server->broadcasts.subscribers, &conn->in_broadcasts);
    server->broadcasts.count++;
    if (server->idle_ticks > 0)
        engine_set_deadline(server->engine, conn,
                            conn->moved + server->idle_ticks);
    interest_update(conn);
}

/* No message to many is for it any more. */
static void leave_channels(struct conn *conn)
{
    struct server *server = conn->server;

    stall_forget(conn);
    server->broadcasts.conflating -= overflow_conflates(conn->overflow);
    channel_leave(&server->broadcasts, &conn->in_broadcasts);
    while (conn->subs != NULL)
        topic_unsubscribe(conn->subs);
}

/* What waits for it counts as queued, or as missed. */
static void drop_pending(struct conn *conn)
{
    struct pending pending = pending_begin(conn);

    while (pending_next(&pending)) {
        if (sub_is_stalled(pending.sub)) {
            stall_withhold(&pending, pending.sub, stall_kind(pending.sub));
            continue;
        }
        conn->server->queued -= pending_length(&pending);
        conn->messages_out++;
    }
}

void membership_end(struct conn *conn, enum reason reason, const char *detail)
{
    struct server *server = conn->server;

    assert(conn->state == CONN_OPEN);
    drop_pending(conn);
    conn->seen = server->stream.next;
    leave_channels(conn);
    inbox_clear(server->pool, &conn->inbox);
    if (server->options.maxperip > 0)
        sites_remove(&server->sites, address_site(&conn->peer));
    conn->state = CONN_CLOSING;
    conn->reason = (uint8_t)reason;
    conn->detail = detail;
}

static void let_go(struct conn *conn)
{
    struct server *server = conn->server;

    server->queued -= conn->queue.bytes;
    queue_clear(&server->queues, &conn->queue);
    link_out(&conn->dirty);
    link_out(&conn->holders);
    link_out(&conn->waiting);
    conn_clear(conn, CONN_DIRTY | CONN_BEHIND | CONN_PENDING_LAG |
                         CONN_PENDING_DRAIN);
    wheel_remove(&server->engine->wheel, &conn->deadline);
}

/* The descriptor is closed, or is about to be. */
static void die(struct conn *conn)
{
    struct server *server = conn->server;

    let_go(conn);
    server->engine->open--;
    server->counts.closed[conn->reason]++;
    conn->state = CONN_DEAD;
    engine_post(server->engine, conn, CONN_PENDING_CLOSE);
}

/*
 * One that is paused and owes nothing is neither read nor written: is it still
 * there? If the system refuses to say, the next that is sent to it will.
 */
static void listen_for_break(struct conn *conn, bool wanted)
{
    struct hangups *hangups = &conn->server->engine->hangups;

    if (conn_has(conn, CONN_UNHEARD) == wanted)
        return;
    conn_clear(conn, CONN_UNHEARD);
    if (!wanted)
        hangups_forget(hangups, conn->fd);
    else if (hangups_expect(hangups, conn->fd, conn_name_of(conn)))
        conn_set(conn, CONN_UNHEARD);
    else
        log_warn("a paused connection cannot be watched: %s", strerror(errno));
}

static void unwatch(struct conn *conn)
{
    listen_for_break(conn, false);
    watch_set(conn->server->engine->loop, &conn->watch, 0);
}

void conn_end_finish(struct conn *conn)
{
    unwatch(conn);
    if (conn->fd >= 0)
        close(conn->fd);
    die(conn);
}

/* From any state to CLOSING. */
static void leave_any(struct conn *conn, enum reason reason, const char *detail)
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
    leave_any(conn, reason, detail);
    conn_end_finish(conn);
}

void conn_end_reset(struct conn *conn, enum reason reason)
{
    if (conn->state == CONN_DEAD)
        return;
    leave_any(conn, reason, NULL);
    unwatch(conn);
    if (conn->fd >= 0)
        socket_reset(conn->fd);
    die(conn);
}

void conn_end_fail(struct conn *conn, int error)
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
    socket_end(conn->fd);
    conn->state = CONN_ENDED;
    interest_update(conn);
}

/*
 * Is all there that may wait to be taken? One bocket more if the first is
 * partly taken, or if what stands around the longest message needs it: then
 * whatever is asked for has room.
 */
static bool is_full(const struct conn *conn)
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
           2 * (uint64_t)conn->queue.bytes <= server->limit &&
           !(server->options.buffered && is_full(conn));
}

void interest_update(struct conn *conn)
{
    unsigned events = interest_in_reading(conn) ? LOOP_READ : 0;

    if (conn_has(conn, CONN_BEHIND))
        events |= LOOP_WRITE;
    if (conn_is_connecting(conn))
        return;
    if (watch_waits_for(&conn->watch, events) &&
        !conn_has(conn, CONN_PAUSED | CONN_UNHEARD))
        return; /* nothing changes, as most times; nor for its break */
    listen_for_break(conn, events == 0 && conn->state == CONN_OPEN &&
                               conn_has(conn, CONN_PAUSED));
    watch_set(conn->server->engine->loop, &conn->watch, events);
}
