/*
 * server.h - the record of one server: its options, its slab, its connections
 *
 *     server ---- slab ............ all the buffer memory it ever takes, and
 *        |                          who of its connections has some, or waits
 *        |------- stream .......... messages on their way to many
 *        |------- broadcasts ...... a channel of all that are OPEN
 *        |------- channels ........ of topics that have subscribers here
 *        +------- dirty ........... those with something new to send
 *
 * An outgoing connection has a server of its own, which never listens and goes
 * when the connection has gone. It draws on the slab of all of them.
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

enum { OLD_FRAMINGS = 8 }; /* that connections may have beside their server's */

struct server {
    struct engine *engine;
    void *owner;         /* handed to each event of its connections */
    struct link servers; /* in the engine's list */

    /* the hot end of broadcasting */
    struct stream stream;
    struct channel broadcasts; /* its circle: the connections that are OPEN */
    struct link active;        /* channels of which messages wait */
    uint32_t nactive;
    uint32_t bitless;     /* of them without a bit */
    uint64_t bits;        /* of the others */
    uint32_t laps;        /* still to be walked in this round */
    struct channel *only; /* of all messages that wait; NULL: of several */
    uint64_t goal;        /* what all have been given when the round ends */
    uint64_t looks;   /* how often somebody has marked channels (pending.h) */
    uint32_t limit;   /* bytes that one connection may have waiting */
    uint32_t full_at; /* so many at most, once the kernel has refused some */

    struct slab *slab; /* `own`, or that of all outgoing connections */
    struct slab own;
    struct pool *pool; /* of the slab; NULL: it is gone */
    struct queue_store queues;
    struct bocket *shared;  /* filled with unicasts of this turn, or NULL */
    struct segment *pieces; /* of the message that is being handed up */
    struct link dirty;
    struct counters counters;
    size_t least_free; /* of the pool, once it is gone */

    /* accepting */
    struct watch watch;
    struct timer retry;  /* after the system was out of something */
    uint32_t setups;     /* connections in CONN_SETUP */
    uint32_t unfinished; /* records that are not free */
    bool accepts;        /* it is watched for connections */
    bool paused;         /* by the script */
    bool listening;      /* its socket is open */
    bool adoptable;      /* see adopt.h */
    bool adopting;       /* from adopt_prepare() to commit or drop */
    bool closing;        /* and has closed its connections */
    struct sites sites;  /* how many connections from where */
    uint64_t warned;     /* when the last warning was written */

    struct server_options options; /* host, path, header: own copies */
    struct framing old_framings[OLD_FRAMINGS]; /* it has had: see reframe.h */
    bool reframed; /* some connection may have such a form */
    struct address address;
    uint64_t inode; /* of the Unix socket, to know it again */
    uint64_t device;
    struct link channels;     /* of topics */
    struct snapshot snapshot; /* of the broadcasts */
    struct timer hold;        /* while the flush waits for more (coalesce) */
    bool held_long_enough;    /* it ends with this turn */

    /* of an outgoing connection */
    bool outgoing;
    uint32_t slot;      /* of its record */
    uint32_t setup_due; /* tick */
    struct dial *dial;  /* how far it is; NULL: it stands, or has failed */

    uint32_t idle_ticks;    /* 0: none */
    uint32_t age_ticks;     /* 0: none */
    uint32_t message_ticks; /* 0: none */
};

/* Does this connection still count: broadcast to, and with events? */
static inline bool conn_is_open(const struct conn *conn)
{
    return conn->state == CONN_OPEN;
}

/* Is it an outgoing one that does not stand yet? It may have no socket. */
static inline bool conn_is_connecting(const struct conn *conn)
{
    return conn->server->dial != NULL;
}

/* How messages of the connection lie in its stream of bytes. */
static inline const struct framing *conn_framing(const struct conn *conn)
{
    return conn_has(conn, CONN_REFRAMED)
               ? &conn->server->old_framings[conn->old_framing]
               : &conn->server->options.framing;
}

/* The share of the pool that a connection draws on. */
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

/* Does the whole slab hold so much? Otherwise nobody has to make room. */
static inline bool server_slab_holds(const struct server *server, size_t length)
{
    return length <= pool_number(server->pool) * pool_size(server->pool);
}

/* Connections that are OPEN. */
static inline uint32_t server_count(const struct server *server)
{
    return server->broadcasts.count;
}

/*
 * The first record of the server that is in use, in a slot from `*slot` on;
 * `*slot` moves behind it. NULL: there is none. Records may come and go in
 * between.
 */
struct conn *server_next_record(const struct server *server, uint32_t *slot);

#endif
