#include "net/fanout.h"

#include "base/clock.h"
#include "net/drain.h"
#include "net/ending.h"
#include "net/shard.h"
#include "net/socket.h"

#include <errno.h>

enum { PIECES_AT_ONCE = 64, VISITS_PER_LOOK = 16 };

/* ------------------------------------------------------------- withholding */

/* What waits for the connection will never come to it. */
static void withhold(struct conn *conn, enum overflow policy)
{
    struct server *server = conn->server;
    uint64_t missed = server->stream.next - conn->seen;

    server->queued -= conn_pending(conn);
    server->counts.messages_out -= missed;
    server->counts.missed_by[policy] += missed;
    conn->missed += missed;
    conn->seen = server->stream.next;
}

static void overflow(struct conn *conn)
{
    enum overflow policy = conn->server->options.overflow;

    withhold(conn, policy);
    if (policy == OVERFLOW_CLOSE)
        conn_cut(conn, REASON_OVERFLOW, NULL);
    else
        conn_set(conn, CONN_STALLED);
}

void fanout_resume(struct conn *conn)
{
    withhold(conn, OVERFLOW_DROP);
    conn_clear(conn, CONN_STALLED);
}

/* --------------------------------------------------------------- absorbing */

/* New bockets that it takes to queue the bytes between two positions. */
static size_t bockets_to_copy(const struct conn *conn, uint64_t from,
                              uint64_t to)
{
    const struct server *server = conn->server;
    size_t bockets = 0;

    for (uint64_t at = from; at < to;) {
        struct segment piece = stream_piece(&server->stream, at, to);

        if (queue_copies(&server->queues, &conn->queue, &piece))
            bockets += at == from
                           ? queue_bockets_for(&server->queues, &conn->queue,
                                               piece.length, NULL)
                           : 1;
        at += piece.length;
    }
    return bockets;
}

/* Queue the bytes between two positions; `copy`: the short pieces as copies. */
static void queue_span(struct conn *conn, uint64_t from, uint64_t to, bool copy)
{
    struct server *server = conn->server;
    struct bocket *none = NULL;

    while (from < to) {
        struct segment piece = stream_piece(&server->stream, from, to);

        if (copy && queue_copies(&server->queues, &conn->queue, &piece))
            queue_write(&server->queues, &conn->queue,
                        piece.bocket->bytes + piece.offset, piece.length, &none,
                        POOL_COMMON);
        else
            queue_refer(&server->queues, &conn->queue, &piece);
        from += piece.length;
    }
}

/* Queue the next messages up to `message`, all or none. */
static bool absorb_up_to(struct conn *conn, uint64_t message)
{
    struct server *server = conn->server;
    uint64_t from = stream_position(&server->stream, conn->seen);
    uint64_t to = stream_position(&server->stream, message);

    if (!conn_fits(conn, to - from) ||
        bockets_to_copy(conn, from, to) >
            pool_available(server->pool, POOL_COMMON))
        return false;
    queue_span(conn, from, to, true);
    conn->seen = message;
    return true;
}

/*
 * It does not fit: ask the kernel. Who has it take everything is not full, and
 * then the message goes into an empty queue as it is. False: it is full.
 */
static bool absorb_after_offer(struct conn *conn)
{
    struct server *server = conn->server;

    if (!conn_drain(conn) || conn->state != CONN_OPEN)
        return false;
    if (absorb_up_to(conn, conn->seen + 1))
        return true;
    if (conn_has(conn, CONN_BEHIND))
        return false;
    queue_span(conn, stream_position(&server->stream, conn->seen),
               stream_position(&server->stream, conn->seen + 1), false);
    conn->seen++;
    return true;
}

void fanout_absorb(struct conn *conn)
{
    struct server *server = conn->server;

    if (conn->state != CONN_OPEN || conn->seen >= server->stream.next)
        return;
    if (conn_has(conn, CONN_STALLED)) {
        withhold(conn, OVERFLOW_DROP);
        return;
    }
    if (absorb_up_to(conn, server->stream.next))
        return;
    while (conn->seen < server->stream.next) {
        if (absorb_up_to(conn, conn->seen + 1) || absorb_after_offer(conn))
            continue;
        if (conn->state == CONN_OPEN)
            overflow(conn);
        return;
    }
}

/* ----------------------------------------------------------------- visiting */

/* What waits for those who stand at one message, ready to be sent. */
struct parcel {
    uint64_t message; /* the first one in it */
    uint64_t next;    /* the first one that is not */
    uint64_t bytes;
    int count;
    struct iovec pieces[PIECES_AT_ONCE];
};

