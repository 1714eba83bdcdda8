#include "net/send/reframe.h"

#include "net/send/outbox.h"

#include <string.h>

/* Positions in the stream of the data of a message, without its framing. */
struct span {
    uint64_t from, to;
};

static struct span data_span(const struct pending *pending)
{
    const struct server *server = pending->conn->server;
    struct message around = framing_encode(&server->options.framing, NULL, 0);

    return (struct span){
        .from = stream_position(&server->stream, pending->message) +
                around.prefix_length,
        .to = stream_position(&server->stream, pending->message + 1) -
              around.suffix_length,
    };
}

static bool has_line_end(const struct stream *stream, struct span data)
{
    while (data.from < data.to) {
        struct segment piece = stream_piece(stream, data.from, data.to);

        if (memchr(piece.bocket->bytes + piece.offset, '\n', piece.length))
            return true;
        data.from += piece.length;
    }
    return false;
}

bool reframe_carries(const struct pending *pending)
{
    const struct server *server = pending->conn->server;
    const struct framing *framing = conn_framing(pending->conn);
    struct span data = data_span(pending);
    size_t length = data.to - data.from;

    if (length + framing_overhead(framing) > server->limit)
        return false;
    if (framing->kind == FRAMING_LINE)
        return !has_line_end(&server->stream, data);
    return framing_refuses(framing, NULL, length) == NULL;
}

void reframe_skip(const struct pending *pending)
{
    counters_withdraw(&pending->conn->server->counters,
                      pending_length(pending));
    counters_miss(&pending->conn->server->counters, &pending->conn->missed,
                  OVERFLOW_DROP);
}

/* Take the share before writing: the first part makes the queue a holder. */
static void write_message(struct conn *conn, const struct message *message,
                          struct span data)
{
    const struct stream *stream = &conn->server->stream;
    enum pool_share share = conn_share(conn);

    outbox_write(conn, message->prefix, message->prefix_length, share);
    while (data.from < data.to) {
        struct segment piece = stream_piece(stream, data.from, data.to);

        outbox_write(conn, piece.bocket->bytes + piece.offset, piece.length,
                     share);
        data.from += piece.length;
    }
    outbox_write(conn, message->suffix, message->suffix_length, share);
}

static bool fits_now(struct conn *conn, size_t length)
{
    const struct server *server = conn->server;
    const struct queue_store *store = &server->queues;

    return outbox_fits(conn, length) &&
           queue_bockets_for(store, &conn->queue, length, server->shared) <=
               pool_available(server->pool, conn_share(conn)) &&
           queue_has_blocks(
               store, &conn->queue,
               queue_segments_for(store, &conn->queue, length, server->shared));
}

bool reframe_queue(const struct pending *pending)
{
    struct conn *conn = pending->conn;
    struct span data = data_span(pending);
    struct message message =
        framing_encode(conn_framing(conn), NULL, data.to - data.from);

    if (!fits_now(conn, message.length))
        return false;
    write_message(conn, &message, data);
    counters_reframe(&conn->server->counters, pending_length(pending),
                     message.length);
    counters_deliver(&conn->out, 1);
    return true;
}
