#include "script/object/server.h"

#include "net/command/policy.h"
#include "net/command/publish.h"
#include "net/send/closing.h"
#include "net/serve/serve.h"
#include "script/object/conn.h"
#include "script/object/framing_option.h"
#include "script/object/overflow.h"
#include "script/object/type.h"
#include "script/vm/options.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static const char *const handler_names[HANDLERS] = {
    [ON_CONNECT] = "on_connect", [ON_RECEIVE] = "on_receive",
    [ON_DRAIN] = "on_drain",     [ON_LAG] = "on_lag",
    [ON_CLOSE] = "on_close",     [ON_ERROR] = "on_error",
    [HANDLER] = "handler",
};

const char *handler_name(enum handler handler)
{
    return handler_names[handler];
}

static struct lua_server *check_server(lua_State *L)
{
    return type_check(L, 1, TYPE_SERVER);
}

/* ---------------------------------------------------------------- beginning */

struct lua_server *lua_server_new(lua_State *L)
{
    struct lua_server *lua_server = lua_newuserdatauv(L, sizeof *lua_server, 0);

    *lua_server =
        (struct lua_server){.script = script_of(L), .self = LUA_NOREF};
    link_init(&lua_server->link);
    for (int i = 0; i < HANDLERS; i++)
        lua_server->on[i] = LUA_REFNIL;
    lua_server->policy = lua_server->first_policy = LUA_REFNIL;
    lua_pushvalue(L, -1);
    lua_server->self = luaL_ref(L, LUA_REGISTRYINDEX);
    return lua_server;
}

void lua_server_set_handlers(lua_State *L, struct lua_server *lua_server)
{
    for (int i = 0; i < HANDLERS; i++) {
        lua_getfield(L, 1, handler_names[i]);
        lua_server->on[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_getfield(L, 1, "overflow");
    lua_server->first_policy = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_server->policy = lua_server->first_policy;
}

void lua_server_attach(lua_State *L, struct lua_server *lua_server,
                       struct server *server)
{
    lua_server->server = server;
    type_set(L, TYPE_SERVER);
    lua_server->outgoing = server->outgoing;
    lua_server->first_overflow = server->options.overflow;
    link_last(&lua_server->script->servers, &lua_server->link);
    lua_server->script->program->told.stale = true;
}

static struct lua_server *find_lua_server(const struct script *script,
                                          const struct server *server)
{
    const struct link *end = &script->servers;

    for (struct link *at = end->next; at != end; at = at->next) {
        struct lua_server *lua_server = link_owner(at, struct lua_server, link);

        if (lua_server->server == server)
            return lua_server;
    }
    return NULL;
}

struct lua_server *lua_server_of(lua_State *L, struct server *server)
{
    const struct script *script = script_of(L);
    struct lua_server *lua_server =
        script->ready ? server->owner : find_lua_server(script, server);

    if (lua_server == NULL) {
        lua_server = lua_server_new(L);
        lua_server_attach(L, lua_server, server);
        lua_pop(L, 1);
    }
    return lua_server;
}

struct lua_server *lua_server_nowhere(lua_State *L)
{
    struct script *script = script_of(L);

    if (script->nowhere == NULL) {
        script->nowhere = lua_server_new(L);
        script->nowhere->outgoing = true;
        lua_pop(L, 1);
    }
    return script->nowhere;
}

struct lua_server *lua_server_test(lua_State *L, int index)
{
    return type_test(L, index, TYPE_SERVER);
}

void lua_server_release(lua_State *L, struct lua_server *lua_server)
{
    for (int i = 0; i < HANDLERS; i++)
        luaL_unref(L, LUA_REGISTRYINDEX, lua_server->on[i]);
    luaL_unref(L, LUA_REGISTRYINDEX, lua_server->first_policy);
    luaL_unref(L, LUA_REGISTRYINDEX, lua_server->self);
}

void lua_server_detach(lua_State *L, struct lua_server *lua_server)
{
    link_out(&lua_server->link);
    lua_server->server = NULL;
    lua_server_release(L, lua_server);
}

void lua_server_push(lua_State *L, const struct lua_server *lua_server)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, lua_server->self);
}

/* ------------------------------------------------------------------- place */

void server_format_address(const struct server *server, char *out, size_t room)
{
    char text[ADDRESS_TEXT_BYTES];

    if (server->options.path != NULL) {
        snprintf(out, room, "unix:%s", server->options.path);
    } else if (strcmp(server->options.host, "*") == 0) {
        snprintf(out, room, "*:%u", (unsigned)server->address.port);
    } else {
        address_format(&server->address, text);
        snprintf(out, room, "%s", text);
    }
}

/* ---------------------------------------------------------------- checking */

const char *message_check_data(lua_State *L, int index, const char *who,
                               size_t *length)
{
    const char *data = lua_tolstring(L, index, length);

    if (data == NULL)
        luaL_error(L, "%s: data must be a string, got %s", who,
                   options_push_words(L, index));
    return data;
}

struct message message_check(lua_State *L, const struct server *server,
                             const struct framing *framing, int index,
                             const char *who)
{
    size_t length;
    const char *data = message_check_data(L, index, who, &length);

    framing_option_check(L, framing, data, length, who);

    struct message message = framing_encode(framing, data, length);

    if (message.length > server->limit)
        luaL_error(L,
                   "%s: a message of %I bytes can never fit: maxsends * size "
                   "is %I",
                   who, (lua_Integer)message.length,
                   (lua_Integer)server->limit);
    return message;
}

