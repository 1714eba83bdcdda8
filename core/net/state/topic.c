#include "net/state/topic.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------- settling */

void topic_mark_unused(struct topic *topic)
{
    if (link_alone(&topic->unsettled))
        link_before(&topic->engine->unsettled, &topic->unsettled);
}

static void free_topic(struct topic *topic)
{
    snapshot_free(&topic->engine->cells, &topic->snapshot);
    link_out(&topic->evictable);
    link_out(&topic->unsettled);
    free(topic);
}

static void free_channel(struct channel *channel)
{
    link_out(&channel->active);
    link_out(&channel->of_topic);
    link_out(&channel->of_server);
    link_out(&channel->empty);
    free(channel);
}

/* The channel may have no subscribers, and the topic be unused. */
static void mark_empty(struct channel *channel)
{
    if (link_alone(&channel->empty))
        link_before(&channel->server->engine->empty, &channel->empty);
    topic_mark_unused(channel->topic);
}

/* Channels with messages in the stream stay in the list until those are sent.
 */
static void free_empty_channels(struct engine *engine)
{
    struct link *next;

    for (struct link *at = engine->empty.next; at != &engine->empty;
         at = next) {
        struct channel *channel = link_owner(at, struct channel, empty);

        next = at->next;
        if (channel->records > 0)
            link_out(&channel->empty);
        else if (channel->next <= channel->server->stream.base)
            free_channel(channel);
    }
}

/* False: unused, but a message of it is still in a stream. */
static bool settle_topic(struct topic *topic)
{
    bool keeps = topic->retains && !snapshot_empty(&topic->snapshot);

    if (topic->held > 0 || topic->records > 0 || keeps)
        return true;
    if (!link_alone(&topic->channels))
        return false;
    table_take(&topic->engine->topics, &topic->node);
    free_topic(topic);
    return true;
}

/* Visits each once: those that stay unsettled are appended, behind `last`. */
void topic_free_unused(struct engine *engine)
{
    struct link *last = engine->unsettled.prev;
    struct link *at = &engine->unsettled;
    struct link *next = at->next;

    free_empty_channels(engine);
    while (at != last) {
        at = next;
        next = at->next;
        link_out(at);
        if (!settle_topic(link_owner(at, struct topic, unsettled)))
            link_before(&engine->unsettled, at);
    }
}

void topic_free_channels(struct server *server)
{
    while (!link_alone(&server->channels)) {
        struct channel *channel =
            link_owner(server->channels.next, struct channel, of_server);

        assert(channel->records == 0);
        topic_mark_unused(channel->topic);
        free_channel(channel);
    }
}

static void free_with_channels(struct table_node *node, void *context)
{
    struct topic *topic = link_owner(node, struct topic, node);

    (void)context;
    while (!link_alone(&topic->channels))
        free_channel(
            link_owner(topic->channels.next, struct channel, of_topic));
    free_topic(topic);
}

void topic_free_all(struct engine *engine)
{
    table_remove_all(&engine->topics, free_with_channels, NULL);
    table_clear(&engine->subs);
}

/* -------------------------------------------------------------- subscribing */

static uint64_t hash_of(const struct topic *topic, const struct conn *conn)
{
    return table_hash(&topic, sizeof(const struct topic *), conn->slot);
}

struct sub *topic_find_sub(const struct topic *topic, const struct conn *conn)
{
    struct table_node *node =
        table_first(&topic->engine->subs, hash_of(topic, conn));

    for (; node != NULL; node = table_next(node)) {
        struct sub *sub = link_owner(node, struct sub, node);

        if (sub->conn == conn && sub->channel->topic == topic)
            return sub;
    }
    return NULL;
}

static struct channel *new_channel(struct topic *topic, struct server *server)
{
    struct channel *channel = malloc(sizeof *channel);

    if (channel == NULL)
        return NULL;
    channel_init(channel, server, topic, &topic->snapshot);
    link_before(&topic->channels, &channel->of_topic);
    link_before(&server->channels, &channel->of_server);
    return channel;
}

/*
 * The channel is in two lists, and either may be long: of a topic that many
 * outgoing connections subscribe to, or of a server with many topics. Both are
 * searched at the same time, so that the shorter one says how long it takes.
 */
static struct channel *find_channel(const struct topic *topic,
                                    const struct server *server)
{
    struct link *of_topic = topic->channels.next;
    struct link *of_server = server->channels.next;

    while (of_topic != &topic->channels && of_server != &server->channels) {
        struct channel *one = link_owner(of_topic, struct channel, of_topic);
        struct channel *other =
            link_owner(of_server, struct channel, of_server);

        if (one->server == server)
            return one;
        if (other->topic == topic)
            return other;
        of_topic = of_topic->next;
        of_server = of_server->next;
    }
    return NULL;
}

