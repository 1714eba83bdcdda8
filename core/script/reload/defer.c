#include "script/reload/defer.h"

#include "script/object/handle.h"
#include "script/object/lua_server.h"
#include "script/object/type.h"
#include "script/vm/call.h"

#include <lauxlib.h>

/* Key in the registry of the list of recorded calls, in order. Each is a table:
 * the function, then its arguments; `n` is the number of arguments. */
static const char list_key;

/* The methods whose calls are recorded. `answer` names the method whose result
 * a recorded call returns; NULL: it returns true. */
static const struct method {
    enum type type;
    const char *name, *answer;
} methods[] = {
    {TYPE_CONN, "send", NULL},           {TYPE_CONN, "close", NULL},
    {TYPE_CONN, "pause", NULL},          {TYPE_CONN, "resume", NULL},
    {TYPE_CONN, "flush", NULL},          {TYPE_CONN, "subscribe", NULL},
    {TYPE_CONN, "unsubscribe", NULL},    {TYPE_CONN, "set_overflow", NULL},
    {TYPE_SERVER, "broadcast", "count"}, {TYPE_SERVER, "pause", NULL},
    {TYPE_SERVER, "resume", NULL},       {TYPE_SERVER, "close", NULL},
    {TYPE_SERVER, "flush", NULL},        {TYPE_SERVER, "set_overflow", NULL},
    {TYPE_TOPIC, "publish", "count"},    {TYPE_TOPIC, "clear", NULL},
    {TYPE_TOPIC, "set_overflow", NULL},
};

enum {
    METHODS = sizeof methods / sizeof methods[0],
    ORIGINAL = 1, /* upvalues of l_deferred */
    ANSWER
};

/* ---------------------------------------------------------------- recording */

/* Is argument 1 a server, or a connection of one, that the script has opened?
 * The owner of any other server is still the old script's record. */
static bool is_object_of_script(lua_State *L)
{
    const struct lua_server *lua_server = lua_server_test(L, 1);
    conn_name name;

    if (lua_server == NULL && handle_test(L, 1, &name))
        lua_server = handle_server(L, 1);
    return lua_server != NULL && lua_server->server != NULL &&
           server_facts(lua_server->server).owner == lua_server;
}

/* Append the call, with the arguments at 1..nargs, to the list. */
static void record_call(lua_State *L, int nargs)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &list_key);
    lua_createtable(L, nargs + 1, 1);
    lua_pushinteger(L, nargs);
    lua_setfield(L, -2, "n");
    lua_pushvalue(L, lua_upvalueindex(ORIGINAL));
    lua_rawseti(L, -2, 1);
    for (int i = 1; i <= nargs; i++) {
        lua_pushvalue(L, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
}

/* Replaces a method, whose C function can be called directly, since methods
 * have no upvalues. The script may have stored this function, hence `ready`. */
static int l_deferred(lua_State *L)
{
    int nargs = lua_gettop(L);

    if (script_of(L)->ready || is_object_of_script(L))
        return lua_tocfunction(L, lua_upvalueindex(ORIGINAL))(L);
    record_call(L, nargs);
    if (lua_isnil(L, lua_upvalueindex(ANSWER))) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushvalue(L, lua_upvalueindex(ANSWER));
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

int defer_begin(lua_State *L)
{
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &list_key);
    for (int i = 0; i < METHODS; i++) {
        type_push_members(L, methods[i].type);
        lua_getfield(L, -1, methods[i].name);
        if (methods[i].answer != NULL)
            lua_getfield(L, -2, methods[i].answer);
        else
            lua_pushnil(L);
        lua_pushcclosure(L, l_deferred, ANSWER);
        lua_setfield(L, -2, methods[i].name);
        lua_pop(L, 1);
    }
    return 0;
}

/* --------------------------------------------------------- making the calls */

static int restore_methods(lua_State *L)
{
    for (int i = 0; i < METHODS; i++) {
        type_push_members(L, methods[i].type);
        lua_getfield(L, -1, methods[i].name);
        lua_getupvalue(L, -1, ORIGINAL);
        lua_setfield(L, -3, methods[i].name);
        lua_pop(L, 2);
    }
    return 0;
}

/* Make the call after number `*at` of the list, and advance `*at`; at the end
 * of the list set it to 0. */
static int call_next(lua_State *L)
{
    lua_Integer *at = lua_touserdata(L, 1);
    int nargs;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &list_key);
    if (lua_rawgeti(L, -1, ++*at) != LUA_TTABLE) {
        *at = 0;
        return 0;
    }
    lua_getfield(L, -1, "n");
    nargs = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    luaL_checkstack(L, nargs + 1, NULL);
    for (int i = 1, list = lua_gettop(L); i <= nargs + 1; i++)
        lua_rawgeti(L, list, i);
    lua_call(L, nargs, 0);
    return 0;
}

void defer_end(struct script *script)
{
    lua_Integer at = 0;

    if (!call_lua(script, restore_methods, NULL, "reload", 0))
        lua_pop(script->L, 1);
    do
        if (!call_lua(script, call_next, &at, "reload", 0))
            lua_pop(script->L, 1);
    while (at != 0);
    lua_pushnil(script->L);
    lua_rawsetp(script->L, LUA_REGISTRYINDEX, &list_key);
}
