#include "net/send/retain.h"

#include "net/send/reclaim.h"

static const struct key no_key = {.kind = KEY_NONE};

/* Does the store have space for one more message of the key? */
static bool has_cells(struct cells *cells, const struct snapshot *snapshot,
                      struct key key, size_t length)
{
    return cells_map(cells) &&
           snapshot_cells_for(cells, snapshot, key, length) <= cells->free;
}

/* The sequence number up to which every stalled subscriber has everything. */
static uint64_t least_upto(const struct topic *topic)
{
    uint64_t least = UINT64_MAX;

    for (const struct link *at = topic->channels.next; at != &topic->channels;
         at = at->next) {
        const struct channel *channel =
            link_owner(at, struct channel, of_topic);

        if (channel->catching == 0)
            continue;
        for (const struct link *its = channel->subscribers.next;
             its != &channel->subscribers; its = its->next) {
            const struct sub *sub = link_owner(its, struct sub, in_channel);

            if (sub_catches_up(sub) && sub->upto < least)
                least = sub->upto;
        }
    }
    return least;
}

/* The sequence number of the first message in a stream that has messages of the
 * topic: it is not known yet whether a subscriber will be stalled by it. */
static uint64_t first_in_streams(const struct topic *topic)
{
    uint64_t first = UINT64_MAX;

    for (const struct link *at = topic->channels.next; at != &topic->channels;
         at = at->next) {
        const struct channel *channel =
            link_owner(at, struct channel, of_topic);
        const struct stream *stream = &channel->server->stream;

        if (!link_alone(&channel->active) && stream_has_messages(stream) &&
            stream_message(stream, stream->base)->sequence < first)
            first = stream_message(stream, stream->base)->sequence;
    }
    return first;
}

/* Evict the oldest keys, unless needed, until `needed` cells are free. A topic
 * whose oldest key is needed is not tried again before that may have changed,
 * so that a full store does not cost a look at every topic. */
static void evict_oldest(struct topic *topic, uint32_t needed)
{
    struct cells *cells = &topic->engine->cells;
    uint64_t waiting = first_in_streams(topic);
    uint64_t least = least_upto(topic);

    while (cells->free < needed && !snapshot_empty(&topic->snapshot)) {
        struct entry *oldest =
            link_owner(topic->snapshot.order.next, struct entry, order);

        if (oldest->sequence > least) {
            topic_pin(topic);
            return;
        }
        if (oldest->sequence < waiting) {
            snapshot_drop(cells, &topic->snapshot, oldest);
            continue;
        }
        reclaim_flush_topic(topic);
        waiting = UINT64_MAX;
        least = least_upto(topic);
    }
}

/*
 * Make space for a message by evicting from topics that do not retain. False:
 * not enough could be evicted.
 */
static bool ensure_cells(struct engine *engine, const struct snapshot *snapshot,
                         struct key key, size_t length)
{
    struct cells *cells = &engine->cells;
    uint32_t needed = cells_for(key.length + length) + 1;
    struct link *next;

    for (struct link *at = engine->evictable.next;
         at != &engine->evictable && !has_cells(cells, snapshot, key, length);
         at = next) {
        struct topic *topic = link_owner(at, struct topic, evictable);

        next = at->next;
        evict_oldest(topic, needed);
        if (snapshot_empty(&topic->snapshot))
            link_out(&topic->evictable);
    }
    return has_cells(cells, snapshot, key, length);
}

bool retain_published(struct topic *topic, const char *data, size_t length,
                      struct key key, conn_name except)
{
    struct engine *engine = topic->engine;

    if (!topic_conflates(topic)) {
        snapshot_clear(&engine->cells, &topic->snapshot);
        return true;
    }
    if (!ensure_cells(engine, &topic->snapshot, key, length))
        return false;
    if (link_alone(&topic->evictable) && !topic->retains && !topic->pinned)
        link_before(&engine->evictable, &topic->evictable);
    return snapshot_put(&engine->cells, &topic->snapshot, key, data, length,
                        engine->sequence + 1, except);
}

bool retain_ensure_space(struct server *server, size_t length)
{
    return !topic_channel_conflates(&server->broadcasts) ||
           ensure_cells(server->engine, &server->snapshot, no_key, length);
}

bool retain_broadcast(struct server *server, const char *data, size_t length,
                      conn_name except)
{
    struct engine *engine = server->engine;

    if (!topic_channel_conflates(&server->broadcasts)) {
        snapshot_clear(&engine->cells, &server->snapshot);
        return true;
    }
    return has_cells(&engine->cells, &server->snapshot, no_key, length) &&
           snapshot_put(&engine->cells, &server->snapshot, no_key, data, length,
                        engine->sequence + 1, except);
}
