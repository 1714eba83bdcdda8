#include "net/run/deliver.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/receive/receive.h"
#include "net/send/catchup.h"
#include "net/serve/dial.h"
#include "net/state/conn_end.h"
#include "net/state/interest.h"
#include "net/state/membership.h"
#include "net/state/stall.h"
#include "net/state/topic.h"

#include <assert.h>

/* The connection may have ended since the event was posted. */
static void deliver_connect(struct engine *engine, struct conn *conn)
{
    struct server *server = conn->server;

    if (!server->outgoing) {
        server->setups--; /* its place among `maxaccepts` is free again */
        server_ask_visit(server);
        if (conn->state == CONN_SETUP)
            membership_begin(conn);
    }
    if (conn->state == CONN_OPEN)
        engine->events.connected(server->owner, conn_name_of(conn));
    else
        log_debug("set-up failed: %s", reason_name(conn->reason));
}

/* Each event may change any of the connection's subscriptions. */
static void deliver_stalls(struct engine *engine, struct conn *conn)
{
    struct topic *topic;
    struct sub *sub = NULL;

    while (conn->state == CONN_OPEN && conn_has(conn, CONN_STALLED) &&
           (sub = stall_next(conn, sub)) != NULL) {
        if (!sub->event_due)
            continue;
        sub->event_due = false;
        topic = sub->channel->topic;
        engine->events.stalled(conn->server->owner, conn_name_of(conn),
                               conn->queue.bytes, topic);
        sub = stall_find_again(conn, topic, sub);
    }
}

static void deliver_drain(struct engine *engine, struct conn *conn)
{
    if (conn->state != CONN_OPEN || !conn_has(conn, CONN_REFUSED))
        return;
    conn_clear(conn, CONN_REFUSED);
    conn->wanted = 0;
    link_out(&conn->waiting);
    engine->events.drained(conn->server->owner, conn_name_of(conn));
}

static void deliver_receive(struct conn *conn)
{
    conn_clear(conn, CONN_HELD);
    receive_hand_over(conn);
    if (conn->state == CONN_OPEN)
        interest_update(conn);
}

static void deliver_closing(struct engine *engine, struct conn *conn)
{
    membership_leave(conn);
    engine->events.closing(conn->server->owner, conn_name_of(conn));
}

/* The last event: after it the record is free, and its name finds nothing. */
static void deliver_close(struct engine *engine, struct conn *conn,
                          bool is_known)
{
    struct server *server = conn->server;

    assert(conn->state == CONN_DEAD);
    dial_free(server);
    conn_end_complete(conn);
    if (is_known)
        engine->events.closed(server->owner, conn_name_of(conn), conn->reason,
                              conn->detail);
    topic_free_subs(conn);
    conn_release(&engine->conns, conn);
    server->records_in_use--;
    server_ask_visit(server);
}

/*
 * Deliver all pending events of one connection. The script does not know an
 * accepted connection that fails in set-up, so its end is not delivered either;
 * but it knows the outgoing ones. Without an owner no event is delivered: the
 * record is only freed.
 */
static void deliver_pending(struct engine *engine, struct conn *conn)
{
    unsigned due = conn->flags & CONN_PENDING_ANY;
    bool is_known = (due & CONN_PENDING_CONNECT) == 0 ||
                    conn->state == CONN_SETUP || conn->server->outgoing;

    conn_clear(conn, due);
    if (conn->server->owner == NULL) {
        due &= CONN_PENDING_CLOSE;
        is_known = false;
    }
    if (due & CONN_PENDING_CONNECT)
        deliver_connect(engine, conn);
    if (due & CONN_PENDING_RECEIVE)
        deliver_receive(conn);
    if (due & CONN_PENDING_STALL)
        deliver_stalls(engine, conn);
    if (due & CONN_PENDING_LAG && !conn_is_connecting(conn))
        catchup(conn);
    if (due & CONN_PENDING_DRAIN)
        deliver_drain(engine, conn);
    if (due & CONN_PENDING_CLOSING)
        deliver_closing(engine, conn);
    if (due & CONN_PENDING_CLOSE)
        deliver_close(engine, conn, is_known);
}

/* How long events are delivered in one turn before others go on. */
#define EVENTS_TIME (2 * CLOCK_MILLI)

void deliver_events(struct engine *engine)
{
    uint64_t until = clock_now() + EVENTS_TIME;

    engine->catch_up_until = until;
    for (uint32_t left = engine->pending.count; left > 0; left--) {
        deliver_pending(engine, conn_ring_take(&engine->pending));
        if (clock_now() >= until)
            return;
    }
}

void deliver_all(struct engine *engine)
{
    while (engine->pending.count > 0)
        deliver_pending(engine, conn_ring_take(&engine->pending));
}
