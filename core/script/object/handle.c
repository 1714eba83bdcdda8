#include "script/object/handle.h"

#include "script/object/type.h"
#include "script/vm/options.h"

#include <lauxlib.h>

/* Keys in the table of fields. They are light userdata, which no script can
 * have. The values are the facts of a closed connection, and the Lua object of
 * its server, which an outgoing connection has from the beginning. */
static const char last_key, server_key;

const struct handle *handle_check(lua_State *L, int index, const char *caller)
{
    const struct handle *handle = type_test(L, index, TYPE_CONN);

    if (handle == NULL)
        luaL_error(L, "%s: a conn was expected, got %s", caller,
                   options_push_words(L, index));
    return handle;
}

void handle_push_fields(lua_State *L, int index)
{
    if (lua_getiuservalue(L, index, HANDLE_FIELDS) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, index, HANDLE_FIELDS);
}

static void store_last(lua_State *L, int index, const struct conn_last *last)
{
    struct conn_last *stored;

    handle_push_fields(L, index);
    stored = lua_newuserdatauv(L, sizeof *stored, 0);
    *stored = *last;
    lua_rawsetp(L, -2, &last_key);
    lua_pop(L, 1);
}

/* The server may end before the handle, which points at the server's object, so
 * it holds a reference. */
static void hold_server(lua_State *L, int index,
                        const struct lua_server *lua_server)
{
    index = lua_absindex(L, index);
    handle_push_fields(L, index);
    lua_server_push(L, lua_server);
    lua_rawsetp(L, -2, &server_key);
    lua_pop(L, 1);
}

bool handle_test(lua_State *L, int index, conn_name *name)
{
    const struct handle *handle = type_test(L, index, TYPE_CONN);

    if (handle == NULL)
        return false;
    *name = handle->name;
    return true;
}

void handle_push_closed(lua_State *L)
{
    struct handle *handle =
        lua_newuserdatauv(L, sizeof *handle, HANDLE_USER_VALUES);

    *handle = (struct handle){0};
    type_set(L, TYPE_CONN);
}

void handle_set_last(lua_State *L, int index, const struct conn_last *last)
{
    struct handle *handle = lua_touserdata(L, index);

    handle->server = last->server != NULL ? lua_server_of(L, last->server)
                                          : lua_server_for_freed(L);
    store_last(L, lua_absindex(L, index), last);
    hold_server(L, index, handle->server);
}

bool handle_push_fields_if_any(lua_State *L, int index)
{
    if (lua_getiuservalue(L, index, HANDLE_FIELDS) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    return false;
}

void handle_set_field(lua_State *L, int index)
{
    handle_push_fields(L, index);
    lua_insert(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* ------------------------------------------------------------------ by name */

static void new_handle(lua_State *L, conn_name name)
{
    struct handle *handle =
        lua_newuserdatauv(L, sizeof *handle, HANDLE_USER_VALUES);
    struct conn_facts facts = {0};

    command_facts(script_of(L)->engine, name, &facts);
    *handle =
        (struct handle){.name = name, .server = lua_server_of(L, facts.server)};
    type_set(L, TYPE_CONN);
    if (handle->server->outgoing)
        hold_server(L, -1, handle->server);
}

struct conn_last handle_last(lua_State *L, int index)
{
    const struct handle *handle = lua_touserdata(L, index);
    struct engine *engine = script_of(L)->engine;
    struct conn_facts facts = {0};
    struct conn_last last = {0};

    if (handle->name != 0) {
        command_facts(engine, handle->name, &facts);
        last.id = facts.id;
        last.peer = facts.peer;
        last.reason = facts.reason;
        last.detail = facts.detail;
        last.resumed = facts.resumed;
        last.server = facts.server;
        command_stats(engine, handle->name, &last.stats);
    } else {
        lua_getiuservalue(L, index, HANDLE_FIELDS);
        lua_rawgetp(L, -1, &last_key);
        last = *(struct conn_last *)lua_touserdata(L, -1);
        last.server = handle->server->server; /* NULL if freed since */
        lua_pop(L, 2);
    }
    return last;
}

/* Where the connection's handle is in the table of all handles. */
static lua_Integer place_of(conn_name name)
{
    return (lua_Integer)conn_name_slot(name) + 1;
}

void handle_push_table(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->handles);
}

void handle_push_from(lua_State *L, int handles, conn_name name)
{
    lua_Integer place = place_of(name);

    if (lua_rawgeti(L, handles, place) == LUA_TUSERDATA)
        return;
    lua_pop(L, 1);
    new_handle(L, name);
    lua_pushvalue(L, -1);
    lua_rawseti(L, handles, place);
}

bool handle_push_existing(lua_State *L, conn_name name)
{
    if (lua_rawgeti(L, SCRIPT_HANDLES, place_of(name)) == LUA_TUSERDATA)
        return true;
    lua_pop(L, 1);
    return false;
}

void handle_push(lua_State *L, conn_name name)
{
    handle_push_table(L);
    handle_push_from(L, lua_gettop(L), name);
    lua_remove(L, -2);
}

/* The name is cleared last: if storing raises, the handle is unchanged. */
static void mark_closed(lua_State *L, int index)
{
    struct handle *handle = lua_touserdata(L, index);
    struct conn_last last = handle_last(L, index);

    store_last(L, index, &last);
    hold_server(L, index, handle->server);
    handle->name = 0;
}

void handle_close(lua_State *L, conn_name name)
{
    lua_Integer place = place_of(name);

    handle_push_table(L);
    if (lua_rawgeti(L, -1, place) == LUA_TUSERDATA) {
        mark_closed(L, lua_gettop(L));
        lua_pushnil(L);
        lua_rawseti(L, -3, place);
    }
    lua_pop(L, 2);
}

conn_name handle_check_name(lua_State *L, int index, const char *caller)
{
    return handle_check(L, index, caller)->name;
}

conn_name handle_name(lua_State *L, int index)
{
    return ((const struct handle *)lua_touserdata(L, index))->name;
}

const struct lua_server *handle_server(lua_State *L, int index)
{
    return ((const struct handle *)lua_touserdata(L, index))->server;
}

void handle_push_server(lua_State *L, int index)
{
    const struct handle *handle = lua_touserdata(L, index);

    if (handle->server->outgoing) {
        lua_pushnil(L);
    } else if (handle->name != 0) {
        lua_server_push(L, handle->server);
    } else {
        lua_getiuservalue(L, index, HANDLE_FIELDS);
        lua_rawgetp(L, -1, &server_key);
        lua_remove(L, -2);
    }
}

enum reason handle_reason(lua_State *L, int index, const char **detail)
{
    struct conn_last last = handle_last(L, index);

    *detail = last.detail;
    return last.reason;
}

/* ------------------------------------------------------------------ answers */

int handle_push_answer(lua_State *L, enum command_answer answer)
{
    if (answer == COMMAND_DONE) {
        lua_pushboolean(L, 1);
        return 1;
    }
    luaL_pushfail(L);
    lua_pushstring(L, answer == COMMAND_FULL ? "full" : "closed");
    return 2;
}
