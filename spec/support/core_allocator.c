/*
 * core_allocator.c - script/vm/allocator, for specs
 *
 * core.assure(bytes, length, ...) -> boolean, ...
 *
 * In a new Lua state that may allocate `bytes` bytes more, assure one object of
 * `bytes` bytes. Then set the limit to what is in use, and make a string of
 * each of these lengths, the last one after allocator_relax(). Returns whether
 * the object was assured, and whether each string could be made.
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

/* Can a string of this length be made? Whatever the call itself allocates has
 * been allocated by a call before. */
static bool can_make_string(lua_State *L, size_t length)
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
    can_make_string(state, 1);
    lua_gc(state, LUA_GCSTOP);
    allocator_limit(&allocator, allocator_used(&allocator) + bytes);
    lua_pushboolean(L, allocator_assure(&allocator, bytes));
    allocator_limit(&allocator, allocator_used(&allocator));
    for (int i = 2; i <= count; i++) {
        if (i == count)
            allocator_relax(&allocator);
        lua_pushboolean(L, can_make_string(state, core_check_size(L, i)));
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
