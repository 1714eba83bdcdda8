#include "net/run/deadline.h"

#include "base/clock.h"
#include "net/receive/buffered.h"
#include "net/send/enqueue.h"
#include "net/send/outbox.h"
#include "net/state/conn_end.h"
#include "net/state/interest.h"
#include "net/state/server.h"

enum { LOOKS_PER_AGE = 8 };

static bool is_over(uint32_t now, uint32_t due)
{
    return (int32_t)(now - due) >= 0;
}

/* Does it take an outgoing one too long to stand? */
static void look_at_setup(struct engine *engine, struct conn *conn)
{
    if (!conn_is_connecting(conn))
        return;
    if (is_over(engine->tick, conn->server->setup_due))
        conn_end(conn, REASON_SETUP, NULL);
    else
        engine_set_deadline(engine, conn, conn->server->setup_due);
}

/* Nothing came or went for too long? */
static void look_at_idle(struct engine *engine, struct conn *conn)
{
    uint32_t due = conn->moved + conn->server->idle_ticks;

    if (conn->state != CONN_OPEN || conn->server->idle_ticks == 0 ||
        conn_is_connecting(conn))
        return;
    if (is_over(engine->tick, due))
        conn_end(conn, REASON_IDLE, NULL);
    else
        engine_set_deadline(engine, conn, due);
}

/* Does it wait for the peer that a message is not complete? */
static bool awaits_rest(struct conn *conn)
{
    return interest_in_reading(conn) &&
           (!conn->server->options.buffered || buffered_is_partial(conn));
}

/*
 * Does a message stay incomplete for too long? Only while it is read, can the
 * peer do something about that.
 */
static void look_at_message(struct engine *engine, struct conn *conn)
{
    uint32_t ticks = conn->server->message_ticks;

    if (conn->state != CONN_OPEN || ticks == 0 || conn->inbox.bytes == 0)
        return;
    if (!awaits_rest(conn))
        conn->begun = engine->tick;
    if (is_over(engine->tick, conn->begun + ticks))
        conn_end(conn, REASON_IDLE, DETAIL_INCOMPLETE);
    else
        engine_set_deadline(engine, conn, conn->begun + ticks);
}

/*
 * Has a byte waited for too long? Looked at so often that it is noticed within
 * a quarter of what is allowed.
 */
static void look_at_age(struct engine *engine, struct conn *conn)
{
    uint32_t most = conn->server->age_ticks;
    uint32_t age;

    if (conn->state != CONN_OPEN || most == 0 || !conn_has(conn, CONN_BEHIND))
        return;
    age = outbox_age(conn);
    if (age >= most)
        enqueue_overflow(conn);
    if (conn->state == CONN_OPEN)
        engine_set_deadline(engine, conn,
                            engine->tick + most / LOOKS_PER_AGE + 1);
}

static void on_deadline(void *owner, struct wheel_node *node)
{
    struct engine *engine = owner;
    struct conn *conn = link_owner(node, struct conn, deadline);

    if (conn->state == CONN_OPEN) {
        look_at_setup(engine, conn);
        look_at_idle(engine, conn);
        look_at_message(engine, conn);
        look_at_age(engine, conn);
        return;
    }
    if (is_over(engine->tick, conn->linger_due))
        conn_end_finish(conn);
    else
        engine_set_deadline(engine, conn, conn->linger_due);
}

static void on_timer(struct timer *timer)
{
    (void)timer; /* it only wakes the loop: each turn looks at the wheel */
}

void deadline_init(struct engine *engine)
{
    wheel_init(&engine->wheel, 0);
    timer_init(&engine->wheel_timer, on_timer);
}

/* Often nothing is to be done: the tick is still the same. */
void deadline_run(struct engine *engine)
{
    if (engine->tick == engine->wheel.now)
        return;
    wheel_turn(&engine->wheel, engine->tick, on_deadline, engine);
    engine->deadlines_changed = true;
}

/* Wake the loop for the next deadline, when that may have changed. */
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
                    engine->born + ((uint64_t)engine->wheel.now + ticks) *
                                       (CLOCK_SECOND / ENGINE_TICKS));
}
