#include "net/send/enqueue.h"

#include "net/send/drain.h"
#include "net/send/outbox.h"
#include "net/send/reframe.h"
#include "net/state/conn_end.h"
#include "net/state/holders.h"
#include "net/state/pending.h"
#include "net/state/stall.h"
#include "net/state/topic.h"

/* What it takes to queue some bytes of the stream. */
struct needs {
    size_t bockets;
    size_t segments;
};

/* Without `copy`, nothing is copied. Each piece but the first may need a
 * segment and, if it is copied, a bocket. */
static struct needs needs_for(const struct conn *conn, uint64_t from,
                              uint64_t to, bool copy)
{
    const struct server *server = conn->server;
    const struct queue *queue = &conn->queue;
    struct needs needs = {0, 0};

    for (uint64_t at = from; at < to;) {
        struct segment piece = stream_piece(&server->stream, at, to);
        bool copies = copy && queue_should_copy(&server->queues, queue, &piece);
        size_t more = 1;

        if (at == from && copies)
            more =
                queue_bockets_for(&server->queues, queue, piece.length, NULL);
        else if (at == from)
            more = !queue_continues(queue, &piece);
        needs.segments += more;
        needs.bockets += copies ? more : 0;
        at += piece.length;
    }
    return needs;
}

/* Usually the most that it could be is there: then the pieces need not be
 * looked at. Those of a message, but the two at its ends, are full bockets. */
static bool has_blocks_to_refer(const struct conn *conn, uint64_t from,
                                uint64_t to)
{
    const struct server *server = conn->server;
    size_t most = (to - from) / server->options.size + 2;

    return queue_has_blocks(&server->queues, &conn->queue, most) ||
           queue_has_blocks(&server->queues, &conn->queue,
                            needs_for(conn, from, to, false).segments);
}

static bool has_memory_to_copy(const struct conn *conn, uint64_t from,
                               uint64_t to)
{
    const struct server *server = conn->server;
    struct needs needs = needs_for(conn, from, to, true);

    return needs.bockets <= pool_available(server->pool, POOL_COMMON) &&
           queue_has_blocks(&server->queues, &conn->queue, needs.segments);
}

/* Queue the bytes between two positions; with `copy`, copy short pieces. */
static void queue_span(struct conn *conn, uint64_t from, uint64_t to, bool copy)
{
    struct server *server = conn->server;
    struct bocket *none = NULL;

    while (from < to) {
        struct segment piece = stream_piece(&server->stream, from, to);

        if (copy && queue_should_copy(&server->queues, &conn->queue, &piece))
            queue_write(&server->queues, &conn->queue,
                        piece.bocket->bytes + piece.offset, piece.length, &none,
                        POOL_COMMON);
        else
            queue_add_piece(&server->queues, &conn->queue, &piece);
        from += piece.length;
    }
    counters_deliver(&conn->out, 1);
}

/*
 * Nothing is copied into an empty queue, so a connection that keeps up gets the
 * message even if the pool has no bocket.
 */
static bool queue_span_if_it_fits(struct conn *conn, uint64_t from, uint64_t to)
{
    bool copy = conn->queue.count > 0;

    if (!outbox_fits(conn, to - from) ||
        !(copy ? has_memory_to_copy(conn, from, to)
               : has_blocks_to_refer(conn, from, to)))
        return false;
    queue_span(conn, from, to, copy);
    return true;
}

static bool queue_message(struct conn *conn, const struct pending *pending)
{
    const struct stream *stream = &conn->server->stream;

    if (conn_has(conn, CONN_REFRAMED))
        return reframe_queue(pending);
    return queue_span_if_it_fits(conn,
                                 stream_position(stream, pending->message),
                                 stream_position(stream, pending->message + 1));
}

/*
 * Queue a message; offer the queue to the kernel first if it does not fit.
 * False: the connection is full, or has ended.
 */
static bool queue_or_drain(struct conn *conn, const struct pending *pending)
{
    return queue_message(conn, pending) ||
           (drain(conn) && conn->state == CONN_OPEN &&
            queue_message(conn, pending));
}

static void overflow_stall(struct conn *conn, const struct pending *pending,
                           enum overflow policy)
{
    const struct stream *stream = &conn->server->stream;
    uint64_t sequence = stream_message(stream, pending->message)->sequence;
    struct sub *sub =
        stall_begin(conn, pending->channel, pending->sub, policy, sequence - 1);

    stall_withhold(pending, sub);
    if (policy == OVERFLOW_DROP && outbox_fits(conn, pending_length(pending)))
        holders_await_space(conn, pending_length(pending));
    else if (policy == OVERFLOW_DROP)
        drain_post_events(conn); /* a long message may not fit in a queue that
                               is half free already: nothing else notices */
}

