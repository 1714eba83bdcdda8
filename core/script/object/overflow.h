/*
 * overflow.h - what a script says is to happen to the slow: `overflow`
 */
#ifndef FES_OBJECT_OVERFLOW_H
#define FES_OBJECT_OVERFLOW_H

#include "net/state/overflow.h"

#include <lua.h>

/*
 * The policy at `index`: its name, a function, or nothing (OVERFLOW_UNSET).
 * Raises, in the name of `who`, if it is anything else.
 */
enum overflow policy_check(lua_State *L, int index, const char *who);

/* The policy whose name is at `index`; OVERFLOW_UNSET: it is none. */
enum overflow policy_named(lua_State *L, int index);

/*
 * The policy that a function gave, at `index`: close, drop or latest. Raises if
 * it is anything else.
 */
enum overflow policy_answer(lua_State *L, int index);

/* The name of a policy: "close", "drop", "latest". */
const char *policy_name(enum overflow overflow);

#endif
