/*
 * engine.h - the record of the loop with its servers and connections
 *
 * Engines share nothing, so several could run, each in a thread of its own.
 * Today there is one.
 */
#ifndef FES_STATE_ENGINE_H
#define FES_STATE_ENGINE_H

#include "base/list.h"
#include "base/table.h"
#include "base/times.h"
#include "base/wheel.h"
#include "net/io/hangup.h"
#include "net/io/inherit.h"
#include "net/io/loop.h"
#include "net/memory/cells.h"
#include "net/memory/slab.h"
#include "net/state/conn.h"
#include "net/state/conn_ring.h"
#include "net/state/counters.h"
#include "net/state/event.h"

#include <stdbool.h>
#include <stdint.h>

/* Ticks per second: the resolution of connections' deadlines. */
enum { ENGINE_TICKS = 64 };

struct resolver;

/* How long one connection is visited (receive.c). */
struct visit {
    uint64_t until;   /* clock; 0: not known yet */
    uint32_t handed;  /* messages handed over */
    uint32_t reading; /* the clock is read when so many have been */
};

struct engine {
    struct loop *loop;
    struct events events;
    void *script; /* argument of turn_end */
    struct conn_table conns;
    struct inherited inherited; /* listening sockets passed to the process */
    struct hangups hangups;     /* watches paused connections */
    struct link servers;        /* also closed ones, until they retire */
    struct link listening;      /* those of them that listen */
    struct link visits;         /* those that the turn's end visits */
    struct conn_ring pending;   /* those with events to be delivered */
    struct conn_ring ready;     /* those to be read, or sent what waits */
    struct visit visit;         /* the one under way */
    struct table topics;        /* by name */
    struct table subs;          /* by connection and topic */
    struct link unsettled;      /* topics that may be unused now */
    struct link empty;          /* channels that may have no subscribers */
    struct link evictable;      /* topics whose messages may be evicted */
    struct counters freed_counters; /* sums of the servers freed so far */
    struct cells cells;             /* the memory of all snapshots */
    bool needs_cells;  /* a topic retains, or a policy "latest" has been set */
    uint64_t sequence; /* number of the last broadcast or publish */
    struct wheel wheel;
    struct timer wheel_timer;
    bool deadlines_changed;    /* since wheel_timer was set */
    bool was_absent;           /* and deadlines have not been judged since */
    bool put_off;              /* the last turn did not judge deadlines */
    uint64_t read_at;          /* clock, when last read by the engine */
    uint64_t started_at;       /* clock: tick 0 */
    uint64_t absent;           /* nanoseconds that ticks do not count */
    uint32_t tick;             /* set by engine_read_clock() */
    uint32_t open;             /* connections that are not DEAD */
    uint32_t most_open;        /* limit of `open` */
    bool full;                 /* as all that listen were told (accept.h) */
    bool refused;              /* one of them did not accept as it was full */
    struct slab outgoing;      /* of all outgoing connections */
    struct resolver *resolver; /* NULL until the first name is looked up */
    turn_fn *turn_end; /* the script's part of a turn's end, before the flush */
    uint64_t catch_up_until; /* clock: later, stalls wait for the next turn */
    uint64_t turn_began;     /* clock: when this turn began; 0: none has */
    struct times turns;      /* durations, without waiting in poll */
    struct times handling;   /* of that: receive, deadlines, events */
};

/*
 * Sample the clock, at the time `now` (clock_now): sets `tick`. Of the time
 * since the last sample fes was to sleep `slept` nanoseconds. If the rest is
 * long, fes was busy or stopped: an *absence*, in which peers are not silent
 * but not listened to. So ticks do not count it, beyond a few of them.
 */
void engine_read_clock(struct engine *engine, uint64_t now, uint64_t slept);

/* The number of ticks after which so many seconds have passed in full. At most
 * INT32_MAX. */
uint32_t engine_ticks(double seconds);

/* The OPEN connection of that name, or NULL. */
struct conn *engine_find_open(const struct engine *engine, conn_name name);

/* Record an event, one of CONN_PENDING_..., for delivery from the loop. */
void engine_post(struct engine *engine, struct conn *conn,
                 enum conn_flag event);

/* Have the connection's deadlines judged (run/deadline.h) at tick `due`, or
 * earlier if that is set already. */
void engine_set_deadline(struct engine *engine, struct conn *conn,
                         uint32_t due);

#endif
