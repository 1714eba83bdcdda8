#include "net/io/loop.h"

#include "base/clock.h"
#include "base/list.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct loop {
    struct ev_loop *ev;
    ev_check check;        /* at the beginning of a turn */
    ev_prepare prepare;    /* at the end of a turn */
    ev_timer alarm;        /* ends the wait when the first timer is due */
    ev_idle no_sleep;      /* while it is active, the loop polls at once */
    ev_async watch_failed; /* ends the wait: epoll_ctl has failed */
    ev_idle idle;          /* likewise, and calls on_idle in idle turns */
    ev_signal signals[NSIG];
    signal_fn *on_signal[NSIG];
    turn_fn *begin;
    turn_fn *receive;
    turn_fn *end;
    turn_fn *on_idle; /* NULL: none */
    void *owner;      /* the argument of these functions */
    struct heap timers;
    uint64_t alarm_due;  /* what the alarm is set to (clock_now) */
    uint64_t turn_ended; /* when the last turn ended (clock_now) */
    bool polled_at_once; /* the last wait did not sleep */
};

static void on_alarm(struct ev_loop *ev, ev_timer *alarm, int events)
{
    struct loop *loop = alarm->data;

    (void)ev, (void)events;
    loop->alarm_due = CLOCK_FAR_AWAY; /* it is not set any more */
}

static void on_no_sleep(struct ev_loop *ev, ev_idle *no_sleep, int events)
{
    (void)ev, (void)no_sleep, (void)events;
}

static void on_ev_idle(struct ev_loop *ev, ev_idle *idle, int events)
{
    struct loop *loop = idle->data;

    (void)ev, (void)events;
    loop->on_idle(loop->owner);
}

/* How long timers run in one turn before others go on. */
#define TIMERS_TIME CLOCK_MILLI

/*
 * Run the timers that were started before this call and are due, until their
 * time in this turn is over; set_alarm() has the others go on in the next turn.
 * A timer that a timer's function starts waits for the next turn, even if it is
 * due at once: its node has an order from `last` on.
 */
static void run_timers(struct loop *loop)
{
    uint64_t began = clock_now();
    uint64_t last = loop->timers.order;
    struct heap_node *node;

    while ((node = heap_first(&loop->timers)) != NULL && node->due <= began &&
           node->order < last) {
        struct timer *timer = link_owner(node, struct timer, node);

        heap_take(&loop->timers, node);
        timer->fn(timer);
        if (clock_now() - began >= TIMERS_TIME)
            return;
    }
}

/*
 * Set libev's timer to the due time of the first timer. libev counts from its
 * own copy of the time, which is as old as the turn, hence ev_now_update().
 */
static void set_alarm(struct loop *loop)
{
    struct heap_node *first = heap_first(&loop->timers);
    uint64_t due = first != NULL ? first->due : CLOCK_FAR_AWAY;
    uint64_t now = clock_now();

    loop->turn_ended = now;
    if (due <= now)
        loop_poll_at_once(loop);
    if (due == loop->alarm_due)
        return;

    ev_timer_stop(loop->ev, &loop->alarm);
    loop->alarm_due = due;
    if (due == CLOCK_FAR_AWAY || due <= now)
        return;
    ev_now_update(loop->ev);
    ev_timer_set(&loop->alarm, clock_to_seconds(due - now), 0.);
    ev_timer_start(loop->ev, &loop->alarm);
}

/*
 * libev calls this before it waits. It makes its calls of epoll_ctl after the
 * turn's end; the events that are pending here are for watches for which that
 * failed. libev would deliver them only after the wait, so the wait is ended.
 */
static void on_release(struct ev_loop *ev) EV_NOEXCEPT
{
    struct loop *loop = ev_userdata(ev);

    if (ev_pending_count(ev) > 0)
        ev_async_send(ev, &loop->watch_failed);
}

static void on_watch_failed(struct ev_loop *ev, ev_async *watch_failed,
                            int events)
{
    (void)ev, (void)watch_failed, (void)events;
}

static void on_check(struct ev_loop *ev, ev_check *check, int events)
{
    struct loop *loop = check->data;

    (void)ev, (void)events;
    loop->begin(loop->owner);
}

static void on_prepare(struct ev_loop *ev, ev_prepare *prepare, int events)
{
    struct loop *loop = prepare->data;

    (void)events;
    loop->polled_at_once = ev_is_active(&loop->no_sleep);
    ev_idle_stop(ev, &loop->no_sleep);
    loop->receive(loop->owner);
    run_timers(loop);
    loop->end(loop->owner);
    set_alarm(loop);
}

static void start_watchers(struct loop *loop)
{
    ev_check_init(&loop->check, on_check);
    ev_set_priority(&loop->check, EV_MAXPRI); /* before all watches */
    loop->check.data = loop;
    ev_check_start(loop->ev, &loop->check);
    ev_prepare_init(&loop->prepare, on_prepare);
    loop->prepare.data = loop;
    ev_prepare_start(loop->ev, &loop->prepare);
    ev_timer_init(&loop->alarm, on_alarm, 0., 0.);
    loop->alarm.data = loop;
    loop->alarm_due = CLOCK_FAR_AWAY;
    ev_idle_init(&loop->no_sleep, on_no_sleep);
    ev_async_init(&loop->watch_failed, on_watch_failed);
    ev_async_start(loop->ev, &loop->watch_failed);
    ev_set_userdata(loop->ev, loop);
    ev_set_loop_release_cb(loop->ev, on_release, NULL);
    ev_idle_init(&loop->idle, on_ev_idle);
    ev_set_priority(&loop->idle, EV_MINPRI); /* below no_sleep */
    loop->idle.data = loop;
}

