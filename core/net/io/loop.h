/*
 * loop.h - the event loop: descriptors, timers, signals, turns
 *
 * The one module that knows libev. A turn is
 *
 *     wait for descriptors -> the turn's beginning -> watches, signals
 *     -> timers that are due -> the turn's end -> wait again
 *
 * where beginning and end are functions given at loop_new(): one reads the
 * clock, the other hands over what the turn has brought and sends what it has
 * queued. Whoever has more to do than fits in a turn calls loop_poll_at_once(),
 * and the next wait does not sleep.
 *
 * Timers here are precise: they never fire before clock_now() says so, and
 * `due` is a moment of that clock. (libev's own count from the beginning of
 * the turn, and so fire early after a long one.)
 */
#ifndef FES_IO_LOOP_H
#define FES_IO_LOOP_H

#include "base/heap.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

/* LOOP_ERROR alone: the system refuses to watch; nothing is watched now. */
enum { LOOP_READ = EV_READ, LOOP_WRITE = EV_WRITE, LOOP_ERROR = 4 };

struct loop;
struct watch;
struct timer;

typedef void turn_fn(void *owner);
typedef void signal_fn(void *owner, int number);
typedef void watch_fn(struct watch *watch, unsigned events);
typedef void timer_fn(struct timer *timer);

/* A descriptor that is watched; lives in its owner. The field that libev leaves
 * to its users holds the function: there is a watch in each connection. */
struct watch {
    ev_io io;
};

/* A moment that is waited for; lives in its owner. */
struct timer {
    struct heap_node node;
    timer_fn *fn;
};

/*
 * Make a loop whose turns begin and end with these functions of `owner`. NULL,
 * with errno set, if the system refuses. Signal functions get `owner` too.
 */
struct loop *loop_new(turn_fn *begin, turn_fn *end, void *owner);
void loop_free(struct loop *loop);

/* Run turns until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Do not sleep in the next wait. */
void loop_poll_at_once(struct loop *loop);

/*
 * Do not sleep at all, and call `fn(owner)` in each turn that brings nothing
 * and in which nobody hurries. NULL: no more.
 */
void loop_on_idle(struct loop *loop, turn_fn *fn);

/* When the last turn ended (clock_now). */
uint64_t loop_turn_ended(const struct loop *loop);

/* Call `fn(owner, number)` from the loop when the signal arrives. */
void loop_on_signal(struct loop *loop, int number, signal_fn *fn);

/* Likewise, but only the first one: the next does what it does by default, also
 * while something keeps the loop from calling `fn`. */
void loop_on_first_signal(struct loop *loop, int number, signal_fn *fn);

/* Let the signal do again what it does by default. */
void loop_default_signal(struct loop *loop, int number);

/* Say what `watch` is: nothing is watched yet. */
void watch_init(struct watch *watch, int fd, watch_fn *fn);

/*
 * Wait for these events from now on: LOOP_READ, LOOP_WRITE, both, or 0 for
 * none. Costs nothing when nothing changes; several changes in one turn cost
 * one system call. To be set to 0 before the descriptor is closed.
 */
void watch_set(struct loop *loop, struct watch *watch, unsigned events);

/* Is that what is waited for already? */
static inline bool watch_waits_for(struct watch *watch, unsigned events)
{
    unsigned those = (unsigned)watch->io.events & (LOOP_READ | LOOP_WRITE);

    return those == events && ev_is_active(&watch->io) == (events != 0);
}

/* The descriptor that is watched. */
static inline int watch_fd(const struct watch *watch)
{
    return watch->io.fd;
}

void timer_init(struct timer *timer, timer_fn *fn);

/* Fire once, at `due` or as soon as the loop comes to it. Replaces an earlier
 * moment. False: no memory. */
bool timer_start(struct loop *loop, struct timer *timer, uint64_t due);
void timer_stop(struct loop *loop, struct timer *timer);

/* Does the timer wait for its moment? */
bool timer_runs(const struct timer *timer);

#endif
