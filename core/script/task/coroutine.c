/*
 * coroutine.resume, .wrap and .close, so that a task may wait wherever it is.
 *
 * When the task waits inside of a coroutine that it resumed itself, that
 * coroutine yields to the loop, not to whoever resumed it. So resume and wrap
 * let it pass: they yield too, up to the task's own coroutine, and when the
 * task is resumed, resume in turn. A script sees nothing of it: the call just
 * takes its time. In all else they are what Lua's own are.
 *
 * They also tell the watchdog which coroutine runs.
 */
#include "script/task/await.h"
#include "script/task/tasks.h"
#include "script/vm/watchdog.h"

#include <lauxlib.h>

/* What the caller is given once the coroutine has yielded or ended. */
typedef int give_fn(lua_State *L, lua_State *co, bool fine, int nresults);

static int step(lua_State *L, lua_State *co, int nargs, lua_KFunction again,
                give_fn *give)
{
    struct tasks *tasks = script_of(L)->tasks;
    bool blocks = !lua_isyieldable(L);
    int nresults = 0;
    int status;

    tasks->blocked += blocks;
    status = watchdog_resume(L, co, nargs, &nresults);
    tasks->blocked -= blocks;
    if (status == LUA_YIELD && tasks->running != NULL && tasks->running->waits)
        return lua_yieldk(L, 0, 0, again);
    return give(L, co, status == LUA_OK || status == LUA_YIELD, nresults);
}

/* Move arguments to the coroutine. False: they do not fit, or it is fes'. */
static bool take_arguments(lua_State *L, lua_State *co, int nargs,
                           const char **why)
{
    if (task_of(L, co) != NULL) {
        *why = "cannot resume a task";
        return false;
    }
    if (!lua_checkstack(co, nargs)) {
        *why = "too many arguments to resume";
        return false;
    }
    lua_xmove(L, co, nargs);
    return true;
}

/* Move results from the coroutine, or, if not `*fine`, its error message. How
 * many values that makes. */
static int take_results(lua_State *L, lua_State *co, bool *fine, int nresults)
{
    if (*fine && !lua_checkstack(L, nresults + 1)) {
        lua_pop(co, nresults);
        lua_pushliteral(L, "too many results to resume");
        *fine = false;
        return 1;
    }
    nresults = *fine ? nresults : 1;
    lua_xmove(co, L, nresults);
    return nresults;
}

/* ------------------------------------------------------------------- resume */

static int give_to_resume(lua_State *L, lua_State *co, bool fine, int nresults)
{
    int values = take_results(L, co, &fine, nresults);

    lua_pushboolean(L, fine);
    lua_insert(L, -1 - values);
    return 1 + values;
}

static int resume_again(lua_State *L, int status, lua_KContext context)
{
    (void)status, (void)context;
    return step(L, lua_tothread(L, 1), 0, resume_again, give_to_resume);
}

/* coroutine.resume(co, ...) -> true, ... | false, message */
static int l_resume(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    int nargs = lua_gettop(L) - 1;
    const char *why;

    luaL_argexpected(L, co != NULL, 1, "thread");
    if (take_arguments(L, co, nargs, &why))
        return step(L, co, nargs, resume_again, give_to_resume);
    lua_pushboolean(L, 0);
    lua_pushstring(L, why);
    return 2;
}

/* --------------------------------------------------------------------- wrap */

/* The message is on top of the stack. */
static int raise_from(lua_State *L)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/* A coroutine that failed is closed, which may change the error; save when it
 * had taken too long, and there is no time for that. */
static int give_to_wrap(lua_State *L, lua_State *co, bool fine, int nresults)
{
    int status = lua_status(co);
    int values;

    if (!fine && status != LUA_OK && status != LUA_YIELD && !watchdog.expired)
        status = watchdog_reset(L, co);
    values = take_results(L, co, &fine, nresults);
    if (fine)
        return values;
    return status == LUA_ERRMEM ? lua_error(L) : raise_from(L);
}

static int wrap_again(lua_State *L, int status, lua_KContext context)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));

    (void)status, (void)context;
    return step(L, co, 0, wrap_again, give_to_wrap);
}

static int wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int nargs = lua_gettop(L);
    const char *why;

    if (take_arguments(L, co, nargs, &why))
        return step(L, co, nargs, wrap_again, give_to_wrap);
    lua_pushstring(L, why);
    return raise_from(L);
}

/* coroutine.wrap(fn) -> a function that resumes it */
static int l_wrap(lua_State *L)
{
    lua_State *co;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

/* -------------------------------------------------------------------- close */

/* A task that is closed has come to its end. */
static void cancel(struct task *task)
{
    await_cancel(task);
    if (task->ended != NULL)
        task->ended(task, true);
    tasks_forget(task);
}

static bool is_active(lua_State *L, lua_State *co)
{
    lua_Debug frame;

    return co == L ||
           (lua_status(co) == LUA_OK && lua_getstack(co, 0, &frame) != 0);
}

/* coroutine.close(co) -> true | false, message; a task does not go on then */
static int l_close(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    struct task *task = co != NULL ? task_of(L, co) : NULL;

    if (task != NULL && task != script_of(L)->tasks->running)
        cancel(task);
    if (co == NULL || is_active(L, co)) { /* Lua's own, which raises */
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_call(L, lua_gettop(L) - 1, 0);
    }

    bool closed = watchdog_reset(L, co) == LUA_OK;

    lua_pushboolean(L, closed);
    if (closed)
        return 1;
    lua_xmove(co, L, 1);
    return 2;
}

void coroutine_open(lua_State *L)
{
    lua_getglobal(L, "coroutine");
    lua_pushcfunction(L, l_resume);
    lua_setfield(L, -2, "resume");
    lua_pushcfunction(L, l_wrap);
    lua_setfield(L, -2, "wrap");
    lua_getfield(L, -1, "close");
    lua_pushcclosure(L, l_close, 1);
    lua_setfield(L, -2, "close");
    lua_pop(L, 1);
}
