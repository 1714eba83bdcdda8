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

/* It may have come to its end before anybody was told of it. */
static void deliver_connect(struct engine *engine, struct conn *conn)
{
    struct server *server = conn->server;

    if (!server->outgoing) {
        server->setups--; /* the accept slot is free again */
        if (conn->state == CONN_SETUP)
            membership_begin(conn);
    }
    if (conn->state == CONN_OPEN)
        engine->events.connected(server->owner, conn_name_of(conn));
    else
        log_debug("set-up failed: %s", reason_name(conn->reason));
}

/* The script may have another policy by now, which is none to be asked. */
static void ask(struct engine *engine, struct conn *conn, struct sub *sub)
{
    enum overflow policy = stall_policy(conn, sub->channel, sub);

    sub->asked = true;
    if (policy == OVERFLOW_ASK)
        engine->events.asked(conn->server->owner, conn_name_of(conn),
                             conn->queue.bytes, sub->channel->topic);
    else if (!stall_answer(conn, sub, policy))
        conn_end(conn, REASON_OVERFLOW, NULL);
}

/* The script may have ended it. NULL: to begin anew. */
static struct sub *find_again(struct conn *conn, const struct topic *topic,
                              struct sub *sub)
{
    return topic == NULL ? sub : topic_sub(topic, conn);
}

/* Each stall once. After it the script may have changed anything. */
static void deliver_ask(struct engine *engine, struct conn *conn)
{
    const struct topic *topic;
    struct sub *sub = NULL;

    while (conn->state == CONN_OPEN && conn_has(conn, CONN_STALLED) &&
           (sub = stall_next(conn, sub)) != NULL) {
        if (sub->state != SUB_ASK || sub->asked)
            continue;
        topic = sub->channel->topic;
        ask(engine, conn, sub);
        sub = find_again(conn, topic, sub);
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

/* The last event; after it the name finds nothing. */
static void deliver_close(struct engine *engine, struct conn *conn, bool told)
{
    struct server *server = conn->server;

    assert(conn->state == CONN_DEAD);
    dial_drop(server);
    if (told)
        engine->events.closed(server->owner, conn_name_of(conn), conn->reason,
                              conn->detail);
    conn_release(&engine->conns, conn);
    server->unfinished--;
}

/*
 * One that fails in set-up was never told of, so neither is its end; but the
 * script knows those that it has asked for. Without an owner there is nobody to
 * tell.
 */
static void deliver(struct engine *engine, struct conn *conn)
{
    unsigned due = conn->flags & CONN_PENDING_ANY;
    bool told = (due & CONN_PENDING_CONNECT) == 0 ||
                conn->state == CONN_SETUP || conn->server->outgoing;

    conn_clear(conn, due);
    if (conn->server->owner == NULL) {
        due &= CONN_PENDING_CLOSE;
        told = false;
    }
    if (due & CONN_PENDING_CONNECT)
        deliver_connect(engine, conn);
    if (due & CONN_PENDING_RECEIVE)
        deliver_receive(conn);
    if (due & CONN_PENDING_ASK)
        deliver_ask(engine, conn);
    if (due & CONN_PENDING_LAG && !conn_is_connecting(conn))
        catchup(conn);
    if (due & CONN_PENDING_DRAIN)
        deliver_drain(engine, conn);
    if (due & CONN_PENDING_CLOSING)
        engine->events.closing(conn->server->owner, conn_name_of(conn));
    if (due & CONN_PENDING_CLOSE)
        deliver_close(engine, conn, told);
}

/* How long those who catch up may take before others have their turn. */
#define CATCH_UP (2 * CLOCK_MILLI)

void deliver_events(struct engine *engine)
{
    if (engine->pending_count > 0)
        engine->catch_up_until = clock_now() + CATCH_UP;
    for (uint32_t left = engine->pending_count; left > 0; left--)
        deliver(engine, engine_take_pending(engine));
}
