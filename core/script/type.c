#include "script/type.h"

void type_new(lua_State *L, const char *name, const luaL_Reg *methods,
              const char *const *fields, lua_CFunction index)
{
    luaL_newmetatable(L, name);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    for (int i = 0; fields[i] != NULL; i++) {
        lua_pushinteger(L, i + 1);
        lua_setfield(L, -2, fields[i]);
    }
    lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
}

void type_add_methods(lua_State *L, const char *name, const luaL_Reg *methods)
{
    type_push_members(L, name);
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
}

void type_push_members(lua_State *L, const char *name)
{
    luaL_getmetatable(L, name);
    lua_getfield(L, -1, "__index");
    lua_getupvalue(L, -1, 1);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

int type_push_member(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNUMBER)
        return 0;
    return (int)lua_tointeger(L, -1);
}
