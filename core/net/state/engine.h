/*
 * engine.h - one loop, its servers and their connections
 *
 * Everything that a engine's connections touch belongs to the engine, so that
 * there may be several, each in a thread of its own. Today there is one.
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
#include "net/state/counters.h"
#include "net/state/event.h"

#include <stdbool.h>
#include <stdint.h>

/* Ticks of the coarse clock in a second: deadlines are this exact. */
enum { ENGINE_TICKS = 64 };

struct resolver;

struct engine {
    struct loop *loop;
    struct events events;
    void *script; /* handed to turn_end */
    struct conn_table conns;
    struct inherited inherited; /* listening sockets */
    struct hangups hangups;     /* of connections that are paused */
    struct link servers;        /* that are open, or still have connections */
    uint32_t *pending;          /* a ring of slots: who has something to tell */
    uint32_t pending_first;
    uint32_t pending_count;
    struct table topics;   /* by name */
    struct table subs;     /* by connection and topic */
    struct link unsettled; /* topics that perhaps nobody needs any more */
    struct link kept;      /* topics with a snapshot that gives way */
    struct counters gone;  /* of servers that have been freed */
    struct cells cells;    /* where snapshots lie */
    uint64_t sequence;     /* number of the last message to many */
    struct wheel wheel;
    struct timer wheel_timer;
    bool deadlines_changed;    /* on the wheel, since it was looked at */
    uint64_t born;             /* tick 0 */
    uint32_t tick;             /* now, as read when the turn began */
    uint32_t open;             /* descriptors of connections */
    uint32_t most_open;        /* how many there may be */
    struct slab outgoing;      /* that all outgoing connections draw on */
    struct resolver *resolver; /* made for the first name; NULL before */
    turn_fn *turn_end;         /* of the script's side, before the flush */
    uint64_t catch_up_until;   /* in this turn, nobody catches up any longer */
    uint64_t began;            /* this turn, nanoseconds of the clock */
    struct times turns;        /* all but the waiting */
    struct times handling;     /* of that, receiving and handing up */
};

/* Read the clock: everything until the next reading is "now". Which it is. */
uint64_t engine_read_clock(struct engine *engine);

/* A duration in seconds as ticks, rounded up; at least one. */
uint32_t engine_ticks(double seconds);

/* The OPEN connection of that name, or NULL. */
struct conn *engine_find_open(const struct engine *engine, conn_name name);

/* Note that a connection has an event to be handed over. */
void engine_post(struct engine *engine, struct conn *conn,
                 enum conn_flag event);

/* The connection that was noted first, no longer noted; there is one. */
struct conn *engine_take_pending(struct engine *engine);

/* Look at the connection when `due` comes, at the latest. */
void engine_set_deadline(struct engine *engine, struct conn *conn,
                         uint32_t due);

#endif
