#include "net/command/topic.h"

#include "net/send/enqueue.h"
#include "net/state/stall.h"
#include "net/state/topic.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct topic_facts topic_facts(const struct topic *topic)
{
    return (struct topic_facts){
        .name = topic->name,
        .name_length = topic->name_length,
        .subscribers = topic->count,
        .retains = topic->retains,
        .overflow = (enum overflow)topic->overflow,
    };
}

/* ------------------------------------------------------------------ by name */

struct topic *topic_find(struct engine *engine, const char *name, size_t length)
{
    uint64_t hash = table_hash(name, length, 0);
    struct table_node *node = table_first(&engine->topics, hash);

    for (; node != NULL; node = table_next(node)) {
        struct topic *topic = link_owner(node, struct topic, node);

        if (topic->name_length == length &&
            memcmp(topic->name, name, length) == 0)
            return topic;
    }
    return NULL;
}

static struct topic *new_topic(struct engine *engine, const char *name,
                               size_t length)
{
    struct topic *topic = calloc(1, sizeof *topic + length + 1);

    if (topic == NULL)
        return NULL;
    topic->engine = engine;
    topic->overflow = OVERFLOW_UNSET;
    topic->name_length = (uint8_t)length;
    memcpy(topic->name, name, length);
    link_init(&topic->channels);
    link_init(&topic->evictable);
    link_init(&topic->unsettled);
    snapshot_init(&topic->snapshot);
    if (table_put(&engine->topics, &topic->node, table_hash(name, length, 0)))
        return topic;
    free(topic);
    return NULL;
}

struct topic *topic_make(struct engine *engine, const char *name, size_t length)
{
    struct topic *topic = topic_find(engine, name, length);

    assert(length > 0 && length <= TOPIC_NAME_MOST);
    return topic != NULL ? topic : new_topic(engine, name, length);
}

void topic_hold(struct topic *topic)
{
    topic->held++;
}

void topic_release(struct topic *topic)
{
    assert(topic->held > 0);
    if (--topic->held == 0)
        topic_mark_unused(topic);
}

/* --------------------------------------------------------------- publishing */

const struct framing *topic_framing_refusing(const struct topic *topic,
                                             const char *data, size_t length)
{
    const struct link *end = &topic->channels;

    for (const struct link *at = end->next; at != end; at = at->next) {
        const struct channel *channel =
            link_owner(at, struct channel, of_topic);
        const struct framing *framing = &channel->server->options.framing;

        if (channel->count > 0 &&
            framing_refuses(framing, data, length) != NULL)
            return framing;
    }
    return NULL;
}

bool topic_fits(const struct topic *topic, size_t length)
{
    const struct link *end = &topic->engine->servers;
    bool fits = link_alone(end);

    for (const struct link *at = end->next; at != end && !fits; at = at->next) {
        const struct server *server = link_owner(at, struct server, servers);

        fits = length + framing_overhead(&server->options.framing) <=
               server->limit;
    }
    return fits;
}

/* ---------------------------------------------------------------- retaining */

bool topic_retain(struct topic *topic)
{
    if (!cells_map(&topic->engine->cells))
        return false;
    topic->engine->needs_cells = true;
    topic->retains = true;
    topic->pinned = false;
    link_out(&topic->evictable);
    return true;
}

void topic_clear(struct topic *topic, const struct key *key)
{
    struct cells *cells = &topic->engine->cells;
    struct entry *entry =
        key != NULL ? snapshot_find(cells, &topic->snapshot, *key) : NULL;

    if (key == NULL)
        snapshot_clear(cells, &topic->snapshot);
    else if (entry != NULL)
        snapshot_drop(cells, &topic->snapshot, entry);
    topic_mark_unused(topic);
}

static void copy_entry(const struct cells *cells, const struct entry *entry,
                       unsigned char *to)
{
    struct cell_reader reader = snapshot_read(cells, entry);
    const void *part;
    size_t n;

    while ((part = cells_next(cells, &reader, SIZE_MAX, &n)) != NULL) {
        memcpy(to, part, n);
        to += n;
    }
}

size_t topic_last(const struct topic *topic, struct key key, void *out,
                  size_t size)
{
    const struct cells *cells = &topic->engine->cells;
    const struct entry *entry =
        topic_conflates(topic) ? snapshot_find(cells, &topic->snapshot, key)
                               : NULL;

    if (entry == NULL)
        return SIZE_MAX;
    if (entry->length <= size)
        copy_entry(cells, entry, out);
    return entry->length;
}

/* -------------------------------------------------------------- subscribing */

enum command_answer topic_add_subscriber(struct topic *topic, conn_name name)
{
    struct engine *engine = topic->engine;
    struct conn *conn = engine_find_open(engine, name);
    struct sub *sub;

    if (conn == NULL)
        return COMMAND_CLOSED;
    if (topic_find_sub(topic, conn) != NULL)
        return COMMAND_DONE;
    if (conn->nsubs >= conn->server->options.maxtopics)
        return COMMAND_FULL;
    sub = topic_subscribe(topic, conn);
    if (sub == NULL)
        return COMMAND_FULL;
    if (topic->retains && !snapshot_empty(&topic->snapshot))
        stall_begin_snapshot(conn, sub);
    return COMMAND_DONE;
}

enum command_answer topic_remove_subscriber(struct topic *topic, conn_name name)
{
    struct conn *conn = engine_find_open(topic->engine, name);
    struct sub *sub;

    if (conn == NULL)
        return COMMAND_CLOSED;
    if (topic_find_sub(topic, conn) == NULL)
        return COMMAND_DONE;
    enqueue_pending(conn);
    sub = conn_is_open(conn) ? topic_find_sub(topic, conn) : NULL;
    if (sub == NULL)
        return COMMAND_CLOSED;
    if (sub_is_stalled(sub))
        stall_end(conn, sub);
    topic_unsubscribe(sub);
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ queries */

bool topic_has_subscriber(const struct topic *topic, conn_name name)
{
    const struct conn *conn = engine_find_open(topic->engine, name);

    return conn != NULL && topic_find_sub(topic, conn) != NULL;
}

bool topic_is_of(const struct topic *topic, conn_name name)
{
    const struct conn *conn = conn_find(&topic->engine->conns, name);

    return conn != NULL && topic_find_sub(topic, conn) != NULL;
}

static size_t list_channel(const struct channel *channel, conn_name *names,
                           size_t count, size_t most)
{
    const struct link *end = &channel->subscribers;

    for (const struct link *at = end->next; at != end; at = at->next) {
        const struct conn *conn = link_owner(at, struct sub, in_channel)->conn;

        if (!conn_is_open(conn))
            continue;
        if (count < most)
            names[count] = conn_name_of(conn);
        count++;
    }
    return count;
}

size_t topic_list_subscribers(const struct topic *topic, conn_name *names,
                              size_t most)
{
    const struct link *end = &topic->channels;
    size_t count = 0;

    for (const struct link *at = end->next; at != end; at = at->next)
        count = list_channel(link_owner(at, struct channel, of_topic), names,
                             count, most);
    return count;
}

size_t topic_list_of(const struct engine *engine, conn_name name,
                     struct topic **topics, size_t most)
{
    const struct conn *conn = conn_find(&engine->conns, name);
    size_t count = 0;

    if (conn == NULL)
        return 0;
    for (const struct sub *sub = conn->subs; sub != NULL; sub = sub->next) {
        if (count < most)
            topics[count] = sub->channel->topic;
        count++;
    }
    return count;
}
