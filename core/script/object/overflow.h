/*
 * overflow.h - reads overflow policies: "close", "drop", "latest"
 *
 * `caller` is the name of the Lua function
 * that error messages begin with, such as "fes.listen".
 */
#ifndef FES_OBJECT_OVERFLOW_H
#define FES_OBJECT_OVERFLOW_H

#include "net/command/policy.h"

#include <lua.h>

/*
 * The policy at argument `index`, OVERFLOW_UNSET for nil or nothing. Raises if
 * it is anything else but the name of a policy.
 */
enum overflow overflow_check(lua_State *L, int index, const char *caller);

/* The policy whose name is at `index`; OVERFLOW_UNSET: not a policy's name. */
enum overflow overflow_named(lua_State *L, int index);

/* Read the option `overflow`, on top of the stack, into `value`, an enum
 * overflow; the table of options is at index 1. Raises if it is not valid. */
void overflow_read(lua_State *L, const char *caller, void *value);

#endif
