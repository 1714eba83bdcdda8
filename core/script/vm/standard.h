/*
 * standard.h - Lua's standard library, as far as fes changes it
 *
 * xpcall does what the manual says. Only, no message handler of the script
 * runs when a call has had its time: Lua runs those without debug hooks.
 * Coroutines are changed by coroutine.c. math.random begins anywhere, as the
 * kernel's random bytes have it.
 */
#ifndef FES_VM_STANDARD_H
#define FES_VM_STANDARD_H

#include <lua.h>

/* Open the standard libraries. */
void standard_open(lua_State *L);

#endif
