#include "script/vm/watchdog.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "script/vm/trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    TICKS = 4, /* in the time that a call has */
    EVERYTHING = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT
};

#define SHORTEST_TICK CLOCK_MILLI

struct watchdog watchdog = {.awake = 1}; /* it has no limit yet */

/* What the signal's handler keeps to itself, and what it needs. */
static struct {
    timer_t timer;
    bool made;
    bool refused;                   /* not the time is over: it may not wait */
    double seconds;                 /* the limit; 0: none */
    uint64_t tick;                  /* nanoseconds from one to the next */
    uint64_t seen;                  /* the call of the last tick */
    unsigned ticks;                 /* that it has been seen for */
    uint64_t starved;               /* clock_starved() when it was first */
    volatile sig_atomic_t has_told; /* the hook has raised */
    volatile sig_atomic_t hooked;   /* the script had one of its own */
    volatile sig_atomic_t closing;  /* only finalizers run */
    char message[LUA_IDSIZE + 128]; /* what it raises */
} guard;

/* A signal every `period` nanoseconds; 0: none. */
static void wind(uint64_t period)
{
    struct timespec each = {
        .tv_sec = (time_t)(period / CLOCK_SECOND),
        .tv_nsec = (long)(period % CLOCK_SECOND),
    };
    struct itimerspec ticks = {.it_interval = each, .it_value = each};

    timer_settime(guard.timer, 0, &ticks, NULL);
}

/* ----------------------------------------------------------------- the hook */

static bool is_in_a_function(lua_State *L)
{
    lua_Debug at;

    return L != NULL && lua_getstack(L, 0, &at) != 0;
}

/*
 * Whoever only tidies up, when all functions have ended, has no place: what was
 * noted before stays.
 */
void watchdog_trace(void)
{
    if (!is_in_a_function(watchdog.running))
        return;
    trace_begin(watchdog.running);
    for (const struct resumption *at = watchdog.resumptions; at != NULL;
         at = at->outer)
        trace_add(at->from);
}

/*
 * What the error says, as errors do: where the innermost Lua function is. It
 * says so from then on, also where only C tidies up.
 */
static void note_message(lua_State *L)
{
    lua_Debug at = {.currentline = -1};

    for (int level = 0; lua_getstack(L, level, &at) != 0; level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline > 0)
            break;
    }

    int used = at.currentline > 0
                   ? snprintf(guard.message, sizeof guard.message,
                              "%s:%d: ", at.short_src, at.currentline)
                   : 0;

    if (guard.refused)
        snprintf(guard.message + used, sizeof guard.message - (size_t)used,
                 "the script has ended, and it goes on trying to wait");
    else
        snprintf(guard.message + used, sizeof guard.message - (size_t)used,
                 "it took longer than %g s (fes.limits: call_seconds)",
                 guard.seconds);
}

/*
 * Runs at every instruction, call and return of a coroutine that it was set
 * on. One that got away, asleep, has a hook left when its call is over.
 */