/* ----------------------------------------------------------------- methods */

/* server:broadcast(data[, except]) -> receivers | nil, "full" or "closed" */
static int l_broadcast(lua_State *L)
{
    struct server *server = check_server(L)->server;
    struct message message = message_check(L, server, &server->options.framing,
                                           2, "server:broadcast");
    conn_name except = 0;
    uint32_t receivers;

    if (!lua_isnoneornil(L, 3))
        except = conn_check(L, 3, "server:broadcast");

    switch (command_broadcast(server, message.data, message.data_length, except,
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
    lua_pushinteger(L, server_count(check_server(L)->server));
    return 1;
}

/* The iterator: upvalues are the server and the slot to look at next. */
static int next_conn(lua_State *L)
{
    const struct lua_server *lua_server =
        lua_touserdata(L, lua_upvalueindex(1));
    uint32_t slot = (uint32_t)lua_tointeger(L, lua_upvalueindex(2));
    conn_name name = server_next(lua_server->server, &slot);

    lua_pushinteger(L, slot);
    lua_replace(L, lua_upvalueindex(2));
    if (name == 0)
        return 0;
    conn_push(L, name);
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

/* server:pause() - no more accepting */
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

/* server:close([linger]) */
static int l_close(lua_State *L)
{
    struct lua_server *lua_server = check_server(L);
    double linger = options_opt_seconds(L, 2, CLOSING_LINGER, "server:close");

    if (!lua_server->script->over && !lua_server->server->adopting)
        server_close(lua_server->server, REASON_SHUTDOWN, linger);
    return 0;
}

static void set_closed(lua_State *L, const struct server_stats *stats)
{
    lua_createtable(L, 0, REASONS);
    for (int i = 0; i < REASONS; i++)
        script_set_count(L, reason_name((enum reason)i), stats->closed[i]);
    lua_setfield(L, -2, "closed");
}

static void set_missed(lua_State *L, const struct server_stats *stats)
{
    script_set_count(L, "missed", stats->missed);
    lua_createtable(L, 0, OVERFLOWS);
    for (int i = 0; i < OVERFLOWS; i++)
        script_set_count(L, policy_name((enum overflow)i), stats->missed_by[i]);
    lua_setfield(L, -2, "missed_by");
}

/* server:stats() -> table */
static int l_stats(lua_State *L)
{
    struct server_stats stats = server_stats(check_server(L)->server);

    lua_createtable(L, 0, 16);
    script_set_count(L, "connections", stats.connections);
    script_set_count(L, "accepted", stats.accepted);
    script_set_count(L, "bytes_in", stats.bytes_in);
    script_set_count(L, "bytes_out", stats.bytes_out);
    script_set_count(L, "messages_in", stats.messages_in);
    script_set_count(L, "messages_out", stats.messages_out);
    script_set_count(L, "queued", stats.queued);
    script_set_count(L, "bockets", stats.bockets);
    script_set_count(L, "bockets_free", stats.bockets_free);
    script_set_count(L, "bockets_least", stats.bockets_least);
    script_set_count(L, "refused", stats.refused);
    script_set_count(L, "accepts_paused", stats.accepts_paused);
    script_set_count(L, "memory", stats.memory);
    set_closed(L, &stats);
    set_missed(L, &stats);
    return 1;
}

/* server:flush() - what is held back leaves at this turn's end */
static int l_flush(lua_State *L)
{
    command_flush_server(check_server(L)->server);
    return 0;
}

/* server:set_overflow(policy) - nil: as given to fes.listen() */
static int l_set_overflow(lua_State *L)
{
    struct lua_server *lua_server = check_server(L);
    enum overflow overflow = policy_check(L, 2, "server:set_overflow");

    if (lua_server->policy != lua_server->first_policy)
        luaL_unref(L, LUA_REGISTRYINDEX, lua_server->policy);
    lua_server->policy = lua_server->first_policy;
    if (overflow == OVERFLOW_UNSET) {
        overflow = lua_server->first_overflow;
    } else {
        lua_pushvalue(L, 2);
        lua_server->policy = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    command_set_server_overflow(lua_server->server, overflow);
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
    const struct server *server =
        ((const struct lua_server *)lua_touserdata(L, 1))->server;

    switch (type_push_member(L)) {
    case FIELD_HOST:
        lua_pushstring(L, server->options.host);
        break;
    case FIELD_PORT:
        if (server->options.path == NULL)
            lua_pushinteger(L, server->address.port);
        else
            lua_pushnil(L);
        break;
    case FIELD_PATH:
        lua_pushstring(L, server->options.path);
        break;
    default:
        break;
    }
    return 1;
}

static int l_tostring(lua_State *L)
{
    char place[256];

    server_format_address(check_server(L)->server, place, sizeof place);
    lua_pushfstring(L, "server (%s)", place);
    return 1;
}

void open_server(lua_State *L)
{
    static const char *const fields[] = {"host", "port", "path", NULL};

    type_new(L, TYPE_SERVER, methods, fields, l_index);
    lua_pushcfunction(L, l_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
}
