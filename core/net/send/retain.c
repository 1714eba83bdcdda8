#include "net/send/retain.h"

#include "net/send/reclaim.h"

static const struct key no_key = {.kind = KEY_NONE};

/* Room in the store for one more message of a key. */
static bool has_cells(struct cells *cells, const struct picture *picture,
                      struct key key, size_t length)
{
    return cells_map(cells) &&
           picture_cells_for(cells, picture, key, length) <= cells->free;
}

/* Up to which number nobody who lags needs anything of the topic. */
static uint64_t least_upto(const struct topic *topic)
{
    uint64_t least = UINT64_MAX;

    for (const struct link *at = topic->channels.next; at != &topic->channels;
         at = at->next) {
        const struct channel *channel =
            link_owner(at, struct channel, of_topic);

        if (channel->catching == 0)
            continue;
        for (const struct link *its = channel->circle.next;
             its != &channel->circle; its = its->next) {
            const struct sub *sub = link_owner(its, struct sub, circle);

            if (sub_catches_up(sub) && sub->upto < least)
                least = sub->upto;
        }
    }
    return least;
}

/* The number of the first message that still waits where the topic has
 * subscribers: nobody knows yet who will be behind on it. */
static uint64_t first_waiting(const struct topic *topic)
{
    uint64_t first = UINT64_MAX;

    for (const struct link *at = topic->channels.next; at != &topic->channels;
         at = at->next) {
        const struct channel *channel =
            link_owner(at, struct channel, of_topic);
        const struct stream *stream = &channel->server->stream;

        if (!link_alone(&channel->hot) && stream_waits(stream) &&
            stream_message(stream, stream->base)->sequence < first)
            first = stream_message(stream, stream->base)->sequence;
    }
    return first;
}

/* Forget the oldest keys that nobody is behind on, until `needed` are free. */
static void forget_oldest(struct topic *topic, uint32_t needed)
{
    struct cells *cells = &topic->shard->cells;
    uint64_t waiting = first_waiting(topic);
    uint64_t least = least_upto(topic);

    while (cells->free < needed && !picture_empty(&topic->picture)) {
        struct entry *oldest =
            link_owner(topic->picture.order.next, struct entry, order);

        if (oldest->sequence > least)
            return;
        if (oldest->sequence < waiting) {
            picture_drop(cells, &topic->picture, oldest);
            continue;
        }
        room_flush_topic(topic);
        waiting = UINT64_MAX;
        least = least_upto(topic);
    }
}

/*
 * Topics that do not retain give way, whoever needs the room: those that have
 * kept something for longest first. May send, and end connections.
 */
static bool make_cells(struct shard *shard, const struct picture *picture,
                       struct key key, size_t length)
{
    struct cells *cells = &shard->cells;
    uint32_t needed = cells_for(key.length + length) + 1;
    struct link *next;

    for (struct link *at = shard->kept.next;
         at != &shard->kept && !has_cells(cells, picture, key, length);
         at = next) {
        struct topic *topic = link_owner(at, struct topic, kept);

        next = at->next;
        forget_oldest(topic, needed);
        if (picture_empty(&topic->picture))
            link_out(&topic->kept);
    }
    return has_cells(cells, picture, key, length);
}

bool keep_published(struct topic *topic, const char *data, size_t length,
                    struct key key, conn_name except)
{
    struct shard *shard = topic->shard;

    if (!topic_conflates(topic)) {
        picture_clear(&shard->cells, &topic->picture);
        return true;
    }
    if (!make_cells(shard, &topic->picture, key, length))
        return false;
    if (link_alone(&topic->kept) && !topic->retains)
        link_before(&shard->kept, &topic->kept);
    return picture_put(&shard->cells, &topic->picture, key, data, length,
                       shard->sequence + 1, except);
}

bool keep_has_room(struct server *server, size_t length)
{
    return !channel_conflates(&server->broadcasts) ||
           make_cells(server->shard, &server->picture, no_key, length);
}

bool keep_broadcast(struct server *server, const char *data, size_t length,
                    conn_name except)
{
    struct shard *shard = server->shard;

    if (!channel_conflates(&server->broadcasts)) {
        picture_clear(&shard->cells, &server->picture);
        return true;
    }
    return has_cells(&shard->cells, &server->picture, no_key, length) &&
           picture_put(&shard->cells, &server->picture, no_key, data, length,
                       shard->sequence + 1, except);
}
