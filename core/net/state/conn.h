/*
 * conn.h - the record of one connection
 *
 *              accept4            on_connect has run
 *      FREE ----------> SETUP ---------------------> OPEN
 *       ^                 |                           |  |
 *       |                 | fails                     |  | close(), eof: what
 *       |  events         v          reset, overflow, |  v is queued goes out
 *       +---------------- DEAD <----------------------+ CLOSING
 *          are out         ^          idle, ...          |  | all is sent:
 *                          |                             |  v end the stream
 *                          +-------- linger is over -----+ ENDED
 *                                    the peer closed too    (reads, discards)
 *
 * In OPEN a connection counts, is broadcast to and has events. From CLOSING on
 * it has one event left, that it is closed; it comes when the record is DEAD,
 * that is, when the descriptor is closed.
 *
 * Records live in one mapped array. Outside the engine a connection is named
 * by one word: engine, slot, generation; a name whose record was used again
 * finds nothing.
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
    CONN_DIRTY = 1 << 0,      /* to be flushed at the turn's end */
    CONN_BEHIND = 1 << 1,     /* the kernel refused bytes, not yet took all */
    CONN_STALLED = 1 << 2,    /* messages of some channel are withheld */
    CONN_PAUSED = 1 << 3,     /* the script does not want to hear of it */
    CONN_PEER_ENDED = 1 << 4, /* the peer has sent all that it will send */
    CONN_REFUSED = 1 << 5,    /* told "full": owed an on_drain */
    CONN_STARVED = 1 << 6,    /* not read: the pool has nothing for it */
    CONN_HELD = 1 << 7,       /* not read: what has come waits its turn */
    CONN_POSTED = 1 << 8,     /* in the engine's line, to be told of */
    /* events not yet handed over */
    CONN_PENDING_CONNECT = 1 << 9,
    CONN_PENDING_RECEIVE = 1 << 10,
    CONN_PENDING_LAG = 1 << 11,
    CONN_PENDING_DRAIN = 1 << 12,
    CONN_PENDING_CLOSE = 1 << 13,
    CONN_PENDING_ASK = 1 << 14,
    CONN_PENDING_CLOSING = 1 << 15,
    CONN_PENDING_ANY = 0x7f << 9,
    CONN_ANSWERED = 1 << 16,  /* some answer of the script holds */
    CONN_ABANDONED = 1 << 17, /* nobody will say when it is to end */
    CONN_REFRAMED = 1 << 18,  /* its form is not its server's (reframe.h) */
    CONN_UNHEARD = 1 << 19    /* only its break is waited for (hangup.h) */
};

/* By cache lines, of which most that happens to a connection touches few. */
struct conn {
    /* what a broadcast touches */
    struct link in_broadcasts; /* the server's connections that are OPEN */
    struct server *server;
    uint64_t seen;      /* the message of the stream that is next for it */
    struct traffic out; /* taken by the kernel; queued or given */
    int fd;
    uint32_t moved;   /* the tick when bytes came or went last */
    uint32_t flags;   /* enum conn_flag */
    uint8_t state;    /* enum conn_state */
    uint8_t reason;   /* enum reason, from CLOSING on */
    uint8_t overflow; /* enum overflow; its own policy */
    uint8_t answer;   /* enum overflow; the script's, until it has drained */

    /* what comes, and what is for it alone */
    struct queue queue;
    struct link dirty; /* in the server's list, with CONN_DIRTY */
    struct inbox inbox;
    uint32_t begun; /* tick; when the message in the inbox began */

    /* whom it has to do with */
    struct watch watch;
    struct link holders; /* in the server's list, while it holds bockets */

    /* its name, its times, and more to count */
    struct traffic in;
    struct wheel_node deadline;
    uint32_t slot; /* its place among the records */
    uint32_t generation;
    uint64_t missed;     /* messages withheld from it */
    uint32_t wanted;     /* bytes of the longest message it was refused */
    uint32_t linger_due; /* tick; in CLOSING and ENDED */

    /* what is seldom looked at */
    struct link waiting; /* in the server's list: refused for the pool */
    const char *detail;  /* what there is to say beside the reason */
    uint64_t id;         /* never used again */
    struct sub *subs;    /* the topics that it is subscribed to */
    struct address peer;
    uint16_t nsubs;
    bool resumed; /* it is older than the script that serves it */
    uint8_t
        old_framing; /* with CONN_REFRAMED: among the server's old_framings */
};

/* Where pointers have 8 bytes; elsewhere it is only slower. */
#define CONN_LINE 64
_Static_assert(sizeof(void *) != 8 || sizeof(struct conn) % CONN_LINE == 0,
               "records share a cache line");
_Static_assert(sizeof(void *) != 8 || offsetof(struct conn, queue) == CONN_LINE,
               "a broadcast touches more than one");

/*
 * What is needed of a connection only while it is slow, so that one that keeps
 * up does not pay for it.
 */
struct conn_slow {
    struct sub broadcasts; /* while that lags; else all zero: no pointers */
    struct age age;        /* of what the kernel has not taken */
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

/* Records 0 .. fresh-1 have been used; the free ones among them are a stack. */
struct conn_table {
    struct conn *records;
    struct conn_slow *slow; /* of the record in the same slot */
    uint32_t *idle;
    uint32_t nidle;
    uint32_t fresh;
    uint32_t number;
    uint64_t next_id;
};

/*
 * Room for `number` records. False, with errno set: the system has none. To be
 * freed in any case.
 */
bool conn_table_init(struct conn_table *table, uint32_t number);
void conn_table_free(struct conn_table *table);

/* Is there no record left for a new connection? */
bool conn_table_full(const struct conn_table *table);

/* A record for a new connection, in CONN_SETUP. The table is not full. */
struct conn *conn_new(struct conn_table *table);

/* The record may be used again; names of it find nothing from now on. */
void conn_release(struct conn_table *table, struct conn *conn);

conn_name conn_name_of(const struct conn *conn);

/* The connection of that name, dead ones included; NULL if it is gone. */
struct conn *conn_find(const struct conn_table *table, conn_name name);

#endif
