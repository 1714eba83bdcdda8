#include "net/send/fanout.h"

#include "base/clock.h"
#include "net/io/socket.h"
#include "net/send/batch.h"
#include "net/send/drain.h"
#include "net/send/enqueue.h"
#include "net/state/conn_end.h"

#include <errno.h>

enum { VISITS_PER_CLOCK_READ = 16 };

/* ------------------------------------------------------------------ sending */

/* Send a batch from the stream; queue what the kernel does not take. */
static void send_batch(struct conn *conn, const struct batch *batch)
{
    ssize_t n = 0;

    if (batch->bytes > 0)
        do
            n = socket_send(conn->fd, batch->vector, batch->count);
        while (n < 0 && errno == EINTR);

    if (n < 0 && errno != EAGAIN) {
        conn_end_failed(conn, errno);
        return;
    }
    if (n > 0)
        drain_count_sent(conn, (size_t)n);
    if (n == (ssize_t)batch->bytes) {
        conn->next_message = batch->next;
        counters_deliver(&conn->out, batch->messages);
    } else {
        enqueue_rest(conn, batch->next, n > 0 ? (uint64_t)n : 0);
    }
}

/*
 * Send batch by batch. A message of too many pieces for one goes through the
 * queue, and so does all that follows bytes which the kernel refused.
 */
static void send_all(struct conn *conn)
{
    const struct stream *stream = &conn->server->stream;
    struct batch batch;

    while (conn->state == CONN_OPEN && conn->queue.count == 0 &&
           conn->next_message < stream->next) {
        struct pending pending = pending_begin(conn);

        batch_select(&batch, &pending);
        if (batch.messages == 0 && batch.next < stream->next)
            break;
        send_batch(conn, &batch);
    }
    enqueue_pending(conn);
}

/* ----------------------------------------------------------------- visiting */

/* All messages are of one channel: one batch for each position. */
static void pack_all(const struct stream *stream, uint64_t from,
                     struct batch *batch)
{
    if (from != batch->message || batch->next != stream->next)
        batch_pack(batch, stream, from);
}

/*
 * Messages of several channels: keep the batch if it fits this connection too,
 * else pack one. False: bits cannot say which channels the connection needs
 * (pending_channels()), so no other could be known to need the same batch.
 */
static bool pack_selected(struct conn *conn, uint64_t from, struct batch *batch)
{
    struct pending pending;
    uint64_t channels;

    if (!pending_channels(conn, from, &channels))
        return false;
    if (from == batch->message && channels == batch->channels)
        return true;
    pending = pending_begin(conn);
    batch_select(batch, &pending);
    batch->channels = channels;
    return true;
}

/* Prepare the batch. False: it cannot hold all that the connection needs. */
static bool prepare_batch(struct conn *conn, uint64_t from, uint64_t since,
                          struct batch *batch)
{
    const struct server *server = conn->server;

    if (server->only != NULL)
        pack_all(&server->stream, from > since ? from : since, batch);
    else if (!pack_selected(conn, from, batch))
        return false;
    return batch->next == server->stream.next;
}

/* A connection that has bytes in its queue is DIRTY or BEHIND. */
static void visit(struct conn *conn, uint64_t since, struct batch *batch)
{
    const struct stream *stream = &conn->server->stream;
    uint64_t from =
        conn->next_message > stream->base ? conn->next_message : stream->base;

    if (conn->next_message >= stream->next)
        return;
    if (!conn_has(conn,
                  CONN_BEHIND | CONN_STALLED | CONN_DIRTY | CONN_REFRAMED) &&
        prepare_batch(conn, from, since, batch))
        send_batch(conn, batch);
    else
        fanout_flush(conn);
}

void fanout_flush(struct conn *conn)
{
    if (conn->queue.count == 0 && conn->state == CONN_OPEN &&
        !conn_has(conn, CONN_STALLED | CONN_BEHIND | CONN_REFRAMED))
        send_all(conn);
    else
        enqueue_pending(conn);
    link_out(&conn->dirty);
    conn_clear(conn, CONN_DIRTY);
    if (conn->queue.count > 0 || conn->state == CONN_CLOSING)
        if (!conn_has(conn, CONN_BEHIND))
            fanout_send_queued(conn);
}

