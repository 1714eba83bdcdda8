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

enum { SHOWN_BYTES = 4096 }; /* of a message, and of a traceback */

/* Where the traceback of the last error is kept, beside its message. */
static const char trace_key;

static int to_text(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/*
 * Any error value becomes text, also one whose __tostring fails: that runs in
 * a call of its own, within the script's limit. Pushes it.
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

/* The traceback waits in the registry. There is memory for it, even if the
 * script has used up its own; but not for what the script does meanwhile. */
static void keep_trace(lua_State *L, lua_State *of, int level)
{
    struct allocator *allocator = &script_of(L)->limits.allocator;

    allocator_lift(allocator);
    luaL_traceback(L, of, NULL, level);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &trace_key);
    allocator_lower(allocator);
}

/* The system may have had no memory for it either. */
static void end_trace(struct script *script)
{
    allocator_lower(&script->limits.allocator);
}

int call_explain(lua_State *L)
{
    keep_trace(L, L, 1);
    push_text(L, 1);
    return 1;
}

/* Make sure that errors left out of the log are told of later. */
static void catch_up_later(struct script *script)
{
    uint64_t due = log_catch_up();

    if (due != CLOCK_FAR_AWAY && !timer_runs(&script->program->catch_up))
        timer_start(script_loop(script), &script->program->catch_up, due);
}

/*
 * Push the traceback of the call that gave `status`, which ended it. When
 * memory was refused or time was up, explain() was not asked, or too late. It
 * is empty if no function had been entered yet.
 */
static const char *push_trace(lua_State *L, int status, bool late)
{
    const char *trace = NULL;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &trace_key);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &trace_key);
    if (status != LUA_ERRMEM && !late)
        trace = lua_tostring(L, -1);
    return trace != NULL ? trace : trace_text();
}

/* The message is on top of the stack, the traceback above it. No memory is
 * taken of Lua. */
static void report(struct script *script, const char *event, conn_name name,
                   const char *trace)
{
    char whom[COMMAND_TEXT_BYTES] = "no connection";
    char what[SHOWN_BYTES];
    char whole_trace[SHOWN_BYTES];
    size_t length = 0;
    const char *message = lua_tolstring(script->L, -2, &length);
    size_t used = (size_t)snprintf(what, sizeof what, "%s: ", event);

    if (name != 0)
        command_describe(script->engine, name, whom);
    if (length > sizeof what - 1 - used)
        length = sizeof what - 1 - used;
    memcpy(what + used, message, length);
    what[used + length] = '\0';
    snprintf(whole_trace, sizeof whole_trace, "\tin %s of %s%s%s", event, whom,
             *trace != '\0' ? "\n" : "", trace);
    log_error_trace(what, used + length, whole_trace);
    script->program->errors++;
    catch_up_later(script);
}

/* It raised; or it only took too long, and nothing in it has noticed. */
static __attribute__((noinline)) bool end_badly(struct script *script,
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
    report(script, event, name, push_trace(L, status, late));
    lua_pop(L, 1);
    end_trace(script);
    return false;
}

void call_begin(struct script *script, const char *event)
{
    trace_forget();
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
    return end_badly(script, status, late, event, name);
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
 * The coroutine at 1 has failed; its error is on top of its stack. Closing it
 * runs what waits for its end, which may put another error in its place.
 */
static int explain_coroutine(lua_State *L)
{
    lua_State *co = lua_touserdata(L, 1);

    keep_trace(L, co, 0);
    watchdog_reset(L, co);
    lua_xmove(co, L, 1);
    push_text(L, 2);
    return 1;
}

/* One that had taken too long is not closed: it would take longer still. */
static int take_error(lua_State *L)
{
    lua_xmove(lua_touserdata(L, 1), L, 1);
    return 1;
}

bool call_resume(struct script *script, lua_State *co, int nargs,
                 const char *event, conn_name name)
{
    lua_State *L = script->L;
    int nresults;

    trace_forget();
    watchdog_enter(L, event);

    int status = watchdog_resume(L, co, nargs, &nresults);
    bool late = watchdog_leave(L);

    if (status == LUA_OK || status == LUA_YIELD) {
        lua_pop(co, nresults);
        return !late || end_badly(script, LUA_OK, late, event, name);
    }
    lua_pushcfunction(L, late ? take_error : explain_coroutine);
    lua_pushlightuserdata(L, co);
    watchdog_enter(L, event);
    lua_pcall(L, 1, 1, 0);
    watchdog_leave(L);
    return end_badly(script, status, late, event, name);
}

/* ------------------------------------------------------ outside of an event */

static char *copy(const char *text)
{
    char *own = strdup(text);

    if (own == NULL)
        abort();
    return own;
}

/* The traceback is worth showing only if Lua code was running. */
bool call_outside(struct script *script, lua_CFunction fn, void *arg,
                  const char *event, struct failure *failure)
{
    lua_State *L = script->L;

    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    trace_forget();
    watchdog_enter(L, event);

    int status = lua_pcall(L, 1, 0, SCRIPT_EXPLAIN);
    bool late = watchdog_leave(L);

    if (status == LUA_OK)
        return true;

    const char *trace = push_trace(L, status, late);
    bool ran = strstr(trace, "in main chunk") != NULL;

    failure->message = copy(lua_tostring(L, -2));
    failure->trace = copy(ran ? trace : "");
    lua_pop(L, 2);
    end_trace(script);
    return false;
}

void call_free_failure(struct failure *failure)
{
    free(failure->message);
    free(failure->trace);
}
