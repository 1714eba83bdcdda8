/*
 * trace.h - where Lua code is, written down without taking memory
 *
 * When memory is refused, Lua unwinds at once and calls no message handler;
 * when a call has had its time, the place that matters is the first at which
 * it was stopped. Both note where they are here, and whoever reports the error
 * reads it later.
 */
#ifndef FES_VM_TRACE_H
#define FES_VM_TRACE_H

#include <lua.h>
#include <stddef.h>

/* The beginning of a note: who is where, in place of the one before. */
void trace_begin(lua_State *L);

/* It goes on: the coroutine noted before was resumed by this one. */
void trace_add(lua_State *L);

/* There is none any more. */
void trace_forget(void);

/* The note: text as of luaL_traceback(); "" if there is none. */
const char *trace_text(void);

#endif
