/*
 * type.h - the types of the userdata that scripts use
 *
 * A type has members: methods, and fields whose values are computed when a
 * script reads them. They are in one table:
 *
 *     name -> function    a method
 *     name -> integer     a field; its number, from 1
 *
 * The metatable's __index is a C function whose first upvalue is this table.
 *
 * A userdata is of a type if its metatable is that type's, which only fes sets.
 * The addresses of the metatables are kept in C, because luaL_checkudata()
 * would look the metatable up by name at each call of a method.
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

/* Prepare a new state; before any other function here. May raise, as may all
 * functions here but type_test(). */
void type_open_all(lua_State *L);

/*
 * Create a type and push its metatable. `methods` and `fields` end with NULL;
 * the first field has number 1. `index` becomes __index, and has the table of
 * members as its first upvalue.
 */
void type_new(lua_State *L, enum type type, const luaL_Reg *methods,
              const char *const *fields, lua_CFunction index);

/* Add methods, a list that ends with NULL, to a type. */
void type_add_methods(lua_State *L, enum type type, const luaL_Reg *methods);

/* Push the table of a type's members. */
void type_push_members(lua_State *L, enum type type);

/* Make the userdata on top of the stack one of this type. */
void type_set(lua_State *L, enum type type);

/* The userdata at `index`, or NULL if the value there is not of this type. */
void *type_test(lua_State *L, int index, enum type type);

/* The same for argument `index` of a function, but raises instead of NULL. */
void *type_check(lua_State *L, int index, enum type type);

/*
 * In an __index function: push the member whose name is at index 2. Returns the
 * number of a field; 0 if a method, or nil for an unknown name, was pushed.
 */
int type_push_member(lua_State *L);

#endif
