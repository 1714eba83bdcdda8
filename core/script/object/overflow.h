/*
 * overflow.h - what a script says is to happen to the slow: `overflow`
 */
#ifndef FES_OBJECT_OVERFLOW_H
#define FES_OBJECT_OVERFLOW_H

#include "net/command/policy.h"

#include <lua.h>

/*
 * The policy at `index`: its name, a function, or nothing (OVERFLOW_UNSET).
 * Raises, in the name of `who`, if it is anything else.
 */
enum overflow overflow_check(lua_State *L, int index, const char *who);

/* The policy whose name is at `index`; OVERFLOW_UNSET: it is none. */
enum overflow overflow_named(lua_State *L, int index);

/* Read the option `overflow`, on top of the stack, into an enum overflow; the
 * table of options is at index 1. Raises, in the name of `who`. */
void overflow_read(lua_State *L, const char *who, void *value);

/*
 * The policy that a function gave, at `index`: close, drop or latest. Raises if
 * it is anything else.
 */
enum overflow overflow_answer(lua_State *L, int index);

#endif
