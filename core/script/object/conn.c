#include "script/object/conn.h"

#include "net/command/policy.h"
#include "script/object/handle.h"
#include "script/object/overflow.h"
#include "script/object/server.h"
#include "script/object/type.h"
#include "script/vm/options.h"
#include "script/vm/state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static const char policy_key;

/* What an outgoing connection has in place of a server. */
static const char server_key;

/* What can be read of a connection beside its methods. */
enum fact { FACT_ID = 1, FACT_PEER, FACT_SERVER, FACT_RESUMED };

static struct handle *check_handle(lua_State *L)
{
    return type_check(L, 1, TYPE_CONN);
}

/* ---------------------------------------------------------------- handles */

/* The handle may outlive the connection, and so needs what it is served by. */
static void keep_server(lua_State *L, const struct lua_server *lua_server)
{
    handle_push_fields(L, lua_gettop(L));
    lua_server_push(L, lua_server);
    lua_rawsetp(L, -2, &server_key);
    lua_pop(L, 1);
}

static void new_handle(lua_State *L, conn_name name)
{
    struct handle *handle = lua_newuserdatauv(L, sizeof *handle, USER_VALUES);
    struct conn_facts facts = {0};

    command_facts(script_of(L)->engine, name, &facts);
    *handle = (struct handle){.name = name,
                              .lua_server = lua_server_of(L, facts.server)};
    type_set(L, TYPE_CONN);
    if (handle->lua_server->outgoing)
        keep_server(L, handle->lua_server);
}

/* What is known of the connection whose handle is at `index`. */
struct conn_last conn_last(lua_State *L, int index)
{
    const struct handle *handle = lua_touserdata(L, index);
    struct engine *engine = script_of(L)->engine;
    struct conn_facts facts = {0};
    struct conn_last now = {0};

    if (handle->name != 0) {
        command_facts(engine, handle->name, &facts);
        now.id = facts.id;
        now.peer = facts.peer;
        now.reason = facts.reason;
        now.detail = facts.detail;
        now.resumed = facts.resumed;
        now.server = facts.server;
        command_stats(engine, handle->name, &now.stats);
    } else {
        lua_getiuservalue(L, index, FIELDS);
        lua_rawgetp(L, -1, &handle_last_key);
        now = *(struct conn_last *)lua_touserdata(L, -1);
        now.server = handle->lua_server->server; /* it may have gone, too */
        lua_pop(L, 2);
    }
    return now;
}

static lua_Integer place_of(conn_name name)
{
    return (lua_Integer)conn_slot_of(name) + 1;
}

void conn_push_handles(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->handles);
}

void conn_push_of(lua_State *L, int handles, conn_name name)
{
    lua_Integer place = place_of(name);

    if (lua_rawgeti(L, handles, place) == LUA_TUSERDATA)
        return;
    lua_pop(L, 1);
    new_handle(L, name);
    lua_pushvalue(L, -1);
    lua_rawseti(L, handles, place);
}

bool conn_push_known(lua_State *L, conn_name name)
{
    if (lua_rawgeti(L, SCRIPT_HANDLES, place_of(name)) == LUA_TUSERDATA)
        return true;
    lua_pop(L, 1);
    return false;
}

void conn_push(lua_State *L, conn_name name)
{
    conn_push_handles(L);
    conn_push_of(L, lua_gettop(L), name);
    lua_remove(L, -2);
}

/* First what may raise, then the change. */
static void keep_last(lua_State *L, int index)
{
    struct handle *handle = lua_touserdata(L, index);
    struct conn_last now = conn_last(L, index);

    handle_keep_last(L, index, &now);
    handle->name = 0;
}

void conn_gone(lua_State *L, conn_name name)
{
    lua_Integer place = place_of(name);

    conn_push_handles(L);
    if (lua_rawgeti(L, -1, place) == LUA_TUSERDATA) {
        keep_last(L, lua_gettop(L));
        lua_pushnil(L);
        lua_rawseti(L, -3, place);
    }
    lua_pop(L, 2);
}

static void describe(uint64_t id, const struct address *peer, char *out)
{
    char text[ADDRESS_TEXT_BYTES];

    address_format(peer, text);
    snprintf(out, CONN_TEXT_BYTES, "conn %llu (%s)", (unsigned long long)id,
             text);
}

void conn_describe(const struct engine *engine, conn_name name, char *out)
{
    struct conn_facts facts = {0};

    if (command_facts(engine, name, &facts))
        describe(facts.id, &facts.peer, out);
    else
        snprintf(out, CONN_TEXT_BYTES, "a connection that has gone");
}

conn_name conn_check(lua_State *L, int index, const char *who)
{
    return handle_check(L, index, who)->name;
}

