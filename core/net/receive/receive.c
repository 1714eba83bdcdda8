#include "net/receive/receive.h"

#include "base/clock.h"
#include "net/io/socket.h"
#include "net/receive/buffered.h"
#include "net/send/closing.h"
#include "net/send/fanout.h"
#include "net/send/reclaim.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/holders.h"
#include "net/state/interest.h"
#include "net/state/server.h"

#include <errno.h>

enum { READS_PER_VISIT = 8, DISCARD_BYTES = 16384 };

/* The time in one turn for all visits, and the most for one. */
#define VISITS_TIME (5 * CLOCK_MILLI)
#define VISIT_TIME  (CLOCK_MILLI / 5)

/* Visits between two readings of the clock; so few are made in any case. */
enum { VISITS_PER_READING = 8 };

/* --------------------------------------------------------- bounds of a visit
 */

static void begin_visit(struct engine *engine)
{
    engine->visit = (struct visit){.reading = 1};
}

/* The first message of a visit is free: most visits have no second one, and the
 * clock costs as much as a tenth of a short message. */
static bool visit_is_over(struct engine *engine)
{
    struct visit *visit = &engine->visit;
    uint64_t share, now;

    if (visit->handed++ < visit->reading)
        return false;
    now = clock_now();
    share = VISITS_TIME / (engine->ready.count + 1);
    if (visit->until == 0)
        visit->until = now + (share < VISIT_TIME ? share : VISIT_TIME);
    visit->reading += visit->reading / 2 + 1;
    return now >= visit->until;
}

/* The rest of its messages is handed over when its turn comes again. */
static void cut_visit(struct conn *conn)
{
    conn_set(conn, CONN_CUT);
    conn_ring_put(&conn->server->engine->ready, conn);
}

/* ------------------------------------------------------------- handing over */

static void deliver_message(struct conn *conn, const struct frame *frame)
{
    struct server *server = conn->server;
    struct received data = buffered_extract(conn, frame);

    server->engine->events.received(server->owner, conn_name_of(conn), &data);
}

/* An answer may be as long as the message, so a message longer than half a
 * queue waits until the queue is empty. */
static bool has_space_for_answer(const struct conn *conn, size_t length)
{
    uint64_t limit = conn->server->limit;

    return 2 * (uint64_t)length <= limit || conn->queue.bytes == 0;
}

static bool may_hand_over(const struct conn *conn)
{
    return conn->state == CONN_OPEN && !conn_has(conn, CONN_PAUSED) &&
           conn_is_half_free(conn, conn->server->limit);
}

/* No whole message is left. */
static void close_or_await_rest(struct conn *conn)
{
    struct server *server = conn->server;
    const char *detail = conn->inbox.bytes > 0 ? DETAIL_INCOMPLETE : NULL;

    if (conn_has(conn, CONN_PEER_ENDED)) {
        closing_begin(conn, REASON_EOF, LINGER_SECONDS);
        if (conn->reason == REASON_EOF)
            conn->detail = detail;
    } else if (conn->inbox.bytes > 0 && server->ticks.message_timeout > 0) {
        engine_set_deadline(server->engine, conn,
                            conn->message_began +
                                server->ticks.message_timeout);
    }
}

static bool has_undelivered(const struct conn *conn)
{
    return conn->inbox.bytes > 0 || conn_has(conn, CONN_PEER_ENDED);
}

/* Hand over one message. False: none is whole, or it must wait. */
static bool hand_over_one(struct conn *conn)
{
    struct server *server = conn->server;
    struct frame frame;

    switch (framing_decode(conn_framing(conn), server->pool, &conn->inbox,
                           server->options.maxmessage, &frame)) {
    case FRAMING_COMPLETE:
        if (has_space_for_answer(conn, frame.length)) {
            deliver_message(conn, &frame);
            return true;
        }
        conn_set(conn, CONN_HELD);
        return false;
    case FRAMING_TOOLONG:
        conn_end(conn, REASON_TOOLONG, NULL);
        return false;
    default:
        close_or_await_rest(conn);
        return false;
    }
}

static void hand_over_messages(struct conn *conn)
{
    struct engine *engine = conn->server->engine;

    while (has_undelivered(conn) && may_hand_over(conn)) {
        if (visit_is_over(engine)) {
            cut_visit(conn);
            return;
        }
        if (!hand_over_one(conn))
            return;
    }
}

static void hand_over(struct conn *conn)
{
    if (conn->server->options.buffered) {
        buffered_deliver(conn);
        return;
    }
    hand_over_messages(conn);
    if (conn->state != CONN_OPEN)
        return;
    if (has_undelivered(conn) && !may_hand_over(conn))
        conn_set(conn, CONN_HELD);
    holders_update(conn);
    interest_update(conn);
}

void receive_hand_over(struct conn *conn)
{
    begin_visit(conn->server->engine);
    hand_over(conn);
}

/* ------------------------------------------------------------------ reading */

/* Do not read until the pool has a bocket for this connection. */
static void starve(struct conn *conn)
{
    conn_set(conn, CONN_STARVED);
    holders_wait(conn);
    interest_update(conn);
}

/* A bocket to read into. NULL: there is none, or the connection has ended. */
static struct bocket *checkout_to_read(struct conn *conn)
{
    struct server *server = conn->server;
    struct bocket *bocket = pool_checkout(server->pool, conn_share(conn));

