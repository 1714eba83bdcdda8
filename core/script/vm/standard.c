#include "script/vm/standard.h"

#include "script/vm/watchdog.h"

#include <lauxlib.h>
#include <lualib.h>
#include <sys/random.h>

/* Call the message handler, the upvalue, unless the call has timed out. */
static int l_handle(lua_State *L)
{
    if (watchdog.expired)
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int finish_xpcall(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_pushboolean(L, 0);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - 2; /* not the function and the handler */
}

/* xpcall(fn, handler, ...) -> true, ... | false, what the handler gives */
static int l_xpcall(lua_State *L)
{
    int count = lua_gettop(L);

    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (!lua_iscfunction(L, 2)) {
        lua_pushvalue(L, 2);
        lua_pushcclosure(L, l_handle, 1);
        lua_replace(L, 2);
    }
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2); /* below the function's arguments */
    return finish_xpcall(
        L, lua_pcallk(L, count - 2, LUA_MULTRET, 2, 0, finish_xpcall), 0);
}

/*
 * Lua makes its seed of the time in seconds and an address: programs that start
 * at once, as after a power cut, could have the same.
 */
static void seed_random(lua_State *L)
{
    lua_Integer seed[2];

    if (getrandom(seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        return;
    lua_getglobal(L, LUA_MATHLIBNAME);
    lua_getfield(L, -1, "randomseed");
    lua_pushinteger(L, seed[0]);
    lua_pushinteger(L, seed[1]);
    lua_call(L, 2, 0);
    lua_pop(L, 1);
}

void standard_open(lua_State *L)
{
    luaL_openlibs(L);
    lua_register(L, "xpcall", l_xpcall);
    seed_random(L);
}
