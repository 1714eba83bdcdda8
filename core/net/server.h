/*
 * server.h - the record of one server: its options, its slab, its connections
 *
 *     server ---- pool ............ all the buffer memory it ever takes
 *        |------- stream .......... broadcasts on their way to everybody
 *        |------- circle .......... connections that are OPEN, in the order
 *        |                          in which the next broadcast visits them
 *        |------- dirty ........... those with something new to send
 *        |------- holders ......... those that hold bockets; who has moved
 *        |                          nothing for longest comes first
 *        +------- waiting ......... those that the pool refused, in order
 */
#ifndef FES_SERVER_H
#define FES_SERVER_H

#include "base/list.h"
#include "base/sites.h"
#include "net/conn.h"
#include "net/form.h"
#include "net/loop.h"
#include "net/pool.h"
#include "net/queue.h"
#include "net/reason.h"
#include "net/socket.h"
#include "net/stream.h"

#include <stdbool.h>
#include <stdint.h>

struct shard;

/* What happens to a connection that is full when a broadcast comes. */
enum overflow {
    OVERFLOW_CLOSE, /* it is closed */
    OVERFLOW_DROP,  /* broadcasts are withheld until half its queue is free */
    OVERFLOWS
};

/* As in fes.listen; sizes in bytes, durations in seconds, 0: none. */
struct server_options {
    const char *host; /* NULL: `path` */
    uint16_t port;
    const char *path;
    unsigned mode;
    struct socket_options socket;
    uint32_t maxaccepts;
    uint32_t maxconnections;
    uint32_t maxperip; /* 0: as many as like */
    uint32_t maxsends;
    uint32_t maxreceives;
    uint32_t size;
    uint32_t bockets;
    const char *header;
    size_t header_length;
    struct form form;
    uint32_t maxmessage; /* bytes of data in a message that is received */
    double message_timeout;
    double idle_timeout;
    enum overflow overflow;
};

struct server_counts {
    uint64_t accepted;
    uint64_t closed[REASONS];
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t messages_in;
    uint64_t messages_out;
    uint64_t missed_by[OVERFLOWS];
    uint64_t refused; /* broadcasts that found no bocket */
};

struct server {
    struct shard *shard;
    void *owner;         /* handed to each event of its connections */
    struct link servers; /* in the shard's list */

    /* the hot end of broadcasting */
    struct stream stream;
    struct link circle;
    struct link *cursor;     /* whom the lap visits next; NULL: no lap */
    struct link *next_first; /* who begins the next lap; NULL: the second */
    uint64_t goal;           /* what all have been given when the lap ends */
    uint64_t queued;         /* bytes owed to all connections */
    uint32_t count;          /* connections in the circle */
    uint32_t limit;          /* bytes that one connection may have waiting */

    struct pool *pool;
    struct queue_store queues;
    struct bocket *shared;  /* filled with unicasts of this turn, or NULL */
    struct segment *pieces; /* of the message that is being handed up */
    struct link dirty;
    struct link holders;
    struct link waiting;
    struct server_counts counts;
    size_t least_free; /* of the pool, once it is gone */

    /* accepting */
    struct watch watch;
    struct timer retry;  /* after the system was out of something */
    uint32_t setups;     /* connections in CONN_SETUP */
    uint32_t unfinished; /* records that are not free */
    bool paused;         /* by the script */
    bool closing;
    bool released;      /* the script holds it no more */
    struct sites sites; /* how many connections from where */
    uint64_t warned;    /* when the last warning was written */

    struct server_options options; /* host, path, header: own copies */
    struct address address;
    uint64_t inode; /* of the Unix socket, to know it again */
    uint64_t device;
    uint32_t idle_ticks;    /* 0: none */
    uint32_t message_ticks; /* 0: none */
};

/* Does this connection still count: broadcast to, and with events? */
static inline bool conn_is_open(const struct conn *conn)
{
    return conn->state == CONN_OPEN;
}

/* The share of the pool that a connection draws on. */
static inline enum pool_share conn_share(const struct conn *conn)
{
    return conn->queue.count == 0 && conn->inbox.bytes == 0 ? POOL_RESERVE
                                                            : POOL_COMMON;
}

/* Bytes of the stream that a connection has not been given. */
static inline uint64_t conn_pending(const struct conn *conn)
{
    const struct stream *stream = &conn->server->stream;

    return conn->seen < stream->next
               ? stream->at - stream_position(stream, conn->seen)
               : 0;
}

#endif
