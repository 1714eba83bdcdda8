/*
 * standard.h - Lua's standard library, as far as fes changes it
 *
 * - xpcall calls no message handler once the watchdog has ended the call: Lua
 *   runs handlers without debug hooks, so one could not be interrupted.
 * - math.random is seeded by random bytes of the kernel.
 *
 * The functions of coroutines are replaced in task/coroutine.c.
 */
#ifndef FES_VM_STANDARD_H
#define FES_VM_STANDARD_H

#include <lua.h>

/* Open the standard libraries in a new state. May raise. */
void standard_open(lua_State *L);

#endif
