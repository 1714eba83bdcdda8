#include "script/vm/script.h"

#include "net/command/engine.h"

#include <lauxlib.h>

struct script *script_of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

void script_check_open(lua_State *L, const char *caller)
{
    if (script_of(L)->over)
        luaL_error(L, "%s: the script has ended", caller);
}

struct loop *script_loop(const struct script *script)
{
    return engine_loop(script->engine);
}

const char *script_push_path(lua_State *L, const char *name)
{
    if (name[0] == '/')
        return lua_pushstring(L, name);
    return lua_pushfstring(L, "%s/%s", script_of(L)->program->directory, name);
}

void script_set_count(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}
