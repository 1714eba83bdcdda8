/*
 * The methods and fields of servers.
 */
#include "net/command/server.h"
#include "net/command/policy.h"
#include "net/command/publish.h"
#include "script/object/figures.h"
#include "script/object/handle.h"
#include "script/object/lua_server.h"
#include "script/object/message.h"
#include "script/object/objects.h"
#include "script/object/overflow.h"
#include "script/object/type.h"
#include "script/vm/options.h"

#include <lauxlib.h>

static struct lua_server *check_server(lua_State *L)
{
    return type_check(L, 1, TYPE_SERVER);
}

/* ------------------------------------------------------------------ methods */

/* server:broadcast(data[, except]) -> receivers | nil, "full" or "closed" */
static int l_broadcast(lua_State *L)
{
    struct server *server = check_server(L)->server;
    struct message message = message_check(
        L, server, command_framing(server, 0), 2, "server:broadcast");
    conn_name except = 0;
    uint32_t receivers;

    if (!lua_isnoneornil(L, 3))
        except = handle_check_name(L, 3, "server:broadcast");

    switch (publish_broadcast(server, message.data, message.data_length, except,
                              &receivers)) {
    case COMMAND_DONE:
        lua_pushinteger(L, receivers);
        return 1;
    case COMMAND_FULL:
        luaL_pushfail(L);
        lua_pushliteral(L, "full");
        return 2;
    default:
        luaL_pushfail(L);
        lua_pushliteral(L, "closed");
        return 2;
    }
}

/* server:count() -> open connections */
static int l_count(lua_State *L)
{
    lua_pushinteger(L, server_connections(check_server(L)->server));
    return 1;
}

/* The iterator. Its upvalues are the server and the slot to look at next. */
static int next_conn(lua_State *L)
{
    const struct lua_server *lua_server =
        lua_touserdata(L, lua_upvalueindex(1));
    uint32_t slot = (uint32_t)lua_tointeger(L, lua_upvalueindex(2));
    conn_name name = lua_server->server != NULL
                         ? server_next(lua_server->server, &slot)
                         : 0; /* collected */

    lua_pushinteger(L, slot);
    lua_replace(L, lua_upvalueindex(2));
    if (name == 0)
        return 0;
    handle_push(L, name);
    return 1;
}

/* for conn in server:connections() do ... end */
static int l_connections(lua_State *L)
{
    check_server(L);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_conn, 2);
    return 1;
}

/* server:pause() - stops accepting connections */
static int l_pause(lua_State *L)
{
    server_pause(check_server(L)->server, true);
    return 0;
}

/* server:resume() */
static int l_resume(lua_State *L)
{
    server_pause(check_server(L)->server, false);
    return 0;
}

/* server:close([linger]). No effect once another script owns the server, or
 * while this script has yet to take it over. */
static int l_close(lua_State *L)
{
    struct lua_server *lua_server = check_server(L);
    double linger = options_opt_seconds(L, 2, LINGER_SECONDS, "server:close");

    if (!lua_server->script->over && !server_facts(lua_server->server).adopting)
        server_close(lua_server->server, REASON_SHUTDOWN, linger);
    return 0;
}

/* server:stats() -> table */
static int l_stats(lua_State *L)
{
    const struct server *server = check_server(L)->server;
    struct server_stats stats = server_stats(server);

    lua_createtable(L, 0, 16);
    figures_set(L, &stats);
    script_set_count(L, "memory", server_memory(server));
    return 1;
}

/* server:flush() - ends the delay of `coalesce` at the end of this turn */
static int l_flush(lua_State *L)
{
    server_end_hold(check_server(L)->server);
    return 0;
}

/* server:set_overflow(policy); nil restores the policy of fes.listen() */
static int l_set_overflow(lua_State *L)
{
    const struct lua_server *lua_server = check_server(L);
    enum overflow overflow = overflow_check(L, 2, "server:set_overflow");

    if (overflow == OVERFLOW_UNSET)
        overflow = lua_server->first_overflow;
    policy_set_server(lua_server->server, overflow);
    return 0;
}

static const luaL_Reg methods[] = {
    {"broadcast", l_broadcast},
    {"flush", l_flush},
    {"set_overflow", l_set_overflow},
    {"count", l_count},
    {"connections", l_connections},
    {"pause", l_pause},
    {"resume", l_resume},
    {"close", l_close},
    {"stats", l_stats},
    {NULL, NULL},
};

/* ------------------------------------------------------------------- fields */

enum { FIELD_HOST = 1, FIELD_PORT, FIELD_PATH };

static int l_index(lua_State *L)
{
    const struct lua_server *lua_server = lua_touserdata(L, 1);
    struct server_facts facts = server_facts(lua_server->server);

    switch (type_push_member(L)) {
    case FIELD_HOST:
        lua_pushstring(L, facts.options->host);
        break;
    case FIELD_PORT:
        if (facts.options->path == NULL)
            lua_pushinteger(L, facts.port);
        else
            lua_pushnil(L);
        break;
    case FIELD_PATH:
        lua_pushstring(L, facts.options->path);
        break;
    default:
        break;
    }
    return 1;
}

static int l_tostring(lua_State *L)
{
    char address[SERVER_ADDRESS_BYTES];

    server_format_address(check_server(L)->server, address, sizeof address);
    lua_pushfstring(L, "server (%s)", address);
    return 1;
}

/*
 * The object of a server that has retired is collected, and nothing else knows
 * the record. A finalizer of the script may still hold the object, so it stops
 * being a server. At the end of the Lua state the engine keeps the records of
 * all other servers.
 */
static int l_gc(lua_State *L)
{
    struct lua_server *lua_server = lua_touserdata(L, 1);
    struct server *server = lua_server->server;
    struct server_facts facts;

    if (server == NULL)
        return 0;
    facts = server_facts(server);
    if (!facts.retired || facts.owner != lua_server)
        return 0;
    lua_server->server = NULL;
    lua_pushnil(L);
    lua_setmetatable(L, 1);
    server_abandon(server);
    return 0;
}

void server_open_type(lua_State *L)
{
    static const char *const fields[] = {"host", "port", "path", NULL};

    type_new(L, TYPE_SERVER, methods, fields, l_index);
    lua_pushcfunction(L, l_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, l_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}
