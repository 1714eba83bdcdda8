#include "script/vm/call.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/command/command.h"
#include "script/vm/trace.h"
#include "script/vm/watchdog.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 4096 }; /* of a message; of a traceback */

/* The key in the registry under which call_explain() leaves the traceback. */
static const char trace_key;

static int to_text(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/*
 * Push the error value at `index` as text, even if its __tostring raises. That
 * runs in a protected call and within the memory limit of the script.
 */
static void push_text(lua_State *L, int index)
{
    struct allocator *allocator = &script_of(L)->limits.allocator;
    bool text;

    if (lua_type(L, index) == LUA_TSTRING) {
        lua_pushvalue(L, index);
        return;
    }
    lua_pushcfunction(L, to_text);
    lua_pushvalue(L, index);
    text = lua_pcall(L, 1, 1, 0) == LUA_OK;
    allocator_lift(allocator);
    if (!text)
        lua_pushfstring(L, "(error object is a %s value)",
                        luaL_typename(L, index));
    allocator_lower(allocator);
}

/*
 * Store the traceback of coroutine `of` in the registry. The limit is lifted,
 * as the script may have used up its memory, but only while no code of the
 * script can run.
 */
static void save_traceback(lua_State *L, lua_State *of, int level)
{
    struct allocator *allocator = &script_of(L)->limits.allocator;

    allocator_lift(allocator);
    luaL_traceback(L, of, NULL, level);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &trace_key);
    allocator_lower(allocator);
}

/* If the system had no memory, save_traceback() has raised before it put the
 * limit back. */
static void restore_limit(struct script *script)
{
    allocator_lower(&script->limits.allocator);
}

int call_explain(lua_State *L)
{
    save_traceback(L, L, 1);
    push_text(L, 1);
    return 1;
}

/* Make sure that the number of errors left out of the log is logged later. */
static void start_catch_up(struct script *script)
{
    uint64_t due = log_catch_up();

    if (due != CLOCK_FAR_AWAY && !timer_runs(&script->program->catch_up))
        timer_start(script_loop(script), &script->program->catch_up, due);
}

/*
 * Push the traceback that call_explain() has left, and return its text. Return
 * trace_text() instead if memory was refused, as Lua has not called
 * call_explain() then, or if the call timed out (`late`), as the place where it
 * was stopped first matters. "": no function had been entered yet.
 */
static const char *push_traceback(lua_State *L, int status, bool late)
{
    const char *trace = NULL;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &trace_key);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &trace_key);
    if (status != LUA_ERRMEM && !late)
        trace = lua_tostring(L, -1);
    return trace != NULL ? trace : trace_text();
}

/* Log an error: its message is on the stack below the top, which holds the
 * value of push_traceback(). Allocates nothing in Lua. */
static void log_call_error(struct script *script, const char *event,
                           conn_name name, const char *trace)
{
    char conn[COMMAND_TEXT_BYTES] = "no connection";
    char text[SHOWN_BYTES];
    char whole_trace[SHOWN_BYTES];
    size_t length = 0;
    const char *message = lua_tolstring(script->L, -2, &length);
    size_t used = (size_t)snprintf(text, sizeof text, "%s: ", event);

    if (name != 0)
        command_describe(script->engine, name, conn);
    if (length > sizeof text - 1 - used)
        length = sizeof text - 1 - used;
    memcpy(text + used, message, length);
    text[used + length] = '\0';
    snprintf(whole_trace, sizeof whole_trace, "\tin %s of %s%s%s", event, conn,
             *trace != '\0' ? "\n" : "", trace);
    log_error_trace(text, used + length, whole_trace);
    script->program->errors++;
    start_catch_up(script);
}

/* A call raised, or succeeded but took too long, when the hook came too late to
 * raise. */
static __attribute__((noinline)) bool end_with_error(struct script *script,
                                                     int status, bool late,
                                                     const char *event,
                                                     conn_name name)
{
    lua_State *L = script->L;

    if (status == LUA_OK) {
        log_warn("%s: it took longer than %g s", event,
                 script->limits.call_seconds);
        return true;
    }
    log_call_error(script, event, name, push_traceback(L, status, late));
    lua_pop(L, 1);
    restore_limit(script);
    return false;
}

void call_begin(struct script *script, const char *event)
{
    trace_clear();
    watchdog_enter(script->L, event);
}

bool call_end(struct script *script, int nargs, const char *event,
              conn_name name)
{
    lua_State *L = script->L;
    int status = lua_pcall(L, nargs, 0, SCRIPT_EXPLAIN);
    bool late = watchdog_leave(L);

    if (status == LUA_OK && !late)
        return true;
    return end_with_error(script, status, late, event, name);
}

bool call_lua(struct script *script, lua_CFunction fn, void *arg,
              const char *event, conn_name name)
{
    call_begin(script, event);
    lua_pushcfunction(script->L, fn);
    lua_pushlightuserdata(script->L, arg);
    return call_end(script, 1, event, name);
}

/*
 * Save the traceback of the failed coroutine at index 1, close it, and return
 * its error as text. Closing runs its __close metamethods, which may raise
 * another error instead.
 */
static int explain_coroutine(lua_State *L)
{
    lua_State *co = lua_touserdata(L, 1);

    save_traceback(L, co, 0);
    watchdog_reset(L, co);
    lua_xmove(co, L, 1);
    push_text(L, 2);
    return 1;
}

/* Return the error of the coroutine at index 1, which timed out and so is not
 * closed: that would take even longer. */
static int move_error(lua_State *L)
{
    lua_xmove(lua_touserdata(L, 1), L, 1);
    return 1;
}

bool call_resume(struct script *script, lua_State *co, int nargs,
                 const char *event, conn_name name)
{
    lua_State *L = script->L;
    int nresults;

    trace_clear();
    watchdog_enter(L, event);

    int status = watchdog_resume(L, co, nargs, &nresults);
    bool late = watchdog_leave(L);

    if (status == LUA_OK || status == LUA_YIELD) {
        lua_pop(co, nresults);
        return !late || end_with_error(script, LUA_OK, late, event, name);
    }
    lua_pushcfunction(L, late ? move_error : explain_coroutine);
    lua_pushlightuserdata(L, co);
    watchdog_enter(L, event);
    lua_pcall(L, 1, 1, 0);
    watchdog_leave(L);
    return end_with_error(script, status, late, event, name);
}

/* ------------------------------------------------------ outside of an event */

static char *copy_text(const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        abort();
    return copy;
}

/* A traceback without a main chunk shows no code of the script. */
bool call_outside(struct script *script, lua_CFunction fn, void *arg,
                  const char *event, struct failure *failure)
{
    lua_State *L = script->L;

    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    trace_clear();
    watchdog_enter(L, event);

    int status = lua_pcall(L, 1, 0, SCRIPT_EXPLAIN);
    bool late = watchdog_leave(L);

    if (status == LUA_OK)
        return true;

    const char *trace = push_traceback(L, status, late);
    bool ran = strstr(trace, "in main chunk") != NULL;

    failure->message = copy_text(lua_tostring(L, -2));
    failure->trace = copy_text(ran ? trace : "");
    lua_pop(L, 2);
    restore_limit(script);
    return false;
}

void call_free_failure(struct failure *failure)
{
    free(failure->message);
    free(failure->trace);
}