static void pack(struct parcel *parcel, const struct stream *stream,
                 uint64_t message)
{
    uint64_t from = stream_position(stream, message);

    parcel->message = message;
    parcel->next = stream->next;
    parcel->bytes = stream->at - from;
    parcel->count = stream_gather(stream, from, parcel->pieces, PIECES_AT_ONCE);
}

/* The kernel took only so much of the parcel: the rest is the queue's. */
static void owe(struct conn *conn, const struct parcel *parcel, uint64_t taken)
{
    const struct stream *stream = &conn->server->stream;
    uint64_t from = stream_position(stream, parcel->message) + taken;

    if (taken > 0)
        conn_took(conn, (size_t)taken);
    queue_span(conn, from, stream_position(stream, parcel->next), false);
    conn->seen = parcel->next;
    conn_fall_behind(conn);
}

/* Straight from the stream: the way of everyone who keeps up. */
static void give(struct conn *conn, const struct parcel *parcel)
{
    ssize_t n;

    if (parcel->bytes == 0) {
        conn->seen = parcel->next;
        return;
    }
    do
        n = socket_send(conn->fd, parcel->pieces, parcel->count);
    while (n < 0 && errno == EINTR);

    if (n == (ssize_t)parcel->bytes) {
        conn_took(conn, (size_t)n);
        conn->seen = parcel->next;
    } else if (n >= 0 || errno == EAGAIN) {
        owe(conn, parcel, n > 0 ? (uint64_t)n : 0);
    } else {
        conn_fail(conn, errno);
    }
}

/* Whoever has something queued is marked as dirty or behind. */
static void visit(struct conn *conn, struct parcel *parcel)
{
    struct server *server = conn->server;

    if (conn->seen >= server->stream.next)
        return;
    if (conn_has(conn, CONN_BEHIND | CONN_STALLED | CONN_DIRTY)) {
        fanout_flush(conn);
        return;
    }
    if (conn->seen != parcel->message || parcel->next != server->stream.next)
        pack(parcel, &server->stream, conn->seen);
    give(conn, parcel);
}

void fanout_flush(struct conn *conn)
{
    link_out(&conn->dirty);
    conn_clear(conn, CONN_DIRTY);

    if (conn->queue.count == 0 && conn->state == CONN_OPEN &&
        !conn_has(conn, CONN_STALLED)) {
        struct parcel parcel;

        parcel.message = parcel.next = UINT64_MAX;
        visit(conn, &parcel);
        return;
    }
    fanout_absorb(conn);
    if (!conn_has(conn, CONN_BEHIND))
        fanout_send_queued(conn);
}

void fanout_send_queued(struct conn *conn)
{
    if (conn->state == CONN_DEAD || conn->state == CONN_ENDED)
        return;
    if (conn_drain(conn) && conn->state == CONN_CLOSING &&
        conn->queue.count == 0)
        conn_end_stream(conn);
}

/* -------------------------------------------------------------------- laps */

/* The head of the circle moves to where the lap begins. */
static void begin_lap(struct server *server)
{
    struct link *first = server->next_first;

    if (first == NULL || first == &server->circle)
        first = server->circle.next->next;
    server->next_first = NULL;
    if (first != &server->circle) {
        link_out(&server->circle);
        link_before(first, &server->circle);
    }
    server->cursor = server->circle.next;
    server->goal = server->stream.next;
}

static void end_lap(struct server *server)
{
    server->cursor = NULL;
    stream_trim(&server->stream, server->goal);
}

/* Visit on. False: the deadline came before the end of the lap. */
static bool walk_lap(struct server *server, uint64_t deadline)
{
    struct parcel parcel;
    unsigned visits = 0;

    parcel.message = parcel.next = UINT64_MAX;
    while (server->cursor != &server->circle) {
        struct conn *conn = link_owner(server->cursor, struct conn, circle);

        server->cursor = conn->circle.next;
        __builtin_prefetch(server->cursor);
        visit(conn, &parcel);
        if (++visits % VISITS_PER_LOOK == 0 && clock_now() >= deadline) {
            if (server->next_first == NULL)
                server->next_first = server->cursor;
            return false;
        }
    }
    return true;
}

void fanout_walk(struct server *server, uint64_t deadline)
{
    while (stream_waits(&server->stream)) {
        if (server->cursor == NULL)
            begin_lap(server);
        if (!walk_lap(server, deadline))
            return;
        end_lap(server);
    }
}
