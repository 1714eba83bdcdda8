#include "net/receive/receive.h"

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

enum { READS_PER_TURN = 8, DISCARD_BYTES = 16384 };

/* ------------------------------------------------------------- handing over */

static void hand_up(struct conn *conn, const struct frame *frame)
{
    struct server *server = conn->server;
    struct received data = buffered_extract(conn, frame);

    server->engine->events.received(server->owner, conn_name_of(conn), &data);
}

/* Its answers may be as long as it is: is there half a queue for them? */
static bool has_room_for_answer(const struct conn *conn, size_t length)
{
    uint64_t limit = conn->server->limit;

    return 2 * (uint64_t)length <= limit || conn->queue.bytes == 0;
}

static bool may_hand_over(const struct conn *conn)
{
    return conn->state == CONN_OPEN && !conn_has(conn, CONN_PAUSED) &&
           conn_is_half_free(conn, conn->server->limit);
}

/* All that is whole has been handed over. */
static void await_rest(struct conn *conn)
{
    struct server *server = conn->server;
    const char *detail = conn->inbox.bytes > 0 ? DETAIL_INCOMPLETE : NULL;

    if (conn_has(conn, CONN_PEER_ENDED)) {
        closing_begin(conn, REASON_EOF, LINGER_SECONDS);
        if (conn->reason == REASON_EOF)
            conn->detail = detail;
    } else if (conn->inbox.bytes > 0 && server->message_ticks > 0) {
        engine_set_deadline(server->engine, conn,
                            conn->begun + server->message_ticks);
    }
}

/* Of what has come, is there anything that the script has not heard of? */
static bool has_news(const struct conn *conn)
{
    return conn->inbox.bytes > 0 || conn_has(conn, CONN_PEER_ENDED);
}

/* One message. False: none is whole, or it has to wait. */
static bool hand_over_one(struct conn *conn)
{
    struct server *server = conn->server;
    struct frame frame;

    switch (framing_decode(conn_framing(conn), server->pool, &conn->inbox,
                           server->options.maxmessage, &frame)) {
    case FRAMING_WHOLE:
        if (has_room_for_answer(conn, frame.length)) {
            hand_up(conn, &frame);
            return true;
        }
        conn_set(conn, CONN_HELD);
        return false;
    case FRAMING_TOOLONG:
        conn_end(conn, REASON_TOOLONG, NULL);
        return false;
    default:
        await_rest(conn);
        return false;
    }
}

void receive_hand_over(struct conn *conn)
{
    if (conn->server->options.buffered) {
        buffered_arrived(conn);
        return;
    }
    while (has_news(conn) && may_hand_over(conn) && hand_over_one(conn))
        continue;
    if (conn->state != CONN_OPEN)
        return;
    if (has_news(conn) && !may_hand_over(conn))
        conn_set(conn, CONN_HELD);
    holders_update(conn);
    interest_update(conn);
}

/* ------------------------------------------------------------------ reading */

/* Nothing to read into: wait until the pool has something for it again. */
static void starve(struct conn *conn)
{
    conn_set(conn, CONN_STARVED);
    reclaim_wait(conn);
    interest_update(conn);
}

/* NULL if there is none for this connection; that may have been its end. */
static struct bocket *checkout(struct conn *conn)
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

static void end_of_stream(struct conn *conn)
{
    conn_set(conn, CONN_PEER_ENDED);
    if (conn->state == CONN_OPEN)
        receive_hand_over(conn);
    else if (conn->state == CONN_ENDED)
        conn_end_finish(conn);
    else
        interest_update(conn);
}

/* What recv(2) said, when it was not data. */
static void no_data(struct conn *conn, ssize_t n, int error)
{
    if (n == 0)
        end_of_stream(conn);
    else if (error != EAGAIN && error != EINTR)
        conn_end_failed(conn, error);
}

/* `n` bytes have come, to where the inbox said or into a fresh bocket. */
static void take_in(struct conn *conn, struct bocket *fresh, size_t n)
{
    struct server *server = conn->server;

    if (conn->inbox.bytes == 0)
        conn->begun = server->engine->tick;
    inbox_add(server->pool, &conn->inbox, fresh, n);
    conn->moved = server->engine->tick;
    counters_receive(&server->counters, &conn->in, n);
}

/* One read. True: there may be more. */
static bool read_once(struct conn *conn)
{
    struct server *server = conn->server;
    size_t half = ((size_t)server->limit + 1) / 2;
    size_t room = server->options.size;
    void *to = inbox_room(server->pool, &conn->inbox, &room);
    struct bocket *fresh = to == NULL ? checkout(conn) : NULL;

    if (to == NULL && fresh == NULL)
        return false;
    if (to == NULL)
        to = fresh->bytes;
    if (room > half)
        room = half;

    ssize_t n = socket_receive(conn->fd, to, room);
    int error = n < 0 ? errno : 0;

    if (n <= 0) {
        if (fresh != NULL)
            pool_checkin(server->pool, fresh);
        no_data(conn, n, error);
        return false;
    }
    take_in(conn, fresh, (size_t)n);
    receive_hand_over(conn);
    return (size_t)n == room;
}

static void receive(struct conn *conn)
{
    for (int i = 0; i < READS_PER_TURN; i++)
        if (conn->state != CONN_OPEN || !interest_in_reading(conn) ||
            !read_once(conn))
            return;
}

/* A connection that is closing reads only to see the peer's end. */
static void discard(struct conn *conn)
{
    unsigned char scrap[DISCARD_BYTES];
    ssize_t n = socket_receive(conn->fd, scrap, sizeof scrap);

    if (n <= 0)
        no_data(conn, n, errno);
}

void receive_on_events(struct watch *watch, unsigned events)
{
    struct conn *conn = link_owner(watch, struct conn, watch);

    if (events & LOOP_ERROR)
        conn_end(conn, REASON_ERROR, "its socket cannot be watched");
    if (events & LOOP_WRITE)
        fanout_send_queued(conn);
    if (!(events & LOOP_READ))
        return;
    if (conn->state == CONN_OPEN)
        receive(conn);
    else if (conn->state == CONN_CLOSING || conn->state == CONN_ENDED)
        discard(conn);
}

/* An orderly end of the peer's stream is no error: it comes after received data
 * that is not read yet. */
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
