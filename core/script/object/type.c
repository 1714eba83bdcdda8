#include "script/object/type.h"

#include "script/vm/script.h"

/* A userdata in the registry, as are the metatables: all live as long as the
 * state. */
struct types {
    const void *metatables[TYPES];
};

/* Used in Lua's error messages, and as keys of the metatables. */
static const char *const names[TYPES] = {
    [TYPE_CONN] = "fes.conn",   [TYPE_SERVER] = "fes.server",
    [TYPE_TOPIC] = "fes.topic", [TYPE_TIMER] = "fes.timer",
    [TYPE_POOL] = "fes.pool",   [TYPE_BOCKET] = "fes.bocket",
};

void type_open_all(lua_State *L)
{
    struct types *types = lua_newuserdatauv(L, sizeof *types, 0);

    *types = (struct types){{0}};
    luaL_ref(L, LUA_REGISTRYINDEX);
    script_of(L)->types = types;
}

void type_new(lua_State *L, enum type type, const luaL_Reg *methods,
              const char *const *fields, lua_CFunction index)
{
    luaL_newmetatable(L, names[type]);
    script_of(L)->types->metatables[type] = lua_topointer(L, -1);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    for (int i = 0; fields[i] != NULL; i++) {
        lua_pushinteger(L, i + 1);
        lua_setfield(L, -2, fields[i]);
    }
    lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, names[type]);
    lua_setfield(L, -2, "__metatable");
}

void type_add_methods(lua_State *L, enum type type, const luaL_Reg *methods)
{
    type_push_members(L, type);
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
}

void type_push_members(lua_State *L, enum type type)
{
    luaL_getmetatable(L, names[type]);
    lua_getfield(L, -1, "__index");
    lua_getupvalue(L, -1, 1);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

void type_set(lua_State *L, enum type type)
{
    luaL_setmetatable(L, names[type]);
}

void *type_test(lua_State *L, int index, enum type type)
{
    bool same;

    if (!lua_getmetatable(L, index))
        return NULL;
    same = lua_topointer(L, -1) == script_of(L)->types->metatables[type];
    lua_pop(L, 1);
    return same ? lua_touserdata(L, index) : NULL;
}

void *type_check(lua_State *L, int index, enum type type)
{
    void *userdata = type_test(L, index, type);

    if (userdata == NULL)
        luaL_typeerror(L, index, names[type]);
    return userdata;
}

int type_push_member(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNUMBER)
        return 0;
    return (int)lua_tointeger(L, -1);
}
