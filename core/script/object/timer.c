#include "script/object/timer.h"

#include "base/clock.h"
#include "script/object/objects.h"
#include "script/object/type.h"
#include "script/vm/call.h"
#include "script/vm/options.h"

#include <lauxlib.h>
#include <math.h>

/* More cannot be told as an integer. */
#define SKIPPED_MOST 9e18

enum { FUNCTION = 1 }; /* the user value that holds what to call */

enum { FIELD_SKIPPED = 1 };

/*
 * While it runs the registry holds it, under its own address: a timer lives
 * until it is stopped, held by the script or not.
 */
struct script_timer {
    struct timer timer;
    struct link link; /* in script.timers, while it runs */
    struct script *script;
    uint64_t start;
    double turns; /* periods since the start that are done with */
    double seconds;
    bool repeats;
    double skipped;
};

static bool runs(const struct script_timer *timer)
{
    return !link_alone(&timer->link);
}

static void release(struct script_timer *timer)
{
    lua_State *L = timer->script->L;

    if (!runs(timer))
        return;
    link_out(&timer->link);
    timer_stop(script_loop(timer->script), &timer->timer);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, timer);
}

/* The moment of the next period that is still to come; the missed are gone. */
static uint64_t next_due(struct script_timer *timer)
{
    uint64_t now = clock_now();

    if (timer->seconds <= 0)
        return now;

    double passed = clock_to_seconds(now - timer->start) / timer->seconds;
    double next = timer->turns + 1;

    if (next <= passed) {
        timer->skipped += floor(passed) + 1 - next;
        next = floor(passed) + 1;
    }
    timer->turns = next;

    double seconds = next * timer->seconds; /* not finite: periods too short */
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

    lua_rawgetp(script->L, LUA_REGISTRYINDEX, timer); /* alive until we end */
    if (!call_lua(script, call_function, timer, "timer", 0))
        lua_pop(script->L, 1);
    if (runs(timer)) {
        if (!timer->repeats ||
            !timer_start(script_loop(script), at, next_due(timer)))
            release(timer);
    }
    lua_pop(script->L, 1);
}

static int make(lua_State *L, const char *who, bool repeats)
{
    struct script *script = script_of(L);
    uint64_t now = clock_now();
    double seconds = options_check_seconds(L, 1, who);

    script_check_open(L, who);
    if (!lua_isfunction(L, 2))
        return luaL_error(L, "%s: a function was expected, got %s", who,
                          options_push_words(L, 2));

    struct script_timer *timer = lua_newuserdatauv(L, sizeof *timer, 1);

    *timer = (struct script_timer){
        .script = script,
        .start = now,
        .turns = 1,
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
    if (!timer_start(script_loop(script), &timer->timer,
                     now + clock_from_seconds(seconds)))
        return luaL_error(L, "%s: not enough memory", who);
    return 1;
}

/* fes.every(seconds, fn) -> timer */
int timer_lua_every(lua_State *L)
{
    return make(L, "fes.every", true);
}

/* fes.after(seconds, fn) -> timer */
int timer_lua_after(lua_State *L)
{
    return make(L, "fes.after", false);
}

/* timer:stop() - it fires no more; again: no effect */
static int l_stop(lua_State *L)
{
    release(type_check(L, 1, TYPE_TIMER));
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
        release(link_owner(script->timers.next, struct script_timer, link));
}

size_t timer_count(const struct script *script)
{
    size_t count = 0;

    for (const struct link *at = script->timers.next; at != &script->timers;
         at = at->next)
        count++;
    return count;
}

void timer_open(lua_State *L)
{
    static const char *const fields[] = {"skipped", NULL};
    static const luaL_Reg methods[] = {{"stop", l_stop}, {NULL, NULL}};

    type_new(L, TYPE_TIMER, methods, fields, l_index);
    lua_pop(L, 1);
}
