#include "script/object/handle.h"

#include "script/object/type.h"
#include "script/vm/options.h"

#include <lauxlib.h>

const char handle_last_key;

const struct handle *handle_check(lua_State *L, int index, const char *who)
{
    const struct handle *handle = type_test(L, index, TYPE_CONN);

    if (handle == NULL)
        luaL_error(L, "%s: a conn was expected, got %s", who,
                   options_push_words(L, index));
    return handle;
}

void handle_push_fields(lua_State *L, int index)
{
    if (lua_getiuservalue(L, index, FIELDS) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, index, FIELDS);
}

void handle_keep_last(lua_State *L, int index, const struct conn_last *last)
{
    struct conn_last *kept;

    handle_push_fields(L, index);
    kept = lua_newuserdatauv(L, sizeof *kept, 0);
    *kept = *last;
    lua_rawsetp(L, -2, &handle_last_key);
    lua_pop(L, 1);
}

bool conn_test(lua_State *L, int index, conn_name *name)
{
    const struct handle *handle = type_test(L, index, TYPE_CONN);

    if (handle == NULL)
        return false;
    *name = handle->name;
    return true;
}

void conn_push_closed(lua_State *L)
{
    struct handle *handle = lua_newuserdatauv(L, sizeof *handle, USER_VALUES);

    *handle = (struct handle){0};
    type_set(L, TYPE_CONN);
}

void conn_set_last(lua_State *L, int index, const struct conn_last *last)
{
    struct handle *handle = lua_touserdata(L, index);

    handle->lua_server = last->server != NULL ? lua_server_of(L, last->server)
                                              : lua_server_nowhere(L);
    handle_keep_last(L, lua_absindex(L, index), last);
}

bool conn_push_own(lua_State *L, int index)
{
    if (lua_getiuservalue(L, index, FIELDS) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    return false;
}

void conn_set_own(lua_State *L, int index)
{
    handle_push_fields(L, index);
    lua_insert(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}
