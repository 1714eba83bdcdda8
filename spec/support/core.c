/*
 * core.c - the Lua module, and what its parts share
 */
#include "core.h"

#include <string.h>

void core_new_type(lua_State *L, const char *type, const luaL_Reg *methods)
{
    luaL_newmetatable(L, type);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
}

void *core_new_object(lua_State *L, const char *type, size_t size)
{
    void *object = lua_newuserdatauv(L, size, 1);

    memset(object, 0, size);
    luaL_setmetatable(L, type);
    return object;
}

size_t core_check_size(lua_State *L, int arg)
{
    lua_Integer size = luaL_checkinteger(L, arg);

    luaL_argcheck(L, size >= 0, arg, "negative");
    return (size_t)size;
}

int luaopen_spec_support_core(lua_State *L);

int luaopen_spec_support_core(lua_State *L)
{
    lua_newtable(L);
    core_open_base(L);
    core_open_address(L);
    core_open_pool(L);
    core_open_queue(L);
    core_open_stream(L);
    core_open_allocator(L);
    return 1;
}