    if (bocket != NULL)
        return bocket;
    reclaim_ensure(server, 1, conn_share(conn));
    if (conn->state != CONN_OPEN)
        return NULL;
    bocket = pool_checkout(server->pool, conn_share(conn));
    if (bocket == NULL)
        starve(conn);
    return bocket;
}

static void on_peer_end(struct conn *conn)
{
    conn_set(conn, CONN_PEER_ENDED);
    if (conn->state == CONN_OPEN)
        hand_over(conn);
    else if (conn->state == CONN_ENDED)
        conn_end_finish(conn);
    else
        interest_update(conn);
}

/* recv(2) gave no data: the end of the stream (0), or an error. */
static void on_no_data(struct conn *conn, ssize_t n, int error)
{
    if (n == 0)
        on_peer_end(conn);
    else if (error != EAGAIN && error != EINTR)
        conn_end_failed(conn, error);
}

/* Add `n` bytes to the inbox; `fresh`: the bocket they were read into, or NULL
 * if they were read into the space behind the inbox's last bytes. */
static void add_to_inbox(struct conn *conn, struct bocket *fresh, size_t n)
{
    struct server *server = conn->server;

    if (conn->inbox.bytes == 0)
        interest_begin_message(conn);
    inbox_add(server->pool, &conn->inbox, fresh, n);
    conn->last_active = server->engine->tick;
    counters_receive(&server->counters, &conn->in, n);
}

/* Read once and hand over. True: there may be more. */
static bool read_once(struct conn *conn)
{
    struct server *server = conn->server;
    size_t half = ((size_t)server->limit + 1) / 2;
    size_t space = server->options.size;
    void *to = inbox_space(server->pool, &conn->inbox, &space);
    struct bocket *fresh = to == NULL ? checkout_to_read(conn) : NULL;

    if (to == NULL && fresh == NULL)
        return false;
    if (to == NULL)
        to = fresh->bytes;
    if (space > half)
        space = half;

    ssize_t n = socket_receive(conn->fd, to, space);
    int error = n < 0 ? errno : 0;

    if (n <= 0) {
        if (fresh != NULL)
            pool_checkin(server->pool, fresh);
        on_no_data(conn, n, error);
        return false;
    }
    add_to_inbox(conn, fresh, (size_t)n);
    hand_over(conn);
    return (size_t)n == space;
}

static void receive(struct conn *conn)
{
    for (int i = 0; i < READS_PER_VISIT; i++)
        if (conn->state != CONN_OPEN || !interest_in_reading(conn) ||
            conn_has(conn, CONN_CUT) || !read_once(conn))
            return;
}

/* A closing connection is read only to notice the peer's end. */
static void discard(struct conn *conn)
{
    unsigned char discarded[DISCARD_BYTES];
    ssize_t n = socket_receive(conn->fd, discarded, sizeof discarded);

    if (n <= 0)
        on_no_data(conn, n, errno);
}

/* ----------------------------------------------------------------- visiting */

/* What has ended since it was put into the ring has none of these flags. */
static void visit(struct conn *conn)
{
    unsigned due = conn->flags & (CONN_READABLE | CONN_WRITABLE | CONN_CUT);

    conn_clear(conn, due);
    if (due & CONN_WRITABLE)
        fanout_send_queued(conn);
    if (due & CONN_CUT && conn->state == CONN_OPEN)
        hand_over(conn);
    if (!(due & CONN_READABLE))
        return;
    if (conn->state == CONN_OPEN)
        receive(conn);
    else if (conn->state == CONN_CLOSING || conn->state == CONN_ENDED)
        discard(conn);
}

void receive_on_events(struct watch *watch, unsigned events)
{
    struct conn *conn = link_owner(watch, struct conn, watch);

    if (events & LOOP_ERROR) {
        conn_end(conn, REASON_ERROR, "its socket cannot be watched");
        return;
    }
    if (events & LOOP_READ)
        conn_set(conn, CONN_READABLE);
    if (events & LOOP_WRITE)
        conn_set(conn, CONN_WRITABLE);
    conn_ring_put(&conn->server->engine->ready, conn);
}

/*
 * How long to visit in this turn: twice the time of the last poll at least. For
 * each poll reports every connection in the ring again, so with less most of
 * the time would be spent on reports.
 */
static uint64_t visits_time(const struct engine *engine, uint64_t now)
{
    uint64_t polled = loop_polled_at_once(engine->loop)
                          ? loop_turn_ended(engine->loop)
                          : engine->turn_began;
    uint64_t twice = 2 * (now - polled);

    return twice > VISITS_TIME ? twice : VISITS_TIME;
}

void receive_ready(struct engine *engine)
{
    uint32_t left = engine->ready.count;
    uint64_t now, until = 0;

    if (left > VISITS_PER_READING) {
        now = clock_now();
        until = now + visits_time(engine, now);
    }
    for (; left > 0; left--) {
        begin_visit(engine);
        visit(conn_ring_take(&engine->ready));
        if (until > 0 && left % VISITS_PER_READING == 0 && clock_now() >= until)
            return;
    }
}

/* A paused connection ends here only if its socket has failed. An orderly end
 * of the peer's stream is noticed by reading, after the data before it. */
void receive_on_hangups(struct watch *watch, unsigned events)
{
    struct engine *engine = link_owner(watch, struct engine, hangups.watch);
    conn_name name;

    (void)events;
    while (hangup_next(&engine->hangups, &name)) {
        struct conn *conn = engine_find_open(engine, name);
        int error = conn != NULL ? socket_error(conn->fd) : 0;

        if (error != 0)
            conn_end_failed(conn, error);
    }
}
