/*
 * type.h - the types of what scripts hold
 *
 * A type has members: methods, and fields that are looked up when a script
 * reads them. All of them stand in one table, by name: a method as a function,
 * a field as its number, from 1 on. The metatable's __index is a C function
 * that has this table as its first upvalue. So there is one place that knows
 * what a script may name, and whoever wants to know it can look there.
 *
 * A value is of a type if it has that type's metatable, which only fes sets.
 * Lua would look the metatable up by its name, for each call of a method;
 * here it is known where it is.
 */
#ifndef FES_OBJECT_TYPE_H
#define FES_OBJECT_TYPE_H

#include <lauxlib.h>
#include <lua.h>

enum type {
    TYPE_CONN,
    TYPE_SERVER,
    TYPE_TOPIC,
    TYPE_TIMER,
    TYPE_POOL,
    TYPE_BOCKET,
    TYPES
};

/* Fill in a new state, before any type is made. */
void type_open_all(lua_State *L);

/*
 * Make the type, and push its metatable. `fields` are in the order of their
 * numbers; the last is NULL. `index` becomes its __index.
 */
void type_new(lua_State *L, enum type type, const luaL_Reg *methods,
              const char *const *fields, lua_CFunction index);

/* Give a type more methods. */
void type_add_methods(lua_State *L, enum type type, const luaL_Reg *methods);

/* Push the table of a type's members. */
void type_push_members(lua_State *L, enum type type);

/* The userdata on top of the stack is of this type from now on. */
void type_set(lua_State *L, enum type type);

/* The userdata at `index`, if it is of this type; else NULL. */
void *type_test(lua_State *L, int index, enum type type);

/* The same, for argument `index` of a function; raises if it is not. */
void *type_check(lua_State *L, int index, enum type type);

/*
 * In an __index, push the member that is asked for. A field: its number is
 * given, too. Otherwise 0: it is a method, or nil.
 */
int type_push_member(lua_State *L);

#endif
