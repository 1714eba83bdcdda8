/*
 * The fields of conns, and conn:stats.
 */
#include "net/io/address.h"
#include "script/object/handle.h"
#include "script/object/objects.h"
#include "script/object/type.h"

#include <lauxlib.h>

/* The numbers of the fields, in the order of conn_open(); see type.h. */
enum field { FIELD_ID = 1, FIELD_PEER, FIELD_SERVER, FIELD_RESUMED };

static struct handle *check_handle(lua_State *L)
{
    return type_check(L, 1, TYPE_CONN);
}

/* conn:stats() -> table */
static int l_stats(lua_State *L)
{
    check_handle(L);

    struct conn_stats stats = handle_last(L, 1).stats;

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

static const luaL_Reg methods[] = {
    {"stats", l_stats},
    {NULL, NULL},
};

/* ------------------------------------------------------------------- fields */

static void push_field(lua_State *L, int field)
{
    struct conn_last last = handle_last(L, 1);
    char text[ADDRESS_TEXT_BYTES];

    switch (field) {
    case FIELD_ID:
        lua_pushinteger(L, (lua_Integer)last.id);
        break;
    case FIELD_PEER:
        address_format(&last.peer, text);
        lua_pushstring(L, last.peer.family != 0 ? text : NULL);
        break;
    case FIELD_RESUMED:
        lua_pushboolean(L, last.resumed);
        break;
    default:
        handle_push_server(L, 1);
    }
}

/* Looks up members of the type first, then the fields that the script set. */
static int l_index(lua_State *L)
{
    int field = type_push_member(L);

    if (field != 0) {
        push_field(L, field);
    } else if (lua_isnil(L, -1)) {
        if (lua_getiuservalue(L, 1, HANDLE_FIELDS) != LUA_TTABLE)
            return 0;
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
    }
    return 1;
}

/* Sets a field of the script; raises for the name of a member of the type. */
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
    char peer[ADDRESS_TEXT_BYTES];

    check_handle(L);

    struct conn_last last = handle_last(L, 1);

    address_format(&last.peer, peer);
    lua_pushfstring(L, "conn %I (%s)", (lua_Integer)last.id, peer);
    return 1;
}

void conn_open(lua_State *L)
{
    static const char *const fields[] = {"id", "peer", "server", "resumed",
                                         NULL};

    type_new(L, TYPE_CONN, methods, fields, l_index);
    type_push_members(L, TYPE_CONN);
    lua_pushcclosure(L, l_newindex, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, l_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
}
