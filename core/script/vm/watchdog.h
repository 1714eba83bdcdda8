/*
 * watchdog.h - sees to it that no call into Lua runs for ever
 *
 * A call costs two stores and a counter. While calls come, a timer's signal
 * ticks, four times in the time that a call has. When it finds the same call
 * still there after that time, it sets a debug hook on the coroutine that
 * runs. The hook raises, and raises again at the next instruction of whoever
 * caught it, until the call has ended: a script cannot swallow it. When no call
 * comes for a whole tick the timer rests, and the next call winds it again.
 *
 *     call    |---------------------------------- . . .
 *     ticks      |      |      |      |      |
 *                seen                        its time is over: the hook is set
 *
 * Time in which other processes had the processor does not count.
 *
 * What runs is known because coroutines are resumed through watchdog_resume()
 * only (coroutine.c, call_resume()). A library function that does not return,
 * a finalizer, or a hook of the script's own cannot be interrupted: the log
 * says so while it lasts, with the traceback of the first, and the hook raises
 * when it returns.
 */
#ifndef FES_VM_WATCHDOG_H
#define FES_VM_WATCHDOG_H

#include <lua.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Who resumed whom; lives on the stack of watchdog_resume(). */
struct resumption {
    lua_State *from;
    struct resumption *outer;
};

/*
 * One for the process, as the signal is, whose handler reads it and writes
 * `awake` and `expired`. Not volatile, which would double the price: between
 * a write here and the handler there is a fence, or a call into Lua.
 */
extern struct watchdog {
    lua_State *running; /* the coroutine that runs, or ran last */
    struct resumption *resumptions;
    const char *event; /* what it is watched for; NULL: it is not */
    uint64_t calls;
    sig_atomic_t awake;   /* no need to wind the timer */
    sig_atomic_t expired; /* this call has had its time */
} watchdog;

/* The time that a call has, in seconds; 0: as much as it likes. */
void watchdog_limit(double seconds);

/* What watchdog_enter() and watchdog_leave() seldom do, and so not inline. */
__attribute__((noinline)) void watchdog_wake(void);
__attribute__((noinline)) void watchdog_recover(lua_State *L);

/*
 * A call into L begins. `event` is what it is for, a string that stays; NULL:
 * it is not watched, and only noted as what runs.
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

/* It has ended. True: it had taken too long. */
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
 * As lua_resume(): run coroutine `co` from L, within a call. `nresults` values
 * are on its stack then, or an error message.
 */
int watchdog_resume(lua_State *L, lua_State *co, int nargs, int *nresults);

/* As lua_resetthread(): close what `co` has to close, in the same way. */
int watchdog_reset(lua_State *L, lua_State *co);

/* What runs has no time left, whatever it has used; but for finalizers. */
void watchdog_expire(void);

/* As lua_close(). Finalizers cannot be interrupted, but are told of. */
void watchdog_close(lua_State *L);

/* Note where whatever runs is (trace.h), if it is in any function. */
void watchdog_trace(void);

#endif
