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
    KEPT = 16 << 20 /* bytes for pictures */
};

/* -------------------------------------------------------------- deadlines */

static bool is_over(uint32_t now, uint32_t due)
{
    return (int32_t)(now - due) >= 0;
}

/* Does it take an outgoing one too long to stand? */
static void look_at_setup(struct shard *shard, struct conn *conn)
{
    if (!conn_is_dialled(conn))
        return;
    if (is_over(shard->tick, conn->server->setup_due))
        conn_cut(conn, REASON_SETUP, NULL);
    else
        shard_hang(shard, conn, conn->server->setup_due);
}

/* Nothing came or went for too long? */
static void look_at_idle(struct shard *shard, struct conn *conn)
{
    uint32_t due = conn->moved + conn->server->idle_ticks;

    if (conn->state != CONN_OPEN || conn->server->idle_ticks == 0 ||
        conn_is_dialled(conn))
        return;
    if (is_over(shard->tick, due))
        conn_cut(conn, REASON_IDLE, NULL);
    else
        shard_hang(shard, conn, due);
}

/* Does it wait for the peer that a message is not complete? */
static bool awaits_rest(struct conn *conn)
{
    return conn_is_read(conn) &&
           (!conn->server->options.pulled || pull_is_partial(conn));
}

/*
 * Does a message stay incomplete for too long? Only while it is read, can the
 * peer do something about that.
 */
static void look_at_message(struct shard *shard, struct conn *conn)
{
    uint32_t ticks = conn->server->message_ticks;

    if (conn->state != CONN_OPEN || ticks == 0 || conn->inbox.bytes == 0)
        return;
    if (!awaits_rest(conn))
        conn->begun = shard->tick;
    if (is_over(shard->tick, conn->begun + ticks))
        conn_cut(conn, REASON_IDLE, DETAIL_INCOMPLETE);
    else
        shard_hang(shard, conn, conn->begun + ticks);
}

/*
 * Has a byte waited for too long? Looked at so often that it is noticed within
 * a quarter of what is allowed.
 */
static void look_at_age(struct shard *shard, struct conn *conn)
{
    uint32_t most = conn->server->age_ticks;
    uint32_t age;

    if (conn->state != CONN_OPEN || most == 0 || !conn_has(conn, CONN_BEHIND))
        return;
    age = conn_age(conn);
    if (age >= most)
        absorb_nothing(conn);
    if (conn->state == CONN_OPEN)
        shard_hang(shard, conn, shard->tick + most / LOOKS_PER_AGE + 1);
}

static void on_deadline(void *owner, struct wheel_node *node)
{
    struct shard *shard = owner;
    struct conn *conn = link_owner(node, struct conn, deadline);

    if (conn->state == CONN_OPEN) {
        look_at_setup(shard, conn);
        look_at_idle(shard, conn);
        look_at_message(shard, conn);
        look_at_age(shard, conn);
        return;
    }
    if (is_over(shard->tick, conn->linger_due))
        conn_finish(conn);
    else
        shard_hang(shard, conn, conn->linger_due);
}

static void on_wheel_timer(struct timer *timer)
{
    (void)timer; /* it wakes the loop; each turn looks at the wheel */
}

/* Often nothing is to be done: the tick is still the same. */
static void turn_wheel(struct shard *shard)
{
    if (shard->tick == shard->wheel.now)
        return;
    wheel_turn(&shard->wheel, shard->tick, on_deadline, shard);
    shard->hung = true;
}

/* Wake the loop for the next deadline, when that may have changed. */
static void wind_wheel(struct shard *shard)
{
    uint32_t ticks;

    if (!shard->hung)
        return;
    shard->hung = false;
    if (!wheel_next(&shard->wheel, &ticks))
        timer_stop(shard->loop, &shard->wheel_timer);
    else
        timer_start(shard->loop, &shard->wheel_timer,
                    shard->born + ((uint64_t)shard->wheel.now + ticks) *
                                      (CLOCK_SECOND / SHARD_TICKS));
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
        timer_start(server->shard->loop, &server->hold,
                    clock_now() + clock_from_seconds(seconds));
    return true;
}