static void stop_it(lua_State *L, lua_Debug *at)
{
    (void)at;
    if (!watchdog.expired) {
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    if (!guard.has_told) {
        watchdog_trace();
        note_message(L);
        guard.has_told = 1;
    }
    lua_pushstring(L, guard.message);
    lua_error(L);
}

static void hook(lua_State *L)
{
    lua_Hook other = lua_gethook(L);

    if (other != NULL && other != stop_it)
        guard.hooked = 1;
    lua_sethook(L, stop_it, EVERYTHING, 1);
}

/* --------------------------------------------------------------- the signal */

/* Lua's collector stands still while it calls one, and only then. */
static bool is_in_a_finalizer(lua_State *L)
{
    return lua_gc(L, LUA_GCISRUNNING) < 0;
}

/*
 * The hook should have raised and has not: for a tick nobody has called
 * anything. So what called what stands still, and can be read here. Not where
 * a finalizer runs, or perhaps a hook of the script's own: Lua calls them
 * without hooks, and they may call as they like.
 */
static void tell_stuck(void)
{
    char millis[TEXT_DECIMAL_BYTES];
    const char *who = "a library function", *trace = NULL;

    if (guard.closing || is_in_a_finalizer(watchdog.running)) {
        who = "a finalizer";
    } else if (guard.hooked) {
        who = "a hook of the script, or a library function,";
    } else if (!is_in_a_function(watchdog.running)) {
        who = "the collector of garbage";
    } else {
        watchdog_trace();
        trace = trace_text();
    }
    text_decimal(millis, guard.ticks * guard.tick / CLOCK_MILLI);
    log_from_signal(LOG_WARN, watchdog.event, ": it has run for ", millis,
                    " ms and cannot be interrupted: ", who, " does not return",
                    trace != NULL ? "\n" : NULL, trace, NULL);
}

/*
 * lua_sethook() may be called here: it is made for that, and `running` is
 * always a coroutine that is alive.
 */
static void expire(void)
{
    bool stuck = watchdog.expired && !guard.has_told;

    watchdog.expired = 1;
    if (!guard.closing)
        hook(watchdog.running);
    if (stuck && (guard.ticks & (guard.ticks - 1)) == 0)
        tell_stuck(); /* after twice its time, four times, ... */
}

/* That others had the processor is not the call's fault. */
static bool is_over(void)
{
    uint64_t starved = clock_starved() - guard.starved;

    return guard.ticks * guard.tick >= TICKS * guard.tick + starved;
}

static void on_tick(int number)
{
    int error = errno;
    bool same = watchdog.calls == guard.seen;

    (void)number;
    if (same && watchdog.event != NULL) {
        if (++guard.ticks >= TICKS && is_over())
            expire();
    } else if (same) {
        watchdog.awake = 0;
        wind(0);
    } else {
        guard.seen = watchdog.calls;
        guard.ticks = 0;
        guard.starved = clock_starved();
    }
    errno = error;
}

/* The signal comes to this thread, whatever others a module may have made. */
static bool make_timer(void)
{
    struct sigaction action = {.sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID};

    action.sa_handler = on_tick;
    event.sigev_signo = SIGRTMIN;
    event._sigev_un._tid = gettid();
    return sigaction(SIGRTMIN, &action, NULL) == 0 &&
           timer_create(CLOCK_MONOTONIC, &event, &guard.timer) == 0;
}

/* -------------------------------------------------------------------- calls */

void watchdog_limit(double seconds)
{
    if (seconds > 0 && !guard.made) {
        guard.made = make_timer();
        if (!guard.made) {
            log_warn("no call can be timed: %s", strerrordesc_np(errno));
            return;
        }
    }
    if (guard.made)
        wind(0);
    guard.seconds = seconds;
    guard.tick = clock_from_seconds(seconds / TICKS);
    if (guard.tick < SHORTEST_TICK)
        guard.tick = SHORTEST_TICK;
    guard.ticks = 0;
    watchdog.awake = !(seconds > 0);
    if (seconds > 0 && watchdog.event != NULL)
        watchdog_wake(); /* what runs has its time from now on */
}

void watchdog_wake(void)
{
    watchdog.awake = 1;
    wind(guard.tick);
}

void watchdog_recover(lua_State *L)
{
    watchdog.expired = 0;
    guard.has_told = 0;
    guard.hooked = 0;
    guard.refused = false;
    guard.ticks = 0;
    lua_sethook(L, NULL, 0, 0);
}

/* From now on `co` runs, on behalf of L. */
static void descend(struct resumption *here, lua_State *L, lua_State *co)
{
    *here = (struct resumption){.from = L, .outer = watchdog.resumptions};
    watchdog.resumptions = here;
    watchdog.running = co;
    atomic_signal_fence(memory_order_seq_cst);
    if (watchdog.expired && !guard.closing)
        hook(co);
}

/* L runs again. If its time is over it may not even know yet. */
static void ascend(const struct resumption *here)
{
    watchdog.running = here->from;
    watchdog.resumptions = here->outer;
    atomic_signal_fence(memory_order_seq_cst);
    if (watchdog.expired && !guard.closing)
        hook(here->from);
}

int watchdog_resume(lua_State *L, lua_State *co, int nargs, int *nresults)
{
    struct resumption here;

    descend(&here, L, co);

    int status = lua_resume(co, L, nargs, nresults);

    ascend(&here);
    return status;
}

int watchdog_reset(lua_State *L, lua_State *co)
{
    struct resumption here;

    descend(&here, L, co);

    int status = lua_resetthread(co);

    ascend(&here);
    return status;
}

void watchdog_expire(void)
{
    if (guard.closing)
        return;
    guard.refused = true;
    watchdog.expired = 1;
    hook(watchdog.running);
}

/* No hook is set on what may be freed just now. */
void watchdog_close(lua_State *L)
{
    guard.closing = 1;
    watchdog_enter(L, "the end of a script");
    lua_close(L);
    watchdog.event = NULL;
    watchdog.running = NULL;
    watchdog.expired = 0;
    guard.closing = guard.has_told = guard.hooked = 0;
    guard.ticks = 0;
}
