#include "net/command/publish.h"

#include "net/send/enqueue.h"
#include "net/send/fanout.h"
#include "net/send/reclaim.h"
#include "net/send/retain.h"
#include "net/state/stall.h"

#include <assert.h>

/* -------------------------------------------------------------- one channel */

/* The connection `except`, if it is a subscriber of the channel; else NULL. */
static struct conn *find_excluded(const struct channel *channel,
                                  conn_name except)
{
    struct conn *conn = engine_find_open(channel->server->engine, except);

    if (conn == NULL || conn->server != channel->server ||
        (channel->topic != NULL &&
         topic_find_sub(channel->topic, conn) == NULL))
        return NULL;
    return conn;
}

/*
 * Make space in the stream and in the pool. The excluded connection, whose
 * `next_message` will skip the message, first gets what came before it; that
 * may take bockets. Reclaiming may free the stream's tail bocket, hence the
 * loop. May end connections.
 */
static bool ensure_space(const struct channel *channel, size_t length,
                         conn_name except)
{
    struct server *server = channel->server;
    struct conn *excluded = find_excluded(channel, except);
    size_t needed;

    if (excluded != NULL)
        enqueue_pending(excluded);
    if (!server_slab_holds(server, length))
        return false;
    if (!stream_fits(&server->stream, length))
        reclaim_flush(server);
    do {
        needed = stream_bockets_for(&server->stream, length);
        if (!reclaim_ensure(server, needed, POOL_RESERVE))
            return false;
    } while (stream_bockets_for(&server->stream, length) > needed);
    return true;
}

static void write_message(struct channel *channel,
                          const struct message *message, uint64_t sequence)
{
    struct stream *stream = &channel->server->stream;

    stream_write(stream, message->prefix, message->prefix_length);
    stream_write(stream, message->data, message->data_length);
    stream_write(stream, message->suffix, message->suffix_length);
    stream_end_message(stream, channel, sequence);
    fanout_activate(channel);
}

/* Write the message for all subscribers but `excluded`; their number. */
static uint32_t write_for_all_but(struct channel *channel,
                                  const struct message *message,
                                  uint64_t sequence, struct conn *excluded)
{
    struct server *server = channel->server;
    uint32_t count = channel->count - (excluded != NULL);

    if (count == 0)
        return 0;
    write_message(channel, message, sequence);
    if (excluded != NULL)
        excluded->next_message = server->stream.next;
    if (!stream_fits(&server->stream, 1))
        server->end_hold = true;
    counters_publish(&server->counters, message->length, count);
    return count;
}

/* --------------------------------------------------------------- broadcasts */

enum command_answer publish_broadcast(struct server *server, const char *data,
                                      size_t length, conn_name except,
                                      uint32_t *receivers)
{
    struct channel *channel = &server->broadcasts;
    struct message message =
        framing_encode(&server->options.framing, data, length);

    *receivers = 0;
    if (server->closing)
        return COMMAND_CLOSED;
    assert(message.length <= server->limit);
    if (channel->count == 0)
        return COMMAND_DONE;

    bool ready = retain_ensure_space(server, length) &&
                 ensure_space(channel, message.length, except);
    struct conn *excluded = find_excluded(channel, except);

    if (channel->count == (excluded != NULL))
        return COMMAND_DONE;
    if (!ready || !retain_broadcast(server, data, length, except)) {
        counters_refuse(&server->counters);
        return COMMAND_FULL;
    }
    *receivers = write_for_all_but(channel, &message,
                                   ++server->engine->sequence, excluded);
    return COMMAND_DONE;
}

/* --------------------------------------------------------------- publishing */

/* The message cannot be written into the stream: withhold it from each
 * subscriber as if that were full. */
static void withhold_from_all(struct channel *channel, uint64_t sequence,
                              conn_name except)
{
    struct link *next;

    for (struct link *at = channel->subscribers.next;
         at != &channel->subscribers; at = next) {
        struct sub *sub = link_owner(at, struct sub, in_channel);
        struct conn *conn = sub->conn;
        enum overflow policy = stall_policy(conn, channel);

        next = at->next;
        if (conn_name_of(conn) == except)
            continue;
        enqueue_pending(conn);
        if (!conn_is_open(conn))
            continue;
        if (!sub_is_stalled(sub))
            stall_begin(conn, channel, sub,
                        policy == OVERFLOW_CLOSE ? OVERFLOW_DROP : policy,
                        sequence - 1);
        stall_count_missed(conn, sub);
        engine_post(conn->server->engine, conn, CONN_PENDING_LAG);
    }
}

static uint32_t publish_in_channel(struct channel *channel, const char *data,
                                   size_t length, uint64_t sequence,
                                   conn_name except)
{
    struct server *server = channel->server;
    struct message message =
        framing_encode(&server->options.framing, data, length);
    struct conn *excluded;
    uint32_t count;

    if (channel->count == 0)
        return 0;

    bool ready = message.length <= server->limit &&
                 ensure_space(channel, message.length, except);

    excluded = find_excluded(channel, except);
    if (ready)
        return write_for_all_but(channel, &message, sequence, excluded);
    count = channel->count - (excluded != NULL);
    counters_refuse(&server->counters);
    withhold_from_all(channel, sequence, except);
    return count;
}

enum command_answer publish_message(struct topic *topic, const char *data,
                                    size_t length, struct key key,
                                    conn_name except, uint32_t *receivers)
{
    struct link *next;

    *receivers = 0;
    if (!retain_published(topic, data, length, key, except))
        return COMMAND_FULL;
    topic->engine->sequence++;
    for (struct link *at = topic->channels.next; at != &topic->channels;
         at = next) {
        next = at->next;
        *receivers +=
            publish_in_channel(link_owner(at, struct channel, of_topic), data,
                               length, topic->engine->sequence, except);
    }
    return COMMAND_DONE;
}
