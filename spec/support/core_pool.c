/*
 * core_pool.c - net/memory/pool, for specs
 */
#include "core.h"

#include <errno.h>
#include <string.h>

#define TYPE "core.pool"

struct pool *core_check_pool(lua_State *L, int arg)
{
    struct pool **pool = luaL_checkudata(L, arg, TYPE);

    luaL_argcheck(L, *pool != NULL, arg, "freed");
    return *pool;
}

struct bocket *core_check_bocket(lua_State *L, int arg)
{
    luaL_checktype(L, arg, LUA_TLIGHTUSERDATA);
    return lua_touserdata(L, arg);
}

enum pool_share core_opt_share(lua_State *L, int arg)
{
    static const char *const names[] = {"common", "reserve", NULL};

    return luaL_checkoption(L, arg, "common", names) == 0 ? POOL_COMMON
                                                          : POOL_RESERVE;
}

/* pool:checkout([share]) -> bocket | nil */
static int l_checkout(lua_State *L)
{
    struct bocket *bocket =
        pool_checkout(core_check_pool(L, 1), core_opt_share(L, 2));

    if (bocket == NULL)
        lua_pushnil(L);
    else
        lua_pushlightuserdata(L, bocket);
    return 1;
}

/* pool:checkin(bocket) */
static int l_checkin(lua_State *L)
{
    pool_checkin(core_check_pool(L, 1), core_check_bocket(L, 2));
    return 0;
}

/* pool:hold(bocket) */
static int l_hold(lua_State *L)
{
    core_check_pool(L, 1);
    bocket_hold(core_check_bocket(L, 2));
    return 0;
}

/* pool:holders(bocket) -> integer */
static int l_holders(lua_State *L)
{
    core_check_pool(L, 1);
    lua_pushinteger(L, core_check_bocket(L, 2)->holders);
    return 1;
}

/* pool:generation(bocket) -> integer */
static int l_generation(lua_State *L)
{
    core_check_pool(L, 1);
    lua_pushinteger(L, core_check_bocket(L, 2)->generation);
    return 1;
}

/* pool:used(bocket) -> integer */
static int l_used(lua_State *L)
{
    core_check_pool(L, 1);
    lua_pushinteger(L, core_check_bocket(L, 2)->used);
    return 1;
}

/* pool:write(bocket, bytes): append them */
static int l_write(lua_State *L)
{
    struct pool *pool = core_check_pool(L, 1);
    struct bocket *bocket = core_check_bocket(L, 2);
    size_t length;
    const char *bytes = luaL_checklstring(L, 3, &length);

    luaL_argcheck(L, length <= pool_size(pool) - bocket->used, 3, "no room");
    memcpy(bocket->bytes + bocket->used, bytes, length);
    bocket->used += (uint32_t)length;
    return 0;
}

/* pool:peek(bocket, offset) -> the byte there, even of a free bocket */
static int l_peek(lua_State *L)
{
    core_check_pool(L, 1);
    lua_pushinteger(L, core_check_bocket(L, 2)->bytes[core_check_size(L, 3)]);
    return 1;
}

/* pool:offset(bocket) -> where it begins in the slab, bytes */
static int l_offset(lua_State *L)
{
    size_t offset = pool_offset(core_check_pool(L, 1), core_check_bocket(L, 2));

    lua_pushinteger(L, (lua_Integer)offset);
    return 1;
}

/* pool:available([share]) -> integer */
static int l_available(lua_State *L)
{
    size_t n = pool_available(core_check_pool(L, 1), core_opt_share(L, 2));

    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/* pool:free_count() -> integer */
static int l_free_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)pool_free_count(core_check_pool(L, 1)));
    return 1;
}

/* pool:least_free() -> integer */
static int l_least_free(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)pool_least_free(core_check_pool(L, 1)));
    return 1;
}

/* pool:free() */
static int l_free(lua_State *L)
{
    struct pool **pool = luaL_checkudata(L, 1, TYPE);

    if (*pool != NULL)
        pool_free(*pool);
    *pool = NULL;
    return 0;
}

/* core.pool(number, size[, with_reserve]) -> pool | nil, message */
static int l_pool(lua_State *L)
{
    size_t number = core_check_size(L, 1);
    size_t size = core_check_size(L, 2);
    bool with_reserve = lua_toboolean(L, 3);
    struct pool **pool = core_new_object(L, TYPE, sizeof(struct pool *));

    *pool = pool_new(number, size, with_reserve);
    if (*pool != NULL)
        return 1;
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
}

void core_open_pool(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"checkout", l_checkout},
        {"checkin", l_checkin},
        {"hold", l_hold},
        {"holders", l_holders},
        {"generation", l_generation},
        {"used", l_used},
        {"write", l_write},
        {"peek", l_peek},
        {"offset", l_offset},
        {"available", l_available},
        {"free_count", l_free_count},
        {"least_free", l_least_free},
        {"free", l_free},
        {"__gc", l_free},
        {NULL, NULL},
    };

    core_new_type(L, TYPE, methods);
    lua_pushcfunction(L, l_pool);
    lua_setfield(L, -2, "pool");
}
