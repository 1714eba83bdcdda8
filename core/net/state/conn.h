/*
 * conn.h - the record of one connection
 *
 *              accept4            on_connect has run
 *      FREE ----------> SETUP ---------------------> OPEN
 *       ^                 |                           |  |
 *       |                 | fails                     |  | close(), eof: what
 *       |  events         v          reset, overflow, |  v is queued goes out
 *       +---------------- DEAD <----------------------+ CLOSING
 *          delivered        ^         idle, ...          |  | all is sent:
 *                          |                             |  v end the stream
 *                          +-------- linger is over -----+ ENDED
 *                                    the peer closed too    (reads, discards)
 *
 * While OPEN, a connection is counted by its server, receives broadcasts and
 * has events. From CLOSING on the only events are `closing` and `closed`
 * (event.h). A DEAD connection has given back its bockets and takes no part any
 * more; the rest, from the descriptor on, is done when the loop delivers
 * `closed` (conn_end.h).
 *
 * Records lie in one mapped array. Outside the engine a connection has a name
 * (conn_name.h), never a pointer.
 */
#ifndef FES_STATE_CONN_H
#define FES_STATE_CONN_H

#include "base/list.h"
#include "base/wheel.h"
#include "net/io/address.h"
#include "net/io/loop.h"
#include "net/memory/age.h"
#include "net/memory/inbox.h"
#include "net/memory/queue.h"
#include "net/state/channel.h"
#include "net/state/conn_name.h"
#include "net/state/counters.h"
#include "net/state/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

enum conn_state {
    CONN_FREE,
    CONN_SETUP,
    CONN_OPEN,
    CONN_CLOSING,
    CONN_ENDED,
    CONN_DEAD
};

enum conn_flag {
    CONN_DIRTY = 1 << 0,      /* has something to flush at the turn's end */
    CONN_BEHIND = 1 << 1,     /* the kernel refused bytes, has not taken all */
    CONN_STALLED = 1 << 2,    /* messages of some channel are withheld */
    CONN_PAUSED = 1 << 3,     /* by the script: not read */
    CONN_PEER_ENDED = 1 << 4, /* the peer has ended its stream */
    CONN_REFUSED = 1 << 5,    /* was full: an on_drain is due */
    CONN_STARVED = 1 << 6,    /* not read: no bocket for it in the pool */
    CONN_HELD = 1 << 7,       /* not read: received data not handed over */
    CONN_POSTED = 1 << 8,     /* in the engine's ring of pending events */
    /* events not yet delivered */
    CONN_PENDING_CONNECT = 1 << 9,
    CONN_PENDING_RECEIVE = 1 << 10,
    CONN_PENDING_LAG = 1 << 11,
    CONN_PENDING_DRAIN = 1 << 12,
    CONN_PENDING_CLOSE = 1 << 13,
    CONN_PENDING_STALL = 1 << 14,
    CONN_PENDING_CLOSING = 1 << 15,
    CONN_PENDING_ANY = 0x7f << 9,
    CONN_ABANDONED = 1 << 16,      /* closes when the peer ends (buffered.h) */
    CONN_REFRAMED = 1 << 17,       /* it keeps an earlier framing (reframe.h) */
    CONN_HANGUP_WATCHED = 1 << 18, /* only a hangup is watched for (hangup.h) */
    CONN_RESETS = 1 << 19,         /* its end is to be a reset */
    CONN_READY = 1 << 20,          /* in the engine's ring of those to visit */
    CONN_READABLE = 1 << 21,       /* the kernel has reported it, since then */
    CONN_WRITABLE = 1 << 22,       /* likewise */
    CONN_CUT = 1 << 23             /* its visit ended before its messages */
};

