/*
 * topic.h - topics and subscriptions
 *
 *     engine --- topics, by name --- topic --- channels, one for each server
 *        \----- subs, by connection and topic
 *
 * A topic exists as long as the script holds it, a connection is subscribed, or
 * it retains messages. When it loses one of these it is noted as unsettled; at
 * the end of a turn unsettled topics that are unused are freed. A closed
 * connection leaves all its topics.
 */
#ifndef FES_STATE_TOPIC_H
#define FES_STATE_TOPIC_H

#include "net/state/channel.h"
#include "net/state/engine.h"
#include "net/state/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct topic {
    struct engine *engine;
    struct table_node node; /* in engine->topics */
    struct link channels;   /* one for each server */
    struct snapshot snapshot;
    struct link evictable; /* in the engine's list: may be evicted */
    struct link unsettled; /* in the engine's list: may be unused */
    uint32_t count;        /* subscribers that are open */
    uint32_t records;      /* subscriptions, also of ended connections */
    uint32_t held;         /* script objects that hold it */
    bool retains;
    bool pinned;         /* stalled subscribers need all that it retains */
    uint8_t overflow;    /* enum overflow: its own policy */
    uint8_t name_length; /* bytes */
    char name[];         /* any bytes, then a zero */
};

/* Note that the topic may be unused now, for topic_free_unused(). */
void topic_mark_unused(struct topic *topic);

/* Call at the end of a turn: frees unsettled topics that are unused, and those
 * of their channels that have no subscriptions. */
void topic_free_unused(struct engine *engine);

/* Free all channels at a server. They must have no subscriptions. */
void topic_free_channels(struct server *server);

/* Free all topics. There must be no connections. */
void topic_free_all(struct engine *engine);

/* The connection's subscription to the topic, or NULL. */
struct sub *topic_find_sub(const struct topic *topic, const struct conn *conn);

/* Subscribe a connection that is not subscribed. NULL: no memory. */
struct sub *topic_subscribe(struct topic *topic, struct conn *conn);

/* End a subscription. The caller has dealt with what waits for it in the
 * stream, and with its stall. */
void topic_unsubscribe(struct sub *sub);

/*
 * The same in three steps, for all subscriptions of a connection that ends
 * (membership.h): they do not count any more; they leave the circles; their
 * records, which can be found until then and keep the topics, are freed.
 */
void topic_uncount_subs(struct conn *conn);
void topic_detach_subs(struct conn *conn);
void topic_free_subs(struct conn *conn);

/* Must the newest message of each key be kept: for a subscriber of the channel;
 * for any subscriber, or because the topic retains? */
bool topic_channel_conflates(const struct channel *channel);
bool topic_conflates(const struct topic *topic);

/*
 * A topic of which nothing may be evicted, because stalled subscribers need
 * everything, leaves the list of those that are tried. It comes back, as the
 * first of them, when one of these subscribers has been given something or
 * stops being stalled. Unpinning one that is not pinned has no effect.
 */
void topic_pin(struct topic *topic);
void topic_unpin(struct topic *topic);

/* Set the connection's own policy. */
void topic_set_conn_overflow(struct conn *conn, enum overflow overflow);

static inline struct conn_slow *conn_slow_of(const struct conn *conn)
{
    return &conn->server->engine->conns.slow[conn->slot];
}

/* The record of the connection's subscription to broadcasts. */
static inline struct sub *conn_broadcasts(const struct conn *conn)
{
    return &conn_slow_of(conn)->broadcasts;
}

#endif
