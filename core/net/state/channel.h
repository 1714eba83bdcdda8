/*
 * channel.h - the subscribers that one topic has at one server
 *
 *     topic --- channel (server A) --- circle: sub, sub, sub, ...
 *        \----- channel (server B) --- circle: sub, sub
 *
 * A server's broadcasts are a channel too, of which every open connection is a
 * subscriber: its circle links the connections themselves. A message is written
 * once into the stream of the server, with its channel beside it.
 *
 * A subscription is live, or it lags: its messages are withheld, whole, until
 * the stall is over (overflow.h). It needs two numbers of the engine's sequence
 * for that. The one of a connection to its server's broadcasts has a record
 * only while it lags (conn.h).
 */
#ifndef FES_STATE_CHANNEL_H
#define FES_STATE_CHANNEL_H

#include "base/list.h"
#include "base/table.h"
#include "net/memory/snapshot.h"
#include "net/state/overflow.h"

#include <stdbool.h>
#include <stdint.h>

struct channel {
    struct server *server;
    struct topic *topic;       /* NULL: the broadcasts of the server */
    struct snapshot *snapshot; /* of the topic, or of the broadcasts */
    struct link subscribers;   /* subscribers, in the order of the next lap */
    struct link *cursor;       /* whom the lap visits next; NULL: no lap */
    struct link *last_slice;   /* begins the next lap; NULL: the last does */
    uint32_t count;            /* in the circle */
    uint32_t catching;         /* those that lag and may need the snapshot */
    uint32_t conflating;       /* those whose own policy needs the snapshot */
    struct link active;        /* in the server's list, while messages wait */
    uint64_t bit;          /* while hot: no other's; 0: there was none left */
    uint64_t next;         /* the message of the stream behind its last */
    uint64_t mark;         /* who looks for messages of it just now */
    struct sub *marked;    /* by this subscription */
    struct link of_topic;  /* in the topic's list */
    struct link of_server; /* in the server's list */
};

enum sub_state {
    SUB_LIVE,   /* messages are given as they come */
    SUB_DROP,   /* they are withheld, and lost */
    SUB_ASK,    /* likewise, until the script has answered */
    SUB_LATEST, /* they are withheld until it can catch up by the snapshot */
};

struct sub {
    struct link in_channel; /* in the list of its subscribers */
    struct channel *channel;
    struct conn *conn;
    struct sub *next; /* of the same connection */
    struct sub **back;
    struct table_node node; /* among all of the engine */
    uint64_t since;         /* the message of the stream that is first for it */
    uint64_t from;   /* lagging: numbers up to here are not of this stall */
    uint64_t upto;   /* lagging: it has everything up to this number */
    uint64_t missed; /* messages withheld in this stall */
    uint8_t state;   /* enum sub_state */
    uint8_t answer;  /* enum overflow; the script's, for this stall */
    bool asked;      /* the script has been */
};

static inline bool sub_is_stalled(const struct sub *sub)
{
    return sub != NULL && sub->state != SUB_LIVE;
}

/* Does it lag, and may it have to catch up by the snapshot? */
static inline bool sub_catches_up(const struct sub *sub)
{
    return sub->state == SUB_LATEST || sub->state == SUB_ASK;
}

/* A channel without subscribers. */
static inline void channel_init(struct channel *channel, struct server *server,
                                struct topic *topic, struct snapshot *snapshot)
{
    *channel = (struct channel){
        .server = server,
        .topic = topic,
        .snapshot = snapshot,
    };
    link_init(&channel->subscribers);
    link_init(&channel->active);
    link_init(&channel->of_topic);
    link_init(&channel->of_server);
}

/* A link is taken out of the circle: whoever stands on it moves on. */
static inline void channel_leave(struct channel *channel, struct link *link)
{
    if (channel->cursor == link)
        channel->cursor = link->next;
    if (channel->last_slice == link)
        channel->last_slice = link->next;
    link_out(link);
    channel->count--;
}

#endif