/* Ordered by cache line, so that frequent operations touch few of them. */
struct conn {
    /* all that a broadcast touches */
    struct link in_broadcasts; /* in the server's circle, from OPEN on */
    struct server *server;
    uint64_t next_message; /* number of the next stream message for it;
                              UINT64_MAX: none is, it is not open */
    struct traffic out;    /* bytes the kernel took; messages queued */
    int fd;
    uint32_t last_active; /* tick when it last received or sent bytes */
    uint32_t flags;       /* enum conn_flag */
    uint8_t state;        /* enum conn_state */
    uint8_t reason;       /* enum reason, from CLOSING on */
    uint8_t overflow;     /* enum overflow: its own policy */
    uint8_t promised;     /* bockets of the slab, see holders.h */

    /* receiving, and sending to it alone */
    struct queue queue;
    struct link dirty; /* in the server's list, with CONN_DIRTY */
    struct inbox inbox;
    uint32_t message_began; /* tick from which message_timeout counts; while
                               the connection is not read: ticks counted */

    /* its socket, its slab */
    struct watch watch;
    struct link holders; /* in the slab's list (holders.h) */

    /* its name, deadlines, more counts */
    struct traffic in;
    struct wheel_node deadline;
    uint32_t slot; /* its index among the records */
    uint32_t generation;
    uint64_t missed;     /* messages withheld from it */
    uint32_t wanted;     /* bytes of the longest message refused */
    uint32_t linger_due; /* tick: end of CLOSING and ENDED */

    /* seldom used */
    struct link waiting; /* in the slab's list, for a bocket */
    const char *detail;  /* static text beside the reason, or NULL */
    uint64_t id;         /* unique for the life of the engine */
    struct sub *subs;    /* its subscriptions to topics */
    struct address peer;
    uint16_t nsubs;
    bool resumed;        /* an earlier script accepted it */
    uint8_t old_framing; /* CONN_REFRAMED: index in server->old_framings */
};

/* With 8-byte pointers; with others the layout is only slower. */
#define CONN_LINE 64
_Static_assert(sizeof(void *) != 8 || sizeof(struct conn) % CONN_LINE == 0,
               "records share a cache line");
_Static_assert(sizeof(void *) != 8 || offsetof(struct conn, queue) == CONN_LINE,
               "a broadcast touches more than one");

/*
 * What only a slow connection needs: apart, so that the records of connections
 * that keep up stay small.
 */
struct conn_slow {
    struct sub broadcasts; /* while stalled; otherwise all zero */
    struct age age;        /* of unsent bytes, while BEHIND */
    uint32_t stalled;      /* number of its subscriptions that are stalled */
};

static inline bool conn_has(const struct conn *conn, unsigned flags)
{
    return (conn->flags & flags) != 0;
}

static inline void conn_set(struct conn *conn, unsigned flags)
{
    conn->flags |= flags;
}

static inline void conn_clear(struct conn *conn, unsigned flags)
{
    conn->flags &= ~flags;
}

/* -------------------------------------------------------------- all records */

/* Records 0 .. fresh-1 have been used; the stack `idle` has those now free. */
struct conn_table {
    struct conn *records;
    struct conn_slow *slow; /* by slot, as the records */
    uint32_t *idle;         /* slots */
    uint32_t nidle;
    uint32_t fresh;
    uint32_t number; /* of all records */
    uint64_t next_id;
};

/*
 * Map memory for `number` records. False, with errno set, if the system has no
 * memory; call conn_table_free() then too.
 */
bool conn_table_init(struct conn_table *table, uint32_t number);
void conn_table_free(struct conn_table *table);

/* Are all records in use? */
bool conn_table_full(const struct conn_table *table);

/* Take a record for a new connection, in CONN_SETUP, without a server or a
 * descriptor. It keeps its place in the ring of CONN_READY (conn_ring.h). The
 * table must not be full. */
struct conn *conn_new(struct conn_table *table);

/* Free the record for reuse. Names of it find nothing from now on. */
void conn_release(struct conn_table *table, struct conn *conn);

conn_name conn_name_of(const struct conn *conn);

/* The connection of that name, in any state; NULL if it has been released. */
struct conn *conn_find(const struct conn_table *table, conn_name name);

#endif
