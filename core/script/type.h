/*
 * type.h - the types of what scripts hold
 *
 * A type has members: methods, and fields that are looked up when a script
 * reads them. All of them stand in one table, by name: a method as a function,
 * a field as its number, from 1 on. The metatable's __index is a C function
 * that has this table as its first upvalue. So there is one place that knows
 * what a script may name, and whoever wants to know it can look there.
 */
#ifndef FES_TYPE_H
#define FES_TYPE_H

#include <lauxlib.h>
#include <lua.h>

/*
 * Make the type that is called `name`, and push its metatable. `fields` are in
 * the order of their numbers; the last is NULL. `index` becomes its __index.
 */
void type_new(lua_State *L, const char *name, const luaL_Reg *methods,
              const char *const *fields, lua_CFunction index);

/* Give a type more methods. */
void type_add_methods(lua_State *L, const char *name, const luaL_Reg *methods);

/* Push the table of a type's members. */
void type_push_members(lua_State *L, const char *name);

/*
 * In an __index, push the member that is asked for. A field: its number is
 * given, too. Otherwise 0: it is a method, or nil.
 */
int type_push_member(lua_State *L);

#endif
