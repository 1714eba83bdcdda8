/*
 * loop.h - the event loop: descriptors, timers, signals, turns
 *
 * The only module that uses libev. A turn is
 *
 *     wait for descriptors -> begin() -> watches, signals -> receive()
 *     -> timers that are due -> end() -> wait again
 *
 * where begin(), receive() and end() are the functions given to loop_new(). The
 * engine's begin() reads the clock; its receive() visits the connections that
 * the watches reported; its end() delivers pending events and sends what is
 * queued. Code with more work than fits in a turn calls loop_poll_at_once(), so
 * that the next wait does not sleep.
 *
 * Timers are precise: `due` is a time of clock_now(), and no timer fires before
 * it. (libev's timers count from the beginning of the turn, so after a long
 * turn they fire early.)
 */
#ifndef FES_IO_LOOP_H
#define FES_IO_LOOP_H

#include "base/heap.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

/* Events of a descriptor. LOOP_ERROR comes alone: epoll_ctl(2) has failed, and
 * the descriptor is not watched any more. */
enum { LOOP_READ = EV_READ, LOOP_WRITE = EV_WRITE, LOOP_ERROR = 4 };

struct loop;
struct watch;
struct timer;

typedef void turn_fn(void *owner);
typedef void signal_fn(void *owner, int number);
typedef void watch_fn(struct watch *watch, unsigned events);
typedef void timer_fn(struct timer *timer);

/* A watched descriptor; embedded in its owner's struct. To save memory in each
 * connection, the function is stored in libev's field for user data. */
struct watch {
    ev_io io;
};

/* A timer; embedded in its owner's struct. */
struct timer {
    struct heap_node node;
    timer_fn *fn;
};

/*
 * Make a loop that calls these functions with `owner` in each turn. The
 * functions for signals and idle turns get `owner` too. NULL: no memory, or the
 * system refuses.
 */
struct loop *loop_new(turn_fn *begin, turn_fn *receive, turn_fn *end,
                      void *owner);

/* Free the loop and give its signals their default action. Watches and timers
 * belong to their owners. */
void loop_free(struct loop *loop);

/* Run turns until loop_stop() is called. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Let the next wait only poll, without sleeping. */
void loop_poll_at_once(struct loop *loop);

/*
 * Poll without sleeping from now on, and call `fn(owner)` in each idle turn: no
 * event came, and loop_poll_at_once() was not called before the wait. NULL:
 * stop that.
 */
void loop_on_idle(struct loop *loop, turn_fn *fn);

/* The time at which the last turn ended (clock_now); 0: none has. */
uint64_t loop_turn_ended(const struct loop *loop);

/* Did the last wait only poll, without sleeping? */
bool loop_polled_at_once(const struct loop *loop);

/*
 * Call in begin(), at the time `now` (clock_now): for how long the wait before
 * it was to sleep. 0 if it was only to poll. Time after the first timer was due
 * does not count: then the process did not run.
 */
uint64_t loop_slept(struct loop *loop, uint64_t now);

/* Call `fn(owner, number)` from the loop when the signal arrives. The signal
 * must not have a function yet. */
void loop_on_signal(struct loop *loop, int number, signal_fn *fn);

/* Likewise, but for the first signal only. The second one has the default
 * action, even if the loop has not come to calling `fn` yet. */
void loop_on_first_signal(struct loop *loop, int number, signal_fn *fn);

/* Give the signal its default action again, if it has a function. */
void loop_default_signal(struct loop *loop, int number);

/* Initialize a watch of `fd`, which waits for no events yet. `fn` gets the
 * events that came: LOOP_READ, LOOP_WRITE or both; or LOOP_ERROR. */
void watch_init(struct watch *watch, int fd, watch_fn *fn);

/*
 * Set the events to wait for: LOOP_READ, LOOP_WRITE, both, or 0 for none.
 * Several changes in one turn cost one system call, and setting the same events
 * again costs none. Set 0 before the descriptor is closed.
 */
void watch_set(struct loop *loop, struct watch *watch, unsigned events);

/* Does the watch wait for exactly these events? */
static inline bool watch_waits_for(struct watch *watch, unsigned events)
{
    unsigned current = (unsigned)watch->io.events & (LOOP_READ | LOOP_WRITE);

    return current == events && ev_is_active(&watch->io) == (events != 0);
}

/* Does the watch wait for LOOP_READ, among others? */
static inline bool watch_reads(struct watch *watch)
{
    return ev_is_active(&watch->io) && (watch->io.events & LOOP_READ) != 0;
}

/* The descriptor that is watched. */
static inline int watch_fd(const struct watch *watch)
{
    return watch->io.fd;
}

/* Initialize a timer that does not run. */
void timer_init(struct timer *timer, timer_fn *fn);

/*
 * Start a timer: the loop calls its function once, at the time `due`
 * (clock_now) or as soon after it as a turn comes to its timers. If the timer
 * runs already, it gets the new time; that cannot fail. False: no memory, and
 * it does not run.
 */
bool timer_start(struct loop *loop, struct timer *timer, uint64_t due);

/* Stop a timer. Does nothing if it does not run. */
void timer_stop(struct loop *loop, struct timer *timer);

/* Has the timer been started, and neither fired nor been stopped? */
bool timer_runs(const struct timer *timer);

#endif
