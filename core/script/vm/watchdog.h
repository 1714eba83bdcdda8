/*
 * watchdog.h - ends calls into Lua that take too long
 *
 * The beginning of a call costs two stores and a counter. While calls come, a
 * timer sends a signal (a tick) four times in the time that one call may take.
 * If the handler finds the same call for that long, it sets a debug hook on the
 * coroutine that runs. The hook raises an error. If the script catches it, the
 * hook raises again at the next instruction, until the call has ended. If no
 * call comes for a whole tick, the timer is stopped; the next call starts it.
 *
 *     call    |---------------------------------- . . .
 *     ticks      |      |      |      |      |
 *                seen                        its time is over: the hook is set
 *
 * Time in which this thread waits for a processor does not count.
 *
 * The running coroutine is known because all are resumed by watchdog_resume()
 * (coroutine.c, call_resume()). Library functions written in C, finalizers, and
 * hooks that the script has set itself cannot be interrupted: the hook raises
 * when they return. While they last, the log says so, and for library functions
 * with a traceback.
 */
#ifndef FES_VM_WATCHDOG_H
#define FES_VM_WATCHDOG_H

#include <lua.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* `from` has resumed a coroutine; lies on the C stack of watchdog_resume(). */
struct resumption {
    lua_State *from;
    struct resumption *outer; /* that of `from`, or NULL */
};

/*
 * One for the process, as there is one signal. Its handler reads all fields and
 * writes `awake` and `expired`. They are not volatile, which would double the
 * cost of a call: between a write here and the handler there is a fence, or a
 * call into Lua.
 */
extern struct watchdog {
    lua_State *running;             /* the coroutine that runs, or ran last */
    struct resumption *resumptions; /* innermost first */
    const char *event; /* what the call is for; NULL: no call is timed */
    uint64_t calls;
    sig_atomic_t awake;   /* the timer runs, or no time is limited */
    sig_atomic_t expired; /* the call is out of time */
} watchdog;

/* Limit the time of each call, in seconds; 0: no limit. */
void watchdog_limit(double seconds);

/* The rare parts of watchdog_enter() and watchdog_leave(), out of line. */
__attribute__((noinline)) void watchdog_wake(void);
__attribute__((noinline)) void watchdog_recover(lua_State *L);

/*
 * A call into L begins. `event` is what it is for, for the log: a string that
 * is never freed. NULL: the call is not timed.
 */
static inline void watchdog_enter(lua_State *L, const char *event)
{
    watchdog.running = L;
    watchdog.calls++;
    watchdog.event = event;
    atomic_signal_fence(memory_order_seq_cst);
    if (!watchdog.awake)
        watchdog_wake();
}

/* The call into L has ended. True: it ran out of time. */
static inline bool watchdog_leave(lua_State *L)
{
    watchdog.event = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    if (!watchdog.expired)
        return false;
    watchdog_recover(L);
    return true;
}

/*
 * As lua_resume(): run coroutine `co` from L, within a call. Returns its
 * status; `*nresults` values, or an error message, are on the stack of `co`.
 */
int watchdog_resume(lua_State *L, lua_State *co, int nargs, int *nresults);

/* As lua_resetthread(): close the pending variables of `co`, from L, within a
 * call. */
int watchdog_reset(lua_State *L, lua_State *co);

/* The running call is out of time from now on. No effect on finalizers. */
void watchdog_expire(void);

/* As lua_close(). Finalizers are not interrupted; if they take too long, the
 * log says so. */
void watchdog_close(lua_State *L);

/* Write the traceback of the running coroutine and of those that have resumed
 * it (trace.h). If no function is active, the last traceback stays. */
void watchdog_trace(void);

#endif
