#include "base/log.h"

#include "script/object/objects.h"
#include "script/vm/script.h"

#include <lauxlib.h>

/* fes.log.LEVEL(format, ...). The upvalues are string.format, as it was when
 * the state was created, and the level. */
static int l_log(lua_State *L)
{
    enum log_level level =
        (enum log_level)lua_tointeger(L, lua_upvalueindex(2));
    size_t length;

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (lua_pcall(L, lua_gettop(L) - 1, 1, 0) != LUA_OK)
        return luaL_error(L, "fes.log: %s", lua_tostring(L, -1));

    const char *text = lua_tolstring(L, -1, &length);

    log_text(level, text, length);
    return 0;
}

void log_open(lua_State *L)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};

    lua_createtable(L, 0, 4);
    lua_getglobal(L, "string");
    for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        lua_getfield(L, -1, "format");
        lua_pushinteger(L, level);
        lua_pushcclosure(L, l_log, 2);
        lua_setfield(L, -3, names[level]);
    }
    lua_pop(L, 1);
}