/* The kernel has taken the first `taken` bytes of the message. */
static void overflow_close(struct conn *conn, const struct pending *pending,
                           uint64_t taken)
{
    struct counters *counters = &conn->server->counters;

    counters_withdraw(counters, pending_length(pending) - taken);
    counters_miss(counters, &conn->missed, OVERFLOW_CLOSE);
    conn->next_message = pending->message + 1;
    conn_end(conn, REASON_OVERFLOW, NULL);
}

/* Queue, withhold or skip one message, depending on its subscription. */
static void enqueue_one(struct conn *conn, const struct pending *pending)
{
    struct sub *sub = pending->sub;
    enum overflow policy;

    if (pending->channel->topic == NULL && conn_has(conn, CONN_STALLED))
        sub = conn_broadcasts(conn);
    if (sub_is_stalled(sub)) {
        stall_withhold(pending, sub);
        return;
    }
    if (conn_has(conn, CONN_REFRAMED) && !reframe_carries(pending)) {
        reframe_skip(pending);
        return;
    }
    policy = stall_policy(conn, pending->channel);
    if ((policy != OVERFLOW_LATEST || !conn_has(conn, CONN_BEHIND)) &&
        (queue_or_drain(conn, pending) || conn->state != CONN_OPEN))
        return;
    if (policy == OVERFLOW_CLOSE)
        overflow_close(conn, pending, 0);
    else
        overflow_stall(conn, pending, policy);
}

/* Out of line, so that the common case, nothing waits, stays short. */
static __attribute__((noinline)) void enqueue_all(struct conn *conn)
{
    struct pending pending = pending_begin(conn);

    while (conn->state == CONN_OPEN && pending_next(&pending)) {
        enqueue_one(conn, &pending);
        if (conn->state == CONN_OPEN)
            conn->next_message = pending.message + 1;
    }
    if (conn->state != CONN_OPEN)
        return;
    conn->next_message = conn->server->stream.next;
    outbox_note_queued(conn);
    if (conn->queue.count > 0 && !conn_has(conn, CONN_BEHIND))
        outbox_mark_dirty(conn);
}

void enqueue_pending(struct conn *conn)
{
    if (conn->state == CONN_OPEN &&
        conn->next_message < conn->server->stream.next)
        enqueue_all(conn);
}

/* Queue all but the first `taken` bytes of a message. `adjacent`: it lies
 * directly behind the last message queued. With `taken` > 0 it must be queued,
 * and only blocks can be missing. */
static bool queue_rest(struct conn *conn, const struct pending *pending,
                       uint64_t taken, bool adjacent)
{
    const struct stream *stream = &conn->server->stream;
    uint64_t from = stream_position(stream, pending->message) + taken;
    uint64_t to = stream_position(stream, pending->message + 1);

    if (!adjacent)
        return queue_span_if_it_fits(conn, from, to);
    if ((taken == 0 && !outbox_fits(conn, to - from)) ||
        !has_blocks_to_refer(conn, from, to))
        return false;
    queue_span(conn, from, to, false);
    return true;
}

/*
 * Adjacent messages from the first on make few segments, so they refer to the
 * bockets of the stream, which all connections that fall behind in this turn
 * share. After the first gap, short pieces are copied.
 */
void enqueue_rest(struct conn *conn, uint64_t end, uint64_t taken)
{
    struct pending pending = pending_begin(conn);
    bool adjacent = true;

    while (pending_next(&pending) && pending.message < end) {
        uint64_t length = pending_length(&pending);

        adjacent = adjacent && (conn->queue.count == 0 ||
                                pending.message == conn->next_message);
        if (taken >= length) {
            taken -= length;
            counters_deliver(&conn->out, 1);
        } else if (queue_rest(conn, &pending, taken, adjacent)) {
            taken = 0;
        } else if (taken > 0) {
            overflow_close(conn, &pending, taken);
            return;
        } else {
            break;
        }
        conn->next_message = pending.message + 1;
    }
    drain_fall_behind(conn);
    outbox_note_queued(conn);
    enqueue_pending(conn);
}

/* ------------------------------------------------------------------ too old */

static void overflow_sub(struct conn *conn, struct channel *channel,
                         struct sub *sub)
{
    enum overflow policy = stall_policy(conn, channel);

    if (sub_is_stalled(sub))
        return;
    if (policy == OVERFLOW_CLOSE)
        conn_end(conn, REASON_OVERFLOW, NULL);
    else
        stall_begin(conn, channel, sub, policy, conn->server->engine->sequence);
}

void enqueue_overflow(struct conn *conn)
{
    struct sub *sub, *next;

    enqueue_pending(conn);
    if (conn->state == CONN_OPEN)
        overflow_sub(conn, &conn->server->broadcasts, conn_broadcasts(conn));
    for (sub = conn->subs; conn->state == CONN_OPEN && sub != NULL;
         sub = next) {
        next = sub->next;
        overflow_sub(conn, sub->channel, sub);
    }
}
