#include "net/run/turn.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/io/resolve.h"
#include "net/io/socket.h"
#include "net/receive/buffered.h"
#include "net/run/deliver.h"
#include "net/send/drain.h"
#include "net/send/enqueue.h"
#include "net/send/fanout.h"
#include "net/send/reclaim.h"
#include "net/serve/accept.h"
#include "net/serve/serve.h"
#include "net/state/conn_end.h"
#include "net/state/topic.h"

#include <stdlib.h>

/* How long a flush may take before others have their turn. */
#define SLICE CLOCK_MILLI

enum {
    FLUSHES_PER_LOOK = 16,
    LOOKS_PER_AGE = 8,
    DYING = 1024,   /* closed connections whose last event is not yet out */
    KEPT = 16 << 20 /* bytes for snapshots */
};

/* -------------------------------------------------------------- deadlines */

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

static void on_wheel_timer(struct timer *timer)
{
    (void)timer; /* it wakes the loop; each turn looks at the wheel */
}

/* Often nothing is to be done: the tick is still the same. */
static void turn_wheel(struct engine *engine)
{
    if (engine->tick == engine->wheel.now)
        return;
    wheel_turn(&engine->wheel, engine->tick, on_deadline, engine);
    engine->deadlines_changed = true;
}

/* Wake the loop for the next deadline, when that may have changed. */
static void wind_wheel(struct engine *engine)
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

/* ------------------------------------------------------------------ flush */

/* Those with something of their own to send, until the clock says stop. */
static void flush_dirty(struct server *server)
{
    uint64_t deadline = 0;

    for (unsigned n = 1; !link_alone(&server->dirty); n++) {
        fanout_flush(link_owner(server->dirty.next, struct conn, dirty));
        if (n % FLUSHES_PER_LOOK != 0)
            continue;
        if (deadline == 0)
            deadline = clock_now() + SLICE;
        else if (clock_now() >= deadline)
            return;
    }
}

/*
 * With `coalesce`, what is to be sent waits a while for more. True: it waits
 * still.
 */
static bool holds_back(struct server *server)
{
    bool waits = !link_alone(&server->dirty) || stream_waits(&server->stream);
    double seconds = server->options.coalesce;

    if (seconds <= 0 || !waits || server->closing)
        return false;
    if (server->held_long_enough)
        return false;
    if (!timer_runs(&server->hold))
        timer_start(server->engine->loop, &server->hold,
                    clock_now() + clock_from_seconds(seconds));
    return true;
}

/* Everything has left: the next that comes waits its time again. */
static void hold_again(struct server *server)
{
    timer_stop(server->engine->loop, &server->hold);
    server->held_long_enough = false;
}

static void flush(struct server *server)
{
    if (holds_back(server))
        return;
    flush_dirty(server);
    if (stream_waits(&server->stream))
        fanout_walk(server, clock_now() + SLICE);
    if (server->shared != NULL)
        pool_checkin(server->pool, server->shared);
    server->shared = NULL;
    if (!link_alone(&server->slab->waiting))
        reclaim_wake(server);
    if (!link_alone(&server->dirty) || stream_waits(&server->stream))
        loop_poll_at_once(server->engine->loop);
    else if (server->options.coalesce > 0)
        hold_again(server);
}

/* When the turn before this one ended is known only now. */
static void begin_turn(void *owner)
{
    struct engine *engine = owner;

    if (engine->began != 0)
        times_add(&engine->turns,
                  loop_turn_ended(engine->loop) - engine->began);
    engine->began = engine_read_clock(engine);
}

/* Events up. That is part of the handling, but the clock is read once more
 * only if there are any. */
static void hand_up(struct engine *engine)
{
    uint64_t now = engine_read_clock(engine);

    turn_wheel(engine);
    if (engine->pending_count > 0) {
        deliver_events(engine);
        now = clock_now();
    }
    if (engine->began != 0)
        times_add(&engine->handling, now - engine->began);
}

static void end_turn(void *owner)
{
    struct engine *engine = owner;

    hand_up(engine);
    if (engine->turn_end != NULL)
        engine->turn_end(engine->script);

    struct link *next;

    for (struct link *at = engine->servers.next; at != &engine->servers;
         at = next) {
        struct server *server = link_owner(at, struct server, servers);

        next = at->next;
        flush(server);
        accept_update(server);
        server_retire(server);
    }
    topics_settle(engine);
    wind_wheel(engine);
    if (engine->pending_count > 0)
        loop_poll_at_once(engine->loop);
}

/* ---------------------------------------------------------------- hangups */

/* The end of a stream without an error stands behind what is not read yet. */
static void on_hangups(struct watch *watch, unsigned events)
{
    struct engine *engine = link_owner(watch, struct engine, hangups.watch);
    conn_name name;

    (void)events;
    while (hangups_next(&engine->hangups, &name)) {
        struct conn *conn = engine_find_open(engine, name);
        int error = conn != NULL ? socket_error(conn->fd) : 0;

        if (error != 0)
            conn_end_fail(conn, error);
    }
}

/* ------------------------------------------------------------------ engine */

/* False, with errno set: the system refuses. */
static bool init_tables(struct engine *engine, uint32_t connections)
{
    if (!conn_table_init(&engine->conns, connections + DYING))
        return false;
    engine->pending =
        memory_map(engine->conns.number * sizeof *engine->pending);
    return engine->pending != NULL;
}

static void free_tables(struct engine *engine)
{
    cells_free(&engine->cells);
    memory_unmap(engine->pending,
                 engine->conns.number * sizeof *engine->pending);
    conn_table_free(&engine->conns);
}

/* The loop, and what is always watched. False, with errno set: refused. */
static bool init_loop(struct engine *engine)
{
    engine->loop = loop_new(begin_turn, end_turn, engine);
    if (engine->loop == NULL)
        return false;
    if (hangups_init(&engine->hangups, engine->loop, on_hangups))
        return true;
    loop_free(engine->loop);
    return false;
}

static void free_loop(struct engine *engine)
{
    hangups_free(&engine->hangups, engine->loop);
    loop_free(engine->loop);
}

struct engine *engine_new(uint32_t connections, const struct events *events,
                          turn_fn *turn_end, void *script)
{
    struct engine *engine = calloc(1, sizeof *engine);

    if (engine == NULL)
        return NULL;
    if (!init_loop(engine)) {
        free(engine);
        return NULL;
    }
    if (!init_tables(engine, connections)) {
        free_tables(engine);
        free_loop(engine);
        free(engine);
        return NULL;
    }
    engine->events = *events;
    engine->turn_end = turn_end;
    engine->script = script;
    engine->most_open = connections;
    engine->born = clock_now();
    inherit_take(&engine->inherited);
    link_init(&engine->servers);
    link_init(&engine->unsettled);
    link_init(&engine->kept);
    cells_init(&engine->cells, KEPT);
    slab_init(&engine->outgoing);
    wheel_init(&engine->wheel, 0);
    timer_init(&engine->wheel_timer, on_wheel_timer);
    return engine;
}

void engine_free(struct engine *engine)
{
    while (!link_alone(&engine->servers))
        server_free(link_owner(engine->servers.next, struct server, servers));
    resolver_free(engine->resolver);
    slab_unmap(&engine->outgoing);
    free_loop(engine);
    topics_free(engine);
    free_tables(engine);
    free(engine);
}
