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
    TICKS = 4, /* in the time that a call may take */
    EVERY_STEP = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT
};

#define SHORTEST_TICK CLOCK_MILLI

struct watchdog watchdog = {.awake = 1}; /* there is no limit yet */

/* The part that only this file uses, most of it in the signal's handler. */
static struct {
    timer_t timer;
    bool made;        /* the timer exists */
    bool refused;     /* expired by watchdog_expire(), not by time */
    double seconds;   /* the limit; 0: none */
    uint64_t tick;    /* nanoseconds between two ticks */
    uint64_t seen;    /* watchdog.calls at the last tick */
    unsigned ticks;   /* for which that has been the same */
    uint64_t starved; /* clock_starved() at the first of them */
    volatile sig_atomic_t has_raised; /* the hook has, in this call */
    volatile sig_atomic_t hooked;     /* it has replaced a hook of the script */
    volatile sig_atomic_t closing;    /* lua_close() runs: finalizers only */
    char message[LUA_IDSIZE + 128];   /* of the error that the hook raises */
} guard;

/* Send a signal every `period` nanoseconds; 0: stop the timer. */
static void set_period(uint64_t period)
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

/* With no active function, as when C code cleans up after the call, there is no
 * place to show. */
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
 * Format the message of the error, with the position of the innermost Lua
 * function, as Lua does. All later errors of this call have the same message.
 */
static void format_message(lua_State *L)
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
 * The hook: runs at every instruction, call and return. It may still be set on
 * a coroutine that was suspended when the call ended; there it removes itself.
 */
static void raise_timeout(lua_State *L, lua_Debug *at)
{
    (void)at;
    if (!watchdog.expired) {
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    if (!guard.has_raised) {
        watchdog_trace();
        format_message(L);
        guard.has_raised = 1;
    }
    lua_pushstring(L, guard.message);
    lua_error(L);
}

/* Set the hook on coroutine L. */
static void set_hook(lua_State *L)
{
    lua_Hook other = lua_gethook(L);

    if (other != NULL && other != raise_timeout)
        guard.hooked = 1;
    lua_sethook(L, raise_timeout, EVERY_STEP, 1);
}

/* --------------------------------------------------------------- the signal */

/* Lua stops its collector while it calls a finalizer, and only then. */
static bool is_in_a_finalizer(lua_State *L)
{
    return lua_gc(L, LUA_GCISRUNNING) < 0;
}

/*
 * Log that the call cannot be interrupted: the hook was set a tick ago and has
 * not raised. So no Lua instruction and no call has been executed meanwhile;
 * the stack does not change, and the traceback can be written in the signal's
 * handler. That is not so in a finalizer, or in a hook of the script: Lua calls
 * both without hooks, so they may be calling other functions.
 */
static void log_stuck(void)
{
    char millis[TEXT_DECIMAL_BYTES];
    const char *what = "a library function", *trace = NULL;

    if (guard.closing || is_in_a_finalizer(watchdog.running)) {
        what = "a finalizer";
    } else if (guard.hooked) {
        what = "a hook of the script, or a library function,";
    } else if (!is_in_a_function(watchdog.running)) {
        what = "the collector of garbage";
    } else {
        watchdog_trace();
        trace = trace_text();
    }
    text_decimal(millis, guard.ticks * guard.tick / CLOCK_MILLI);
    log_from_signal(LOG_WARN, watchdog.event, ": it has run for ", millis,
                    " ms and cannot be interrupted: ", what, " does not return",
                    trace != NULL ? "\n" : NULL, trace, NULL);
}

/* Runs in the signal's handler, where lua_sethook() is allowed. `running` is
 * always a coroutine that still exists. */
static void expire(void)
{
    bool stuck = watchdog.expired && !guard.has_raised;

    watchdog.expired = 1;
    if (!guard.closing)
        set_hook(watchdog.running);
    if (stuck && (guard.ticks & (guard.ticks - 1)) == 0)
        log_stuck(); /* after 8, 16, 32, ... ticks */
}

/* Time in which other processes had the processor does not count. */
static bool is_out_of_time(void)
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
        if (++guard.ticks >= TICKS && is_out_of_time())
            expire();
    } else if (same) {
        watchdog.awake = 0;
        set_period(0);
    } else {
        guard.seen = watchdog.calls;
        guard.ticks = 0;
        guard.starved = clock_starved();
    }
    errno = error;
}

/* The signal is sent to this thread; modules in C may have started others. */
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
            log_warn("time limits of calls do not work: %s",
                     strerrordesc_np(errno));
            return;
        }
    }
    if (guard.made)
        set_period(0);
    guard.seconds = seconds;
    guard.tick = clock_from_seconds(seconds / TICKS);
    if (guard.tick < SHORTEST_TICK)
        guard.tick = SHORTEST_TICK;
    guard.ticks = 0;
    watchdog.awake = !(seconds > 0);
    if (seconds > 0 && watchdog.event != NULL)
        watchdog_wake(); /* the time of the running call begins now */
}

void watchdog_wake(void)
{
    watchdog.awake = 1;
    set_period(guard.tick);
}

void watchdog_recover(lua_State *L)
{
    watchdog.expired = 0;
    guard.has_raised = 0;
    guard.hooked = 0;
    guard.refused = false;
    guard.ticks = 0;
    lua_sethook(L, NULL, 0, 0);
}

/* From now on `co` runs, resumed by L. */
static void begin_resumption(struct resumption *here, lua_State *L,
                             lua_State *co)
{
    *here = (struct resumption){.from = L, .outer = watchdog.resumptions};
    watchdog.resumptions = here;
    watchdog.running = co;
    atomic_signal_fence(memory_order_seq_cst);
    if (watchdog.expired && !guard.closing)
        set_hook(co);
}

/* The resuming coroutine runs again. If the call has run out of time meanwhile,
 * it has no hook yet. */
static void end_resumption(const struct resumption *here)
{
    watchdog.running = here->from;
    watchdog.resumptions = here->outer;
    atomic_signal_fence(memory_order_seq_cst);
    if (watchdog.expired && !guard.closing)
        set_hook(here->from);
}

int watchdog_resume(lua_State *L, lua_State *co, int nargs, int *nresults)
{
    struct resumption here;

    begin_resumption(&here, L, co);

    int status = lua_resume(co, L, nargs, nresults);

    end_resumption(&here);
    return status;
}

int watchdog_reset(lua_State *L, lua_State *co)
{
    struct resumption here;

    begin_resumption(&here, L, co);

    int status = lua_resetthread(co);

    end_resumption(&here);
    return status;
}

void watchdog_expire(void)
{
    if (guard.closing)
        return;
    guard.refused = true;
    watchdog.expired = 1;
    set_hook(watchdog.running);
}

/* While lua_close() frees coroutines, no hook is set on any of them. */
void watchdog_close(lua_State *L)
{
    guard.closing = 1;
    watchdog_enter(L, "the end of a script");
    lua_close(L);
    watchdog.event = NULL;
    watchdog.running = NULL;
    watchdog.expired = 0;
    guard.closing = guard.has_raised = guard.hooked = 0;
    guard.ticks = 0;
}