static struct channel *find_or_make_channel(struct topic *topic,
                                            struct server *server)
{
    struct channel *channel = find_channel(topic, server);

    return channel != NULL ? channel : new_channel(topic, server);
}

static void link_sub(struct sub *sub, struct channel *channel,
                     struct conn *conn)
{
    sub->channel = channel;
    sub->conn = conn;
    sub->since = conn->server->stream.next;
    link_before(&channel->subscribers, &sub->in_channel);
    channel->count++;
    channel->topic->count++;
    channel->records++;
    channel->topic->records++;
    channel->conflating += overflow_conflates(conn->overflow);
    sub->next = conn->subs;
    sub->back = &conn->subs;
    if (sub->next != NULL)
        sub->next->back = &sub->next;
    conn->subs = sub;
    conn->nsubs++;
}

struct sub *topic_subscribe(struct topic *topic, struct conn *conn)
{
    struct channel *channel = find_or_make_channel(topic, conn->server);
    struct sub *sub = calloc(1, sizeof *sub);

    if (channel == NULL || sub == NULL ||
        !table_put(&topic->engine->subs, &sub->node, hash_of(topic, conn))) {
        free(sub);
        if (channel != NULL)
            mark_empty(channel);
        topic_mark_unused(topic);
        return NULL;
    }
    link_sub(sub, channel, conn);
    return sub;
}

static void uncount(struct sub *sub)
{
    sub->channel->count--;
    sub->channel->topic->count--;
}

static void detach(struct sub *sub)
{
    struct channel *channel = sub->channel;

    channel_leave(channel, &sub->in_channel);
    if (sub_catches_up(sub)) {
        channel->catching--;
        topic_unpin(channel->topic);
    }
    channel->conflating -= overflow_conflates(sub->conn->overflow);
}

static void free_sub(struct sub *sub)
{
    struct channel *channel = sub->channel;

    *sub->back = sub->next;
    if (sub->next != NULL)
        sub->next->back = sub->back;
    sub->conn->nsubs--;
    table_take(&channel->topic->engine->subs, &sub->node);
    channel->topic->records--;
    if (--channel->records == 0)
        mark_empty(channel);
    free(sub);
}

void topic_unsubscribe(struct sub *sub)
{
    uncount(sub);
    detach(sub);
    free_sub(sub);
}

void topic_uncount_subs(struct conn *conn)
{
    for (struct sub *sub = conn->subs; sub != NULL; sub = sub->next)
        uncount(sub);
}

void topic_detach_subs(struct conn *conn)
{
    for (struct sub *sub = conn->subs; sub != NULL; sub = sub->next)
        detach(sub);
}

void topic_free_subs(struct conn *conn)
{
    struct sub *next;

    for (struct sub *sub = conn->subs; sub != NULL; sub = next) {
        next = sub->next;
        free_sub(sub);
    }
}

/* ----------------------------------------------------------------- policies */

bool topic_channel_conflates(const struct channel *channel)
{
    unsigned policy = channel->server->options.overflow;

    if (channel->topic != NULL && channel->topic->overflow != OVERFLOW_UNSET)
        policy = channel->topic->overflow;
    return overflow_conflates(policy) || channel->conflating > 0 ||
           channel->catching > 0;
}

bool topic_conflates(const struct topic *topic)
{
    if (topic->retains || overflow_conflates(topic->overflow))
        return true;
    for (const struct link *at = topic->channels.next; at != &topic->channels;
         at = at->next)
        if (topic_channel_conflates(link_owner(at, struct channel, of_topic)))
            return true;
    return false;
}

void topic_pin(struct topic *topic)
{
    topic->pinned = true;
    link_out(&topic->evictable);
}

/* The first: it has held messages for longer than those tried since. */
void topic_unpin(struct topic *topic)
{
    if (!topic->pinned)
        return;
    topic->pinned = false;
    link_before(topic->engine->evictable.next, &topic->evictable);
}

void topic_set_conn_overflow(struct conn *conn, enum overflow overflow)
{
    int change = (int)overflow_conflates(overflow) -
                 (int)overflow_conflates(conn->overflow);

    conn->overflow = (uint8_t)overflow;
    conn->server->broadcasts.conflating += (uint32_t)change;
    for (struct sub *sub = conn->subs; sub != NULL; sub = sub->next)
        sub->channel->conflating += (uint32_t)change;
}
