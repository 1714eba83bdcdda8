#include "net/run/deadline.h"

#include "base/clock.h"
#include "net/io/socket.h"
#include "net/receive/buffered.h"
#include "net/send/enqueue.h"
#include "net/send/outbox.h"
#include "net/state/conn_end.h"
#include "net/state/interest.h"
#include "net/state/server.h"

enum { CHECKS_PER_AGE = 8 };

/* Ticks wrap around, hence the signed difference. */
static bool has_passed(uint32_t now, uint32_t due)
{
    return (int32_t)(now - due) >= 0;
}

/* End an outgoing connection that takes too long to be established. */
static void check_setup(struct engine *engine, struct conn *conn)
{
    if (!conn_is_connecting(conn))
        return;
    if (!has_passed(engine->tick, conn->server->setup_due))
        engine_set_deadline(engine, conn, conn->server->setup_due);
    else if (conn->fd >= 0 && socket_is_ready(conn->fd, true))
        engine_set_deadline(engine, conn, engine->tick + 1);
    else
        conn_end(conn, REASON_SETUP, NULL);
}

/* End a connection that has moved no byte for `idle_timeout`. */
static void check_idle(struct engine *engine, struct conn *conn)
{
    uint32_t due = conn->last_active + conn->server->ticks.idle_timeout;

    if (conn->state != CONN_OPEN || conn->server->ticks.idle_timeout == 0 ||
        conn_is_connecting(conn))
        return;
    if (!has_passed(engine->tick, due))
        engine_set_deadline(engine, conn, due);
    else if (interest_has_unread(conn))
        engine_set_deadline(engine, conn, engine->tick + 1);
    else
        conn_end(conn, REASON_IDLE, NULL);
}

/* Is it for the peer to complete the message? Not while the connection is to be
 * visited, or while a task has not taken a whole message. */
static bool awaits_peer(struct conn *conn)
{
    return !conn_has(conn, CONN_READABLE | CONN_CUT) &&
           (!conn->server->options.buffered || buffered_is_partial(conn));
}

/* End a connection whose message stays incomplete for `message_timeout`, not
 * counting the time in which the peer could not complete it. When it is read
 * again, the deadline is set anew (interest_update()). */
static void check_message(struct engine *engine, struct conn *conn)
{
    uint32_t ticks = conn->server->ticks.message_timeout;

    if (conn->state != CONN_OPEN || ticks == 0 || conn->inbox.bytes == 0)
        return;
    interest_update(conn);
    if (!interest_in_reading(conn))
        return;
    if (!awaits_peer(conn))
        interest_begin_message(conn);
    if (!has_passed(engine->tick, conn->message_began + ticks))
        engine_set_deadline(engine, conn, conn->message_began + ticks);
    else if (interest_has_unread(conn))
        engine_set_deadline(engine, conn, engine->tick + 1);
    else
        conn_end(conn, REASON_IDLE, DETAIL_INCOMPLETE);
}

/*
 * A connection whose oldest unsent byte is older than `maxage` is full. It is
 * checked so often that this is noticed within a quarter of `maxage`.
 */
static void check_age(struct engine *engine, struct conn *conn)
{
    uint32_t most = conn->server->ticks.maxage;
    uint32_t age;

    if (conn->state != CONN_OPEN || most == 0 || !conn_has(conn, CONN_BEHIND))
        return;
    age = outbox_age(conn);
    if (age >= most)
        enqueue_overflow(conn);
    if (conn->state == CONN_OPEN)
        engine_set_deadline(engine, conn,
                            engine->tick + most / CHECKS_PER_AGE + 1);
}

static void on_deadline(void *owner, struct wheel_node *node)
{
    struct engine *engine = owner;
    struct conn *conn = link_owner(node, struct conn, deadline);

    if (conn->state == CONN_OPEN) {
        check_setup(engine, conn);
        check_idle(engine, conn);
        check_message(engine, conn);
        check_age(engine, conn);
        return;
    }
    if (has_passed(engine->tick, conn->linger_due))
        conn_end_finish(conn);
    else
        engine_set_deadline(engine, conn, conn->linger_due);
}

/* It only wakes the loop: each turn calls deadline_run(). That may find nothing
 * to judge yet, so the timer is set again in any case. */
static void on_timer(struct timer *timer)
{
    link_owner(timer, struct engine, wheel_timer)->deadlines_changed = true;
}

void deadline_init(struct engine *engine)
{
    wheel_init(&engine->wheel, 0);
    timer_init(&engine->wheel_timer, on_timer);
}

/*
 * After an absence a whole turn goes by first: what has come is read, timers
 * and tasks that were due run, and what they send leaves. No second one: turns
 * may all be long.
 */
static bool put_off(struct engine *engine)
{
    engine->put_off = engine->was_absent && !engine->put_off;
    engine->was_absent = false;
    return engine->put_off;
}

/* Most turns begin in the tick of the one before, and have nothing to do. */
void deadline_run(struct engine *engine)
{
    if (put_off(engine) || engine->tick == engine->wheel.now)
        return;
    wheel_turn(&engine->wheel, engine->tick, on_deadline, engine);
    engine->deadlines_changed = true;
}

void deadline_arm(struct engine *engine)
{
    uint32_t ticks;

    if (!engine->deadlines_changed)
        return;
    engine->deadlines_changed = false;
    if (!wheel_next(&engine->wheel, &ticks))
        timer_stop(engine->loop, &engine->wheel_timer);
    else
        timer_start(engine->loop, &engine->wheel_timer,
                    engine->started_at + engine->absent +
                        ((uint64_t)engine->wheel.now + ticks) *
                            (CLOCK_SECOND / ENGINE_TICKS));
}
