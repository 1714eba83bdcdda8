#include "script/object/timer.h"

#include "base/clock.h"
#include "script/object/objects.h"
#include "script/object/type.h"
#include "script/vm/call.h"
#include "script/vm/options.h"

#include <lauxlib.h>
#include <math.h>

/* Above this `skipped` is shown as the greatest integer. */
#define SKIPPED_MOST 9e18

enum { FUNCTION = 1 }; /* the user value: the script's function */

enum { FIELD_SKIPPED = 1 }; /* see type.h */

/*
 * A running timer is in the registry, under its own address, so it need not be
 * held by the script. The n-th call is due at start + n * seconds, whatever the
 * calls before took; periods that are over before their call was made are
 * skipped.
 */
struct script_timer {
    struct timer timer;
    struct link link; /* in script.timers, while it runs */
    struct script *script;
    uint64_t start; /* clock_now() at its creation */
    double periods; /* number, from 1, of the period whose end it waits for */
    double seconds; /* of one period */
    bool repeats;   /* fes.every, not fes.after */
    double skipped; /* periods without a call */
};

static bool is_running(const struct script_timer *timer)
{
    return !link_alone(&timer->link);
}

/* No effect if it does not run. */
static void stop(struct script_timer *timer)
{
    lua_State *L = timer->script->L;

    if (!is_running(timer))
        return;
    link_out(&timer->link);
    timer->script->ntimers--;
    timer_stop(script_loop(timer->script), &timer->timer);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, timer);
}

/* When the next call is due: at the end of the first period that is not over.
 * Counts the periods skipped. */
static uint64_t next_due(struct script_timer *timer)
{
    uint64_t now = clock_now();

    if (timer->seconds <= 0)
        return now;

    double passed = clock_to_seconds(now - timer->start) / timer->seconds;
    double next = timer->periods + 1;

    if (next <= passed) {
        timer->skipped += floor(passed) + 1 - next;
        next = floor(passed) + 1;
    }
    timer->periods = next;

    double seconds = next * timer->seconds; /* may be infinite */
    uint64_t due = now;

    if (isfinite(seconds))
        due = timer->start + clock_from_seconds(seconds);
    return due > now ? due : now + 1;
}

static int call_function(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, lua_touserdata(L, 1));
    lua_getiuservalue(L, -1, FUNCTION);
    lua_call(L, 0, 0);
    return 0;
}

static void on_due(struct timer *at)
{
    struct script_timer *timer = link_owner(at, struct script_timer, timer);
    struct script *script = timer->script;

    /* On the stack, so that it is not collected if the call stops it. */
    lua_rawgetp(script->L, LUA_REGISTRYINDEX, timer);
    if (!call_lua(script, call_function, timer, "timer", 0))
        lua_pop(script->L, 1);
    if (is_running(timer)) {
        if (!timer->repeats ||
            !timer_start(script_loop(script), at, next_due(timer)))
            stop(timer);
    }
    lua_pop(script->L, 1);
}

/* Push a new, running timer. */
static int new_timer(lua_State *L, const char *caller, bool repeats)
{
    struct script *script = script_of(L);
    uint64_t now = clock_now();
    double seconds = options_check_seconds(L, 1, caller);

    script_check_open(L, caller);
    if (!lua_isfunction(L, 2))
        return luaL_error(L, "%s: a function was expected, got %s", caller,
                          options_push_words(L, 2));

    struct script_timer *timer = lua_newuserdatauv(L, sizeof *timer, 1);

    *timer = (struct script_timer){
        .script = script,
        .start = now,
        .periods = 1,
        .seconds = seconds,
        .repeats = repeats,
    };
    timer_init(&timer->timer, on_due);
    link_init(&timer->link);
    type_set(L, TYPE_TIMER);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, FUNCTION);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, timer);
    link_before(&script->timers, &timer->link);
    script->ntimers++;
    if (!timer_start(script_loop(script), &timer->timer,
                     now + clock_from_seconds(seconds)))
        return luaL_error(L, "%s: not enough memory", caller);
    return 1;
}

/* fes.every(seconds, fn) -> timer */
int timer_lua_every(lua_State *L)
{
    return new_timer(L, "fes.every", true);
}

/* fes.after(seconds, fn) -> timer */
int timer_lua_after(lua_State *L)
{
    return new_timer(L, "fes.after", false);
}

/* timer:stop(); no effect if the timer does not run */
static int l_stop(lua_State *L)
{
    stop(type_check(L, 1, TYPE_TIMER));
    return 0;
}

static int l_index(lua_State *L)
{
    const struct script_timer *timer = lua_touserdata(L, 1);

    if (type_push_member(L) == FIELD_SKIPPED)
        lua_pushinteger(L, timer->skipped < SKIPPED_MOST
                               ? (lua_Integer)timer->skipped
                               : LUA_MAXINTEGER);
    return 1;
}

void timer_end_all(struct script *script)
{
    while (!link_alone(&script->timers))
        stop(link_owner(script->timers.next, struct script_timer, link));
}

size_t timer_count(const struct script *script)
{
    return script->ntimers;
}

void timer_open(lua_State *L)
{
    static const char *const fields[] = {"skipped", NULL};
    static const luaL_Reg methods[] = {{"stop", l_stop}, {NULL, NULL}};

    type_new(L, TYPE_TIMER, methods, fields, l_index);
    lua_pop(L, 1);
}
