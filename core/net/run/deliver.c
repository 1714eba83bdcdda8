#include "net/run/deliver.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/receive/receive.h"
#include "net/send/catchup.h"
#include "net/serve/dial.h"
#include "net/state/conn_end.h"
#include "net/state/stall.h"
#include "net/state/topic.h"

#include <assert.h>

/* It may have come to its end before anybody was told of it. */
static void deliver_connect(struct shard *shard, struct conn *conn)
{
    struct server *server = conn->server;

    if (!server->outgoing) {
        server->setups--; /* the accept slot is free again */
        if (conn->state == CONN_SETUP)
            conn_enter(conn);
    }
    if (conn->state == CONN_OPEN)
        shard->events.connected(server->owner, conn_name_of(conn));
    else
        log_debug("set-up failed: %s", reason_name(conn->reason));
}

/* The script may have another policy by now, which is none to be asked. */
static void ask(struct shard *shard, struct conn *conn, struct sub *sub)
{
    enum overflow policy = lag_policy(conn, sub->channel, sub);

    sub->asked = true;
    if (policy == OVERFLOW_ASK)
        shard->events.asked(conn->server->owner, conn_name_of(conn),
                            conn->queue.bytes, sub->channel->topic);
    else if (!lag_answer(conn, sub, policy))
        conn_cut(conn, REASON_OVERFLOW, NULL);
}

/* The script may have ended it. NULL: to begin anew. */
static struct sub *find_again(struct conn *conn, const struct topic *topic,
                              struct sub *sub)
{
    return topic == NULL ? sub : topic_sub(topic, conn);
}

/* Each stall once. After it the script may have changed anything. */
static void deliver_ask(struct shard *shard, struct conn *conn)
{
    const struct topic *topic;
    struct sub *sub = NULL;

    while (conn->state == CONN_OPEN && conn_has(conn, CONN_LAGGING) &&
           (sub = lag_next(conn, sub)) != NULL) {
        if (sub->state != SUB_ASK || sub->asked)
            continue;
        topic = sub->channel->topic;
        ask(shard, conn, sub);
        sub = find_again(conn, topic, sub);
    }
}

static void deliver_drain(struct shard *shard, struct conn *conn)
{
    if (conn->state != CONN_OPEN || !conn_has(conn, CONN_REFUSED))
        return;
    conn_clear(conn, CONN_REFUSED);
    conn->wanted = 0;
    link_out(&conn->waiting);
    shard->events.drained(conn->server->owner, conn_name_of(conn));
}

static void deliver_receive(struct conn *conn)
{
    conn_clear(conn, CONN_HELD);
    receive_hand_over(conn);
    if (conn->state == CONN_OPEN)
        conn_watch(conn);
}

/* The last event; after it the name finds nothing. */
static void deliver_close(struct shard *shard, struct conn *conn, bool told)
{
    struct server *server = conn->server;

    assert(conn->state == CONN_DEAD);
    dial_drop(server);
    if (told)
        shard->events.closed(server->owner, conn_name_of(conn), conn->reason,
                             conn->detail);
    conn_release(&shard->conns, conn);
    server->unfinished--;
}

/*
 * One that fails in set-up was never told of, so neither is its end; but the
 * script knows those that it has asked for. Without an owner there is nobody to
 * tell.
 */
static void deliver(struct shard *shard, struct conn *conn)
{
    unsigned due = conn->flags & CONN_TELL_ANY;
    bool told = (due & CONN_TELL_CONNECT) == 0 || conn->state == CONN_SETUP ||
                conn->server->outgoing;

    conn_clear(conn, due);
    if (conn->server->owner == NULL) {
        due &= CONN_TELL_CLOSE;
        told = false;
    }
    if (due & CONN_TELL_CONNECT)
        deliver_connect(shard, conn);
    if (due & CONN_TELL_RECEIVE)
        deliver_receive(conn);
    if (due & CONN_TELL_ASK)
        deliver_ask(shard, conn);
    if (due & CONN_TELL_LAG && !conn_is_dialled(conn))
        catchup(conn);
    if (due & CONN_TELL_DRAIN)
        deliver_drain(shard, conn);
    if (due & CONN_TELL_CLOSING)
        shard->events.closing(conn->server->owner, conn_name_of(conn));
    if (due & CONN_TELL_CLOSE)
        deliver_close(shard, conn, told);
}

/* How long those who catch up may take before others have their turn. */
#define CATCH_UP (2 * CLOCK_MILLI)

void deliver_events(struct shard *shard)
{
    if (shard->due_count > 0)
        shard->catch_up_until = clock_now() + CATCH_UP;
    for (uint32_t left = shard->due_count; left > 0; left--)
        deliver(shard, shard_next_due(shard));
}
