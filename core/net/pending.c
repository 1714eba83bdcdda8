#include "net/pending.h"

#include "net/topic.h"

static void mark(struct channel *channel, struct sub *sub, uint64_t look)
{
    channel->mark = look;
    channel->marked = sub;
}

/* By the shorter way: its topics, or those of which something waits. */
static void mark_topics(struct conn *conn, uint64_t look)
{
    struct server *server = conn->server;

    if (conn->nsubs <= server->nhot) {
        for (struct sub *sub = conn->subs; sub != NULL; sub = sub->next)
            mark(sub->channel, sub, look);
        return;
    }
    for (struct link *at = server->hot.next; at != &server->hot;
         at = at->next) {
        struct channel *channel = link_owner(at, struct channel, hot);
        struct sub *sub =
            channel->topic != NULL ? topic_sub(channel->topic, conn) : NULL;

        if (sub != NULL)
            mark(channel, sub, look);
    }
}

struct pending pending_begin(struct conn *conn)
{
    struct server *server = conn->server;
    uint64_t base = server->stream.base;
    struct pending pending = {
        .conn = conn,
        .next = conn->seen > base ? conn->seen : base,
    };

    if (pending.next >= server->stream.next)
        return pending;
    server->looks++;
    mark(&server->broadcasts,
         conn_has(conn, CONN_LAGGING) ? conn_broadcasts(conn) : NULL,
         server->looks);
    if (conn->nsubs > 0)
        mark_topics(conn, server->looks);
    return pending;
}

bool pending_next(struct pending *pending)
{
    const struct server *server = pending->conn->server;

    while (pending->next < server->stream.next) {
        uint64_t message = pending->next++;
        struct channel *channel =
            stream_message(&server->stream, message)->channel;

        if (channel->mark != server->looks ||
            (channel->topic != NULL && message < channel->marked->since))
            continue;
        pending->message = message;
        pending->channel = channel;
        pending->sub = channel->marked;
        return true;
    }
    return false;
}

uint64_t pending_length(const struct pending *pending)
{
    const struct stream *stream = &pending->conn->server->stream;

    return stream_position(stream, pending->message + 1) -
           stream_position(stream, pending->message);
}

uint64_t pending_bytes(struct conn *conn)
{
    struct pending pending = pending_begin(conn);
    uint64_t bytes = 0;

    while (pending_next(&pending))
        bytes += pending_length(&pending);
    return bytes;
}
