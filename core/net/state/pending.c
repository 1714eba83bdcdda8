#include "net/state/pending.h"

#include "net/state/topic.h"

/*
 * Iterates over the subscriptions of a connection to topics of which messages
 * may wait, by the shorter list: its own subscriptions, or active channels.
 */
struct walk {
    const struct conn *conn;
    struct sub *sub;           /* next of its own; NULL: no more */
    const struct link *active; /* next active channel; list head: no more */
};

static struct walk walk_begin(const struct conn *conn)
{
    const struct server *server = conn->server;
    bool by_own = conn->nsubs <= server->nactive;

    return (struct walk){
        .conn = conn,
        .sub = by_own ? conn->subs : NULL,
        .active = by_own ? &server->active : server->active.next,
    };
}

static struct sub *walk_next(struct walk *walk)
{
    struct sub *sub = walk->sub;

    if (sub != NULL) {
        walk->sub = sub->next;
        return sub;
    }
    while (sub == NULL && walk->active != &walk->conn->server->active) {
        const struct channel *channel =
            link_owner(walk->active, struct channel, active);

        walk->active = walk->active->next;
        if (channel->topic != NULL)
            sub = topic_find_sub(channel->topic, walk->conn);
    }
    return sub;
}

bool pending_channels(const struct conn *conn, uint64_t from,
                      uint64_t *channels)
{
    const struct server *server = conn->server;
    struct walk walk = walk_begin(conn);
    const struct sub *sub;

    if (server->bitless > 0)
        return false;
    *channels = server->broadcasts.bit;
    while ((sub = walk_next(&walk)) != NULL) {
        if (sub->channel->bit != 0 && sub->since > from)
            return false;
        *channels |= sub->channel->bit;
    }
    return true;
}

static void mark_channel(struct channel *channel, struct sub *sub,
                         uint64_t number)
{
    channel->mark = number;
    channel->marked = sub;
}

struct pending pending_begin(struct conn *conn)
{
    struct server *server = conn->server;
    uint64_t base = server->stream.base;
    struct walk walk = walk_begin(conn);
    struct sub *sub;
    struct pending pending = {
        .conn = conn,
        .next = conn->next_message > base ? conn->next_message : base,
    };

    if (pending.next >= server->stream.next)
        return pending;
    server->looks++;
    mark_channel(&server->broadcasts,
                 conn_has(conn, CONN_STALLED) ? conn_broadcasts(conn) : NULL,
                 server->looks);
    while ((sub = walk_next(&walk)) != NULL)
        mark_channel(sub->channel, sub, server->looks);
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