conn_name conn_name_at(lua_State *L, int index)
{
    return ((const struct handle *)lua_touserdata(L, index))->name;
}

const struct lua_server *conn_served(lua_State *L, int index)
{
    return ((const struct handle *)lua_touserdata(L, index))->lua_server;
}

enum reason conn_reason(lua_State *L, int index, const char **detail)
{
    struct conn_last now = conn_last(L, index);

    *detail = now.detail;
    return now.reason;
}

/* ---------------------------------------------------------------- methods */

int conn_push_answer(lua_State *L, enum command_answer answer)
{
    if (answer == COMMAND_DONE) {
        lua_pushboolean(L, 1);
        return 1;
    }
    luaL_pushfail(L);
    lua_pushstring(L, answer == COMMAND_FULL ? "full" : "closed");
    return 2;
}

/* conn:stats() -> table */
static int l_stats(lua_State *L)
{
    check_handle(L);

    struct conn_stats stats = conn_last(L, 1).stats;

    lua_createtable(L, 0, 8);
    script_set_count(L, "bytes_in", stats.bytes_in);
    script_set_count(L, "bytes_out", stats.bytes_out);
    script_set_count(L, "messages_in", stats.messages_in);
    script_set_count(L, "messages_out", stats.messages_out);
    script_set_count(L, "queued", stats.queued);
    script_set_count(L, "bockets", stats.bockets);
    script_set_count(L, "missed", stats.missed);
    lua_pushnumber(L, stats.age);
    lua_setfield(L, -2, "age");
    return 1;
}

/* conn:set_overflow(policy) -> true | nil, "closed" */
static int l_set_overflow(lua_State *L)
{
    struct handle *handle = check_handle(L);
    enum overflow overflow = policy_check(L, 2, "conn:set_overflow");

    lua_settop(L, 2);
    handle_push_fields(L, 1);
    if (overflow == OVERFLOW_ASK)
        lua_pushvalue(L, 2);
    else
        lua_pushnil(L);
    lua_rawsetp(L, -2, &policy_key);
    return conn_push_answer(
        L, command_set_overflow(script_of(L)->engine, handle->name, overflow));
}

void conn_push_policy(lua_State *L, conn_name name)
{
    conn_push(L, name);
    handle_push_fields(L, lua_gettop(L));
    lua_rawgetp(L, -1, &policy_key);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static const luaL_Reg methods[] = {
    {"set_overflow", l_set_overflow},
    {"stats", l_stats},
    {NULL, NULL},
};

void conn_add_methods(lua_State *L, const luaL_Reg *more)
{
    type_add_methods(L, TYPE_CONN, more);
}

/* ----------------------------------------------------------------- fields */

static void push_fact(lua_State *L, int fact)
{
    const struct handle *handle = lua_touserdata(L, 1);
    struct conn_last now = conn_last(L, 1);
    char text[ADDRESS_TEXT_BYTES];

    switch (fact) {
    case FACT_ID:
        lua_pushinteger(L, (lua_Integer)now.id);
        break;
    case FACT_PEER:
        address_format(&now.peer, text);
        lua_pushstring(L, now.peer.family != 0 ? text : NULL);
        break;
    case FACT_RESUMED:
        lua_pushboolean(L, now.resumed);
        break;
    default:
        if (handle->lua_server->outgoing)
            lua_pushnil(L);
        else
            lua_server_push(L, handle->lua_server);
    }
}

/* Methods first, then what is known of it, then its own fields. */
static int l_index(lua_State *L)
{
    int fact = type_push_member(L);

    if (fact != 0) {
        push_fact(L, fact);
    } else if (lua_isnil(L, -1)) {
        if (lua_getiuservalue(L, 1, FIELDS) != LUA_TTABLE)
            return 0;
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
    }
    return 1;
}

static int l_newindex(lua_State *L)
{
    lua_settop(L, 3);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return luaL_error(L, "conn: '%s' is a name of the API",
                          lua_tostring(L, 2));
    handle_push_fields(L, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, -3);
    return 0;
}

static int l_tostring(lua_State *L)
{
    char text[CONN_TEXT_BYTES];

    check_handle(L);

    struct conn_last now = conn_last(L, 1);

    describe(now.id, &now.peer, text);
    lua_pushstring(L, text);
    return 1;
}

void open_conn(lua_State *L)
{
    static const char *const facts[] = {"id", "peer", "server", "resumed",
                                        NULL};

    type_new(L, TYPE_CONN, methods, facts, l_index);
    type_push_members(L, TYPE_CONN);
    lua_pushcclosure(L, l_newindex, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, l_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
}
