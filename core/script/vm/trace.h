/*
 * trace.h - a traceback that is written without allocating memory
 *
 * When memory is refused, Lua unwinds at once and calls no message handler.
 * When a call has run too long, the place that matters is where it was stopped
 * first. Both write a traceback here, which the report of the error reads
 * later.
 *
 * There is one traceback in the process, in static memory; what does not fit is
 * cut off. It may be written by a signal handler, provided that the interrupted
 * code is not changing the Lua stack (see watchdog.c).
 */
#ifndef FES_VM_TRACE_H
#define FES_VM_TRACE_H

#include <lua.h>
#include <stddef.h>

/* Start a new traceback with the functions that are active in coroutine L. */
void trace_begin(lua_State *L);

/* Append those of L, which resumed the coroutine written last. */
void trace_add(lua_State *L);

/* Empty the traceback. */
void trace_clear(void);

/* The traceback, in the format of luaL_traceback(); "" if there is none. */
const char *trace_text(void);

#endif
