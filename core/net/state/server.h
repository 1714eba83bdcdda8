/*
 * server.h - the record of one server: its options, its slab, its connections
 *
 *     server ---- slab ............ all its buffer memory, and the connections
 *        |                          that hold or await some
 *        |------- stream .......... broadcasts and publishes not given to all
 * yet
 *        |------- broadcasts ...... the channel of all connections that are
 * OPEN
 *        |------- channels ........ of topics that have subscribers here
 *        +------- dirty ........... connections to flush at the turn's end
 *
 * An outgoing connection has a server of its own, which never listens and is
 * freed after its connection. All these servers share one slab.
 */
#ifndef FES_STATE_SERVER_H
#define FES_STATE_SERVER_H

#include "base/list.h"
#include "base/sites.h"
#include "net/io/loop.h"
#include "net/io/socket.h"
#include "net/memory/pool.h"
#include "net/memory/queue.h"
#include "net/memory/slab.h"
#include "net/memory/stream.h"
#include "net/protocol/framing.h"
#include "net/state/channel.h"
#include "net/state/conn.h"
#include "net/state/counters.h"
#include "net/state/reason.h"
#include "net/state/server_options.h"

#include <stdbool.h>
#include <stdint.h>

struct dial;
struct engine;

struct server {
    struct engine *engine;
    void *owner;         /* argument of its events; NULL: it has left */
    void *other;         /* owner's counterpart in another script, or NULL */
    struct link servers; /* in the engine's list; in none: retired */
    struct link visit;   /* in the engine's list of those to visit */

    /* used by each broadcast (send/fanout.h) */
    struct stream stream;
    struct channel broadcasts; /* the connections that are OPEN */
    struct link active;        /* channels with messages in the stream */
    uint32_t nactive;          /* their number */
    uint32_t bitless;          /* how many of them have no bit */
    uint64_t bits;             /* of the others */
    uint32_t laps;             /* channels left in this round */
    struct channel *only;      /* channel of the whole stream; NULL: several */
    uint64_t goal;             /* this round gives the messages before it */
    uint64_t looks;            /* number of the last pending_begin() */
    uint32_t limit;            /* bytes that may wait for one connection */
    uint32_t limit_behind;     /* the same while it is BEHIND */

    struct slab *slab; /* `own`, or engine->outgoing */
    struct slab own;
    struct pool *pool;         /* the slab's; NULL: given back */
    struct queue_store queues; /* the slab's, for the connections' queues */
    struct bocket *shared;     /* of queues that were empty, or NULL */
    struct segment *pieces;    /* of the message being handed over */
    struct link dirty;         /* connections with CONN_DIRTY */
    struct counters counters;
    size_t least_free; /* of the pool, when that was given back */

    /* accepting (serve/accept.h) */
    struct watch watch;
    struct timer retry;       /* runs: accepting pauses after an error */
    uint32_t setups;          /* connections in CONN_SETUP */
    uint32_t records_in_use;  /* records that are not free */
    bool accepts;             /* its socket is watched */
    bool paused;              /* by the script */
    bool listening;           /* its socket is open */
    struct link in_listening; /* in the engine's list of those */
    bool adoptable;           /* can be adopted in this reload (adopt.h) */
    bool adopting;            /* from adopt_prepare() to commit or drop */
    bool closing;             /* ends with its last connection */
    struct sites sites;       /* connections per address, with maxperip */
    uint64_t warned;          /* clock: last warning; 0: none */

    struct server_options options;                  /* strings are own copies */
    struct framing old_framings[MOST_OLD_FRAMINGS]; /* see reframe.h */
    bool reframed;          /* some connections may have one of these */
    struct address address; /* that it listens on */
    uint64_t inode;         /* of the Unix socket that it made; 0: none */
    uint64_t device;
    struct link channels;     /* of topics with subscribers here */
    struct snapshot snapshot; /* of the broadcasts, for "latest" */
    struct timer hold;        /* runs: the flush waits for more (coalesce) */
    bool end_hold;            /* flush at this turn's end */

    /* outgoing connections (serve/dial.h) */
    bool outgoing;
    uint32_t slot;      /* of its only connection */
    uint32_t setup_due; /* tick by which it must be established */
    struct dial *dial;  /* connecting; NULL: established, or failed */

    struct server_ticks ticks; /* of the durations in `options` */
};

static inline bool conn_is_open(const struct conn *conn)
{
    return conn->state == CONN_OPEN;
}

/* Is it outgoing and not established yet? Then it may have no descriptor. */
static inline bool conn_is_connecting(const struct conn *conn)
{
    return conn->server->dial != NULL;
}

/* The framing of the connection: its server's, or an earlier one. */
static inline const struct framing *conn_framing(const struct conn *conn)
{
    return conn_has(conn, CONN_REFRAMED)
               ? &conn->server->old_framings[conn->old_framing]
               : &conn->server->options.framing;
}

/* The share of the pool for the connection: one that holds no bocket may use
 * the reserve. */
static inline enum pool_share conn_share(const struct conn *conn)
{
    return conn->queue.count == 0 && conn->inbox.bytes == 0 ? POOL_RESERVE
                                                            : POOL_COMMON;
}

/* Is at most half of `limit`, a number of bytes, queued for the connection? */
static inline bool conn_is_half_free(const struct conn *conn, uint32_t limit)
{
    return 2 * (uint64_t)conn->queue.bytes <= limit;
}

/* Would `length` bytes fit into the slab if all of it were free? If not,
 * reclaiming is of no use. */
static inline bool server_slab_holds(const struct server *server, size_t length)
{
    return length <= pool_number(server->pool) * pool_size(server->pool);
}

/* How many connections are OPEN. */
static inline uint32_t server_count(const struct server *server)
{
    return server->broadcasts.count;
}

/*
 * Have the server visited at the end of this turn, or of the next one if that
 * is past its visits. Call when there may be something to flush, to accept, to
 * wake or to free; a server with more to flush stays to be visited.
 */
void server_add_visit(struct server *server);

static inline void server_ask_visit(struct server *server)
{
    if (link_alone(&server->visit))
        server_add_visit(server);
}

/* Where an iteration over the records of a server is. */
struct server_place {
    uint32_t slot; /* to look at next */
    uint32_t left; /* records not yet given */
};

/*
 * Iterate over the server's connections, in any state, from server_records()
 * on. Gives the next one; NULL: no more. In between connections may be
 * released, but none may be made. No record is looked at after the last one,
 * so a server without connections costs nothing.
 */
static inline struct server_place server_records(const struct server *server)
{
    return (struct server_place){.left = server->records_in_use};
}

struct conn *server_next_record(const struct server *server,
                                struct server_place *place);

#endif
