/*
 * topic.h - topics by name, and who is subscribed to them
 *
 *     engine --- topics, by name --- topic --- channels, one for each server
 *        \----- subs, by connection and topic
 *
 * A topic is there as long as the script holds it, somebody is subscribed, or
 * it keeps retained messages; then it goes, at the end of some turn. A closed
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
    struct table_node node;
    struct link channels;
    struct snapshot snapshot;
    struct link kept;      /* in the engine's list: its snapshot gives way */
    struct link unsettled; /* in the engine's list */
    uint64_t published;    /* messages */
    uint32_t count;        /* subscribers */
    uint32_t held;         /* by how many objects of scripts */
    bool retains;
    uint8_t overflow; /* enum overflow */
    uint8_t name_length;
    char name[];
};

/* It has lost something that held it. */
void topic_unsettle(struct topic *topic);

/* At the end of a turn: topics and channels that nobody needs go. */
void topic_settle_all(struct engine *engine);

/* The channels at a server go; their last subscribers have gone. */
void topic_free_channels(struct server *server);

/* All of them go, and the connections have gone. */
void topic_free_all(struct engine *engine);

/* The subscription of a connection, or NULL. */
struct sub *topic_sub(const struct topic *topic, const struct conn *conn);

/* Subscribe a connection that is not. NULL: no memory. */
struct sub *topic_subscribe(struct topic *topic, struct conn *conn);

/* End a subscription. What waits for it in the stream: the caller's care. */
void topic_unsubscribe(struct sub *sub);

/* Does the channel need the newest messages, for any of its subscribers? */
bool topic_channel_conflates(const struct channel *channel);
bool topic_conflates(const struct topic *topic);

/* The own policy of a connection changes. */
void topic_set_conn_overflow(struct conn *conn, enum overflow overflow);

/* The record of the subscription of a connection to the broadcasts. */
static inline struct sub *conn_broadcasts(const struct conn *conn)
{
    return &conn->server->engine->conns.slow[conn->slot].broadcasts;
}

#endif
