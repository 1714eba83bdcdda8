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

enum { TOPIC_NAME_MOST = 255 };

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

/* The topic of a name; made if there is none. NULL: no memory. */
struct topic *topic_find(struct engine *engine, const char *name,
                         size_t length);
struct topic *topic_make(struct engine *engine, const char *name,
                         size_t length);

/* An object of a script holds it; and lets go of it. */
static inline void topic_hold(struct topic *topic)
{
    topic->held++;
}
void topic_let_go(struct topic *topic);

/* It has lost something that held it. */
void topic_unsettle(struct topic *topic);

/* At the end of a turn: topics and channels that nobody needs go. */
void topics_settle(struct engine *engine);

/* The channels at a server go; their last subscribers have gone. */
void channels_free(struct server *server);

/* All of them go, and the connections have gone. */
void topics_free(struct engine *engine);

/* The subscription of a connection, or NULL. */
struct sub *topic_sub(const struct topic *topic, const struct conn *conn);

/* Subscribe a connection that is not. NULL: no memory. */
struct sub *topic_subscribe(struct topic *topic, struct conn *conn);

/* End a subscription. What waits for it in the stream: the caller's care. */
void topic_unsubscribe(struct sub *sub);

/* Does the channel need the newest messages, for any of its subscribers? */
bool channel_conflates(const struct channel *channel);
bool topic_conflates(const struct topic *topic);

/* Does a policy need them? */
static inline bool overflow_conflates(unsigned overflow)
{
    return overflow == OVERFLOW_LATEST || overflow == OVERFLOW_ASK;
}

/* The own policy of a connection changes. */
void topic_set_conn_overflow(struct conn *conn, enum overflow overflow);

/* The record of the subscription of a connection to the broadcasts. */
static inline struct sub *conn_broadcasts(const struct conn *conn)
{
    return &conn->server->engine->conns.slow[conn->slot].broadcasts;
}

#endif