struct loop *loop_new(turn_fn *begin, turn_fn *receive, turn_fn *end,
                      void *owner)
{
    struct loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return NULL;
    loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (loop->ev == NULL) {
        free(loop);
        return NULL;
    }
    loop->begin = begin;
    loop->receive = receive;
    loop->end = end;
    loop->owner = owner;
    start_watchers(loop);
    return loop;
}

void loop_free(struct loop *loop)
{
    for (int number = 1; number < NSIG; number++)
        loop_default_signal(loop, number);
    heap_clear(&loop->timers);
    ev_loop_destroy(loop->ev);
    free(loop);
}

void loop_run(struct loop *loop)
{
    ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
    ev_break(loop->ev, EVBREAK_ALL);
}

void loop_poll_at_once(struct loop *loop)
{
    ev_idle_start(loop->ev, &loop->no_sleep);
}

void loop_on_idle(struct loop *loop, turn_fn *fn)
{
    loop->on_idle = fn;
    if (fn != NULL)
        ev_idle_start(loop->ev, &loop->idle);
    else
        ev_idle_stop(loop->ev, &loop->idle);
}

uint64_t loop_turn_ended(const struct loop *loop)
{
    return loop->turn_ended;
}

bool loop_polled_at_once(const struct loop *loop)
{
    return loop->polled_at_once;
}

/* libev has reported the alarm already, but calls on_alarm() after begin(). */
uint64_t loop_slept(struct loop *loop, uint64_t now)
{
    uint64_t until = now < loop->alarm_due ? now : loop->alarm_due;

    if (ev_is_active(&loop->no_sleep) || ev_is_active(&loop->idle) ||
        until < loop->turn_ended)
        return 0;
    return until - loop->turn_ended;
}

/* ------------------------------------------------------------------ signals */

static void on_ev_signal(struct ev_loop *ev, ev_signal *watcher, int events)
{
    struct loop *loop = watcher->data;

    (void)ev, (void)events;
    loop->on_signal[watcher->signum](loop->owner, watcher->signum);
}

void loop_on_signal(struct loop *loop, int number, signal_fn *fn)
{
    ev_signal *watcher = &loop->signals[number];

    assert(loop->on_signal[number] == NULL);
    loop->on_signal[number] = fn;
    ev_signal_init(watcher, on_ev_signal, number);
    watcher->data = loop;
    ev_signal_start(loop->ev, watcher);
}

void loop_on_first_signal(struct loop *loop, int number, signal_fn *fn)
{
    struct sigaction action;

    loop_on_signal(loop, number, fn);
    sigaction(number, NULL, &action);
    action.sa_flags |= (int)SA_RESETHAND;
    sigaction(number, &action, NULL);
}

void loop_default_signal(struct loop *loop, int number)
{
    if (loop->on_signal[number] == NULL)
        return;
    ev_signal_stop(loop->ev, &loop->signals[number]);
    loop->on_signal[number] = NULL;
}

/* ------------------------------------------------------------------ watches */

/* In POSIX a pointer to a function fits into a pointer to data. */
_Static_assert(sizeof(watch_fn *) == sizeof(void *), "not in POSIX");
_Static_assert(((LOOP_READ | LOOP_WRITE) & LOOP_ERROR) == 0, "one bit each");

static watch_fn *watch_function(const struct watch *watch)
{
    watch_fn *fn;

    memcpy(&fn, &watch->io.data, sizeof fn);
    return fn;
}

/* When epoll_ctl fails, libev stops the watcher and passes EV_ERROR. */
static void on_io(struct ev_loop *ev, ev_io *io, int events)
{
    struct watch *watch = link_owner(io, struct watch, io);
    unsigned what = (unsigned)events & (LOOP_READ | LOOP_WRITE);

    (void)ev;
    watch_function(watch)(watch, events & EV_ERROR ? LOOP_ERROR : what);
}

void watch_init(struct watch *watch, int fd, watch_fn *fn)
{
    ev_io_init(&watch->io, on_io, fd, 0);
    memcpy(&watch->io.data, &fn, sizeof fn);
}

void watch_set(struct loop *loop, struct watch *watch, unsigned events)
{
    if (watch_waits_for(watch, events))
        return;
    ev_io_stop(loop->ev, &watch->io);
    if (events == 0)
        return;
    ev_io_modify(&watch->io, (int)events);
    ev_io_start(loop->ev, &watch->io);
}

/* ------------------------------------------------------------------- timers */

void timer_init(struct timer *timer, timer_fn *fn)
{
    *timer = (struct timer){.fn = fn};
}

bool timer_start(struct loop *loop, struct timer *timer, uint64_t due)
{
    heap_take(&loop->timers, &timer->node);
    timer->node.due = due;
    return heap_put(&loop->timers, &timer->node);
}

void timer_stop(struct loop *loop, struct timer *timer)
{
    heap_take(&loop->timers, &timer->node);
}

bool timer_runs(const struct timer *timer)
{
    return timer->node.place != 0;
}
