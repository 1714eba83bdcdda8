/*
 * channel.h - the subscribers that one topic has at one server
 *
 *     topic --- channel (server A) --- circle: sub, sub, sub, ...
 *        \----- channel (server B) --- circle: sub, sub
 *
 * The broadcasts of a server are a channel too: its circle links all open
 * connections themselves. A message is written once into the server's stream,
 * together with its channel.
 *
 * A subscription is live or stalled. While it is stalled, its messages are
 * withheld, whole (stall.h); two numbers of the engine's sequence, `from` and
 * `upto`, say what it has. A connection's subscription to broadcasts has a
 * record only while it is stalled (struct conn_slow).
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
    struct link subscribers;   /* a circle, in the order of the next lap */
    struct link *cursor;       /* link that the lap visits next; NULL: no lap */
    struct link *last_slice;   /* begins the next lap; NULL: the last link */
    uint32_t count;            /* subscribers that are open */
    uint32_t records;          /* subscriptions, also of ended connections */
    uint32_t catching;         /* stalled ones that may need the snapshot */
    uint32_t conflating;       /* those whose own policy needs it */
    struct link active;        /* in the server's list, while active */
    uint64_t bit;              /* while active: its own; 0: none was free */
    uint64_t next;             /* number behind its last stream message */
    uint64_t mark;             /* server->looks when it was marked */
    struct sub *marked;        /* for this subscription (pending.h) */
    struct link of_topic;      /* in the topic's list */
    struct link of_server;     /* in the server's list */
    struct link empty;         /* in the engine's list: may be unused */
};

enum sub_state {
    SUB_LIVE,   /* messages are given as they come */
    SUB_DROP,   /* they are withheld and lost */
    SUB_LATEST, /* they are withheld; it catches up from the snapshot */
};

struct sub {
    struct link in_channel; /* in the circle */
    struct channel *channel;
    struct conn *conn;
    struct sub *next;       /* of the same connection */
    struct sub **back;      /* what points to this one */
    struct table_node node; /* in engine->subs */
    uint64_t since;         /* number of the first stream message for it */
    uint64_t from;          /* stalled: last number before the stall */
    uint64_t upto;          /* stalled: it has everything up to it */
    uint64_t missed;        /* in this stall */
    uint8_t state;          /* enum sub_state */
    bool arriving;          /* stalled: it is new and gets the snapshot */
    bool event_due;         /* its `stalled` is not yet delivered */
};

static inline bool sub_is_stalled(const struct sub *sub)
{
    return sub != NULL && sub->state != SUB_LIVE;
}

/* Is it stalled so that it may have to catch up from the snapshot? */
static inline bool sub_catches_up(const struct sub *sub)
{
    return sub->state == SUB_LATEST;
}

/* Make a channel without subscribers. */
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
    link_init(&channel->empty);
}

/* Take a link out of the circle. A lap that is there moves to the next one. */
static inline void channel_leave(struct channel *channel, struct link *link)
{
    if (channel->cursor == link)
        channel->cursor = link->next;
    if (channel->last_slice == link)
        channel->last_slice = link->next;
    link_out(link);
}

#endif
