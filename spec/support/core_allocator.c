/*
 * core_allocator.c - script/allocator, for specs
 *
 * core.assure(bytes, length, ...): in a new state that may take so many bytes
 * more, assure an object of them; then, when it may not take any, make strings
 * of these lengths, the last of them when nothing is assured any more. Gives
 * whether that was assured, and of each string whether it could be made.
 */
#include "core.h"

#include "script/vm/allocator.h"

#include <string.h>

enum { LONGEST = 1 << 16 };

static int push_string(lua_State *L)
{
    static const char bytes[LONGEST];

    lua_pushlstring(L, bytes, (size_t)lua_tointeger(L, 1));
    return 0;
}

/* What it takes to call it has been taken by a call before. */
static bool makes(lua_State *L, size_t length)
{
    lua_pushcfunction(L, push_string);
    lua_pushinteger(L, (lua_Integer)length);

    bool made = lua_pcall(L, 1, 0, 0) == LUA_OK;

    lua_settop(L, 0);
    return made;
}

static int l_assure(lua_State *L)
{
    size_t bytes = core_check_size(L, 1);
    int count = lua_gettop(L);
    lua_State *state = luaL_newstate();
    struct allocator allocator;

    allocator_begin(&allocator, state);
    makes(state, 1);
    lua_gc(state, LUA_GCSTOP);
    allocator_limit(&allocator, allocator_used(&allocator) + bytes);
    lua_pushboolean(L, allocator_assure(&allocator, bytes));
    allocator_limit(&allocator, allocator_used(&allocator));
    for (int i = 2; i <= count; i++) {
        if (i == count)
            allocator_relax(&allocator);
        lua_pushboolean(L, makes(state, core_check_size(L, i)));
    }
    lua_close(state);
    allocator_end(&allocator);
    return count;
}

void core_open_allocator(lua_State *L)
{
    lua_pushcfunction(L, l_assure);
    lua_setfield(L, -2, "assure");
}
