/*
 * coroutine.resume, .wrap and .close, which let a task wait in any coroutine.
 *
 * When a task waits inside a coroutine that it has resumed, that coroutine has
 * to yield to the loop, not to its caller. So resume and wrap pass the wait on:
 * they yield, too, up to the coroutine of the task, and when that is resumed,
 * they resume again. To the script it is a call that takes long. Otherwise they
 * behave like Lua's own.
 *
 * They resume by watchdog_resume(), so the watchdog knows which coroutine runs.
 */
#include "script/task/await.h"
#include "script/task/tasks.h"
#include "script/vm/watchdog.h"

#include <lauxlib.h>

/* Push what the caller gets when `co` has yielded to it, returned or raised
 * (not `fine`). Returns the number of values, or raises. */
typedef int finish_fn(lua_State *L, lua_State *co, bool fine, int nresults);

/* Resume `co`. If the task waits in it, yield; when the task goes on, `again`
 * calls this function again. Otherwise finish. */
static int resume_or_pass(lua_State *L, lua_State *co, int nargs,
                          lua_KFunction again, finish_fn *finish)
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
    return finish(L, co, status == LUA_OK || status == LUA_YIELD, nresults);
}

/* Move arguments to the coroutine. False, and the reason in `*why`: they do not
 * fit, or the coroutine is a task, which only the loop resumes. */
static bool move_arguments(lua_State *L, lua_State *co, int nargs,
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

/* Move results from the coroutine, or, if not `*fine`, its error. Results that
 * do not fit become an error. Returns the number of values. */
static int move_results(lua_State *L, lua_State *co, bool *fine, int nresults)
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

static int finish_resume(lua_State *L, lua_State *co, bool fine, int nresults)
{
    int values = move_results(L, co, &fine, nresults);

    lua_pushboolean(L, fine);
    lua_insert(L, -1 - values);
    return 1 + values;
}

static int resume_again(lua_State *L, int status, lua_KContext context)
{
    (void)status, (void)context;
    return resume_or_pass(L, lua_tothread(L, 1), 0, resume_again,
                          finish_resume);
}

/* coroutine.resume(co, ...) -> true, ... | false, message */
static int l_resume(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    int nargs = lua_gettop(L) - 1;
    const char *why;

    luaL_argexpected(L, co != NULL, 1, "thread");
    if (move_arguments(L, co, nargs, &why))
        return resume_or_pass(L, co, nargs, resume_again, finish_resume);
    lua_pushboolean(L, 0);
    lua_pushstring(L, why);
    return 2;
}

/* --------------------------------------------------------------------- wrap */

/* Raise the error on top of the stack; text gets the position of the caller. */
static int raise_from(lua_State *L)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/* A coroutine that raised is closed, which may change the error; not if the
 * call has timed out: closing would take even longer. */
static int finish_wrap(lua_State *L, lua_State *co, bool fine, int nresults)
{
    int status = lua_status(co);
    int values;

    if (!fine && status != LUA_OK && status != LUA_YIELD && !watchdog.expired)
        status = watchdog_reset(L, co);
    values = move_results(L, co, &fine, nresults);
    if (fine)
        return values;
    return status == LUA_ERRMEM ? lua_error(L) : raise_from(L);
}

static int wrap_again(lua_State *L, int status, lua_KContext context)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));

    (void)status, (void)context;
    return resume_or_pass(L, co, 0, wrap_again, finish_wrap);
}

static int wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int nargs = lua_gettop(L);
    const char *why;

    if (move_arguments(L, co, nargs, &why))
        return resume_or_pass(L, co, nargs, wrap_again, finish_wrap);
    lua_pushstring(L, why);
    return raise_from(L);
}

/* coroutine.wrap(fn) -> a function that resumes a new coroutine of fn */
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

/* The script closes the coroutine of the task. */
static void cancel_task(struct task *task)
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

/* coroutine.close(co) -> true | false, message; if it is a task, that ends */
static int l_close(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    struct task *task = co != NULL ? task_of(L, co) : NULL;

    if (task != NULL && task != script_of(L)->tasks->running)
        cancel_task(task);
    if (co == NULL || is_active(L, co)) { /* Lua's own function raises */
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
