#include "script/boot/fes.h"

#include "base/clock.h"
#include "script/object/objects.h"
#include "script/reload/reload.h"
#include "script/run/stats.h"
#include "script/run/stopping.h"
#include "script/task/tasks.h"
#include "script/vm/options.h"

#include <lauxlib.h>

/* fes.now() -> seconds of CLOCK_MONOTONIC, sampled by the call */
static int l_now(lua_State *L)
{
    lua_pushnumber(L, clock_to_seconds(clock_now()));
    return 1;
}

/* fes.stop([seconds]) - as SIGTERM, but connections are closed one after the
 * other over that time */
static int l_stop(lua_State *L)
{
    double seconds = 0;

    if (!lua_isnoneornil(L, 1))
        seconds = options_check_seconds(L, 1, "fes.stop");
    stopping_request(script_of(L), seconds);
    return 0;
}

/* fes.reload() - as SIGHUP */
static int l_reload(lua_State *L)
{
    struct script *script = script_of(L);

    if (!script->ready)
        return luaL_error(L, "fes.reload: the script is still loading");
    reload_request(script->program);
    return 0;
}

/* fes.on_reload(fn | nil) - fn is called before a reload; the next script gets
 * its result from fes.state() */
static int l_on_reload(lua_State *L)
{
    struct script *script = script_of(L);

    if (!lua_isfunction(L, 1) && !lua_isnil(L, 1))
        return luaL_error(L, "fes.on_reload: a function was expected, got %s",
                          options_push_words(L, 1));
    luaL_unref(L, LUA_REGISTRYINDEX, script->on_reload);
    lua_settop(L, 1);
    script->on_reload = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

/* fes.state() -> the result of the last script's on_reload function, or nil */
static int l_state(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->state);
    return 1;
}

/* fes.on_stop(fn) - adds a function that is called when fes begins to stop */
static int l_on_stop(lua_State *L)
{
    if (!lua_isfunction(L, 1))
        return luaL_error(L, "fes.on_stop: a function was expected, got %s",
                          options_push_words(L, 1));
    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->on_stop);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    return 0;
}

int fes_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"after", timer_lua_after},
        {"connect", connect_lua},
        {"every", timer_lua_every},
        {"listen", listen_lua},
        {"now", l_now},
        {"on_reload", l_on_reload},
        {"on_stop", l_on_stop},
        {"pool", pool_lua},
        {"reload", l_reload},
        {"sleep", tasks_lua_sleep},
        {"spawn", tasks_lua_spawn},
        {"state", l_state},
        {"stats", stats_lua},
        {"stop", l_stop},
        {"topic", topic_lua},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    limits_open(L, &script_of(L)->limits, script_of(L)->engine);
    lua_setfield(L, -2, "limits");
    log_open(L);
    lua_setfield(L, -2, "log");
    lua_pushstring(L, FES_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