void fanout_send_queued(struct conn *conn)
{
    if (conn->state == CONN_DEAD || conn->state == CONN_ENDED)
        return;
    if (drain(conn) && conn->state == CONN_CLOSING && conn->queue.count == 0)
        conn_end_stream(conn);
}

/* --------------------------------------------------------------------- laps */

void fanout_activate(struct channel *channel)
{
    struct server *server = channel->server;

    channel->next = server->stream.next;
    server_ask_visit(server);
    if (server->stream.next - server->stream.base == 1)
        server->only = channel;
    else if (server->only != channel)
        server->only = NULL;
    if (!link_alone(&channel->active))
        return;
    link_before(&server->active, &channel->active);
    server->nactive++;
    channel->bit = ~server->bits & (server->bits + 1); /* the lowest free one */
    server->bits |= channel->bit;
    server->bitless += channel->bit == 0;
}

static void deactivate(struct channel *channel)
{
    struct server *server = channel->server;

    link_out(&channel->active);
    server->nactive--;
    server->bitless -= channel->bit == 0;
    server->bits &= ~channel->bit;
    channel->bit = 0;
}

/*
 * Move the head of the circle to the last slice of the lap before. If the first
 * connections went to the end instead, they would wait a whole lap longer than
 * the others.
 */
static void begin_lap(struct channel *channel)
{
    struct link *first = channel->last_slice;

    if (first == NULL || first == &channel->subscribers)
        first = channel->subscribers.prev;
    channel->last_slice = NULL;
    if (first != &channel->subscribers) {
        link_out(&channel->subscribers);
        link_before(first, &channel->subscribers);
    }
    channel->cursor = channel->subscribers.next;
}

/* The subscriber at the cursor; `*since`: the first message that is for it. */
static struct conn *subscriber_at_cursor(const struct channel *channel,
                                         uint64_t *since)
{
    const struct sub *sub;

    *since = 0;
    if (channel->topic == NULL)
        return link_owner(channel->cursor, struct conn, in_broadcasts);
    sub = link_owner(channel->cursor, struct sub, in_channel);
    *since = sub->since;
    return sub->conn;
}

/* Go on with the lap. False: the deadline came before its end. */
static bool walk_lap(struct channel *channel, uint64_t deadline)
{
    struct batch batch;
    unsigned visits = 0;
    uint64_t since;

    batch_init(&batch);
    if (channel->cursor != channel->subscribers.next)
        channel->last_slice = channel->cursor;
    while (channel->cursor != &channel->subscribers) {
        struct conn *conn = subscriber_at_cursor(channel, &since);

        channel->cursor = channel->cursor->next;
        __builtin_prefetch(channel->cursor);
        visit(conn, since, &batch);
        if (++visits % VISITS_PER_CLOCK_READ == 0 && clock_now() >= deadline)
            return false;
    }
    channel->cursor = NULL;
    return true;
}

/* A message published since the round began makes a lap of the next round due,
 * also for connections that got it in this one. */
static void end_lap(struct channel *channel)
{
    struct server *server = channel->server;

    server->laps--;
    if (channel->next > server->goal)
        link_last(&server->active, &channel->active);
    else
        deactivate(channel);
}

/* The channel of all messages in the stream; NULL: there are several. */
static struct channel *only_channel(const struct stream *stream)
{
    struct channel *only = NULL;

    for (uint64_t at = stream->base; at < stream->next; at++) {
        struct channel *channel = stream_message(stream, at)->channel;

        if (only != NULL && only != channel)
            return NULL;
        only = channel;
    }
    return only;
}

/* One lap for each channel of the round. False: the deadline came first. */
static bool walk_round(struct server *server, uint64_t deadline)
{
    while (server->laps > 0) {
        struct channel *channel =
            link_owner(server->active.next, struct channel, active);

        if (channel->cursor == NULL)
            begin_lap(channel);
        if (!walk_lap(channel, deadline))
            return false;
        end_lap(channel);
    }
    return true;
}

void fanout_walk(struct server *server, uint64_t deadline)
{
    while (stream_has_messages(&server->stream)) {
        if (server->laps == 0) {
            server->laps = server->nactive;
            server->goal = server->stream.next;
        }
        if (!walk_round(server, deadline))
            return;
        stream_trim(&server->stream, server->goal);
        server->only = only_channel(&server->stream);
    }
}