/* Everything has left: the next that comes waits its time again. */
static void hold_again(struct server *server)
{
    timer_stop(server->shard->loop, &server->hold);
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
        room_wake(server);
    if (!link_alone(&server->dirty) || stream_waits(&server->stream))
        loop_hurry(server->shard->loop);
    else if (server->options.coalesce > 0)
        hold_again(server);
}

/* When the turn before this one ended is known only now. */
static void begin_turn(void *owner)
{
    struct shard *shard = owner;

    if (shard->began != 0)
        times_add(&shard->turns, loop_turn_ended(shard->loop) - shard->began);
    shard->began = shard_read_clock(shard);
}

/* Events up. That is part of the handling, but the clock is read once more
 * only if there are any. */
static void hand_up(struct shard *shard)
{
    uint64_t now = shard_read_clock(shard);

    turn_wheel(shard);
    if (shard->due_count > 0) {
        deliver_events(shard);
        now = clock_now();
    }
    if (shard->began != 0)
        times_add(&shard->handling, now - shard->began);
}

static void end_turn(void *owner)
{
    struct shard *shard = owner;

    hand_up(shard);
    if (shard->turn_end != NULL)
        shard->turn_end(shard->script);

    struct link *next;

    for (struct link *at = shard->servers.next; at != &shard->servers;
         at = next) {
        struct server *server = link_owner(at, struct server, servers);

        next = at->next;
        flush(server);
        accept_update(server);
        server_retire(server);
    }
    topics_settle(shard);
    wind_wheel(shard);
    if (shard->due_count > 0)
        loop_hurry(shard->loop);
}

/* ---------------------------------------------------------------- hangups */

/* The end of a stream without an error stands behind what is not read yet. */
static void on_hangups(struct watch *watch, unsigned events)
{
    struct shard *shard = link_owner(watch, struct shard, hangups.watch);
    conn_name name;

    (void)events;
    while (hangups_next(&shard->hangups, &name)) {
        struct conn *conn = shard_find_open(shard, name);
        int error = conn != NULL ? socket_error(conn->fd) : 0;

        if (error != 0)
            conn_fail(conn, error);
    }
}

/* ------------------------------------------------------------------ shard */

/* False, with errno set: the system refuses. */
static bool init_tables(struct shard *shard, uint32_t connections)
{
    if (!conn_table_init(&shard->conns, connections + DYING))
        return false;
    shard->due = memory_map(shard->conns.number * sizeof *shard->due);
    return shard->due != NULL;
}

static void free_tables(struct shard *shard)
{
    cells_free(&shard->cells);
    memory_unmap(shard->due, shard->conns.number * sizeof *shard->due);
    conn_table_free(&shard->conns);
}

/* The loop, and what is always watched. False, with errno set: refused. */
static bool init_loop(struct shard *shard)
{
    shard->loop = loop_new(begin_turn, end_turn, shard);
    if (shard->loop == NULL)
        return false;
    if (hangups_init(&shard->hangups, shard->loop, on_hangups))
        return true;
    loop_free(shard->loop);
    return false;
}

static void free_loop(struct shard *shard)
{
    hangups_free(&shard->hangups, shard->loop);
    loop_free(shard->loop);
}

struct shard *shard_new(uint32_t connections, const struct events *events,
                        turn_fn *turn_end, void *script)
{
    struct shard *shard = calloc(1, sizeof *shard);

    if (shard == NULL)
        return NULL;
    if (!init_loop(shard)) {
        free(shard);
        return NULL;
    }
    if (!init_tables(shard, connections)) {
        free_tables(shard);
        free_loop(shard);
        free(shard);
        return NULL;
    }
    shard->events = *events;
    shard->turn_end = turn_end;
    shard->script = script;
    shard->most_open = connections;
    shard->born = clock_now();
    inherit_take(&shard->inherited);
    link_init(&shard->servers);
    link_init(&shard->unsettled);
    link_init(&shard->kept);
    cells_init(&shard->cells, KEPT);
    slab_init(&shard->outgoing);
    wheel_init(&shard->wheel, 0);
    timer_init(&shard->wheel_timer, on_wheel_timer);
    return shard;
}

void shard_free(struct shard *shard)
{
    while (!link_alone(&shard->servers))
        server_free(link_owner(shard->servers.next, struct server, servers));
    resolver_free(shard->resolver);
    slab_unmap(&shard->outgoing);
    free_loop(shard);
    topics_free(shard);
    free_tables(shard);
    free(shard);
}
