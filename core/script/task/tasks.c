#include "script/task/tasks.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/command/engine.h"
#include "script/task/await.h"
#include "script/vm/call.h"
#include "script/vm/options.h"
#include "script/vm/watchdog.h"

#include <lauxlib.h>

enum { COROUTINE = 1 }; /* the user value of a record: its coroutine */

/* ------------------------------------------------------------------ records */

/* Push a new record for the coroutine on top of the stack. */
static struct task *push_new(lua_State *L)
{
    struct task *task = lua_newuserdatauv(L, sizeof *task, COROUTINE);

    task_init(task, script_of(L), lua_tothread(L, -2));
    lua_pushvalue(L, -2);
    lua_setiuservalue(L, -2, COROUTINE);
    return task;
}

/* Push the record of the coroutine on top of the stack if it is parked; else
 * push nil and return NULL. */
static struct task *push_parked(lua_State *L)
{
    struct task *task;

    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->tasks->parked);
    lua_pushvalue(L, -2);
    lua_rawget(L, -2);
    task = lua_touserdata(L, -1);
    lua_remove(L, -2);
    return task;
}

/* Enter the coroutine on top of the stack into the table of records. */
static struct task *add_record(lua_State *L)
{
    struct task *task = push_parked(L);

    if (task == NULL) {
        lua_pop(L, 1);
        task = push_new(L);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->script->tasks->records);
    lua_insert(L, -2);
    lua_rawsetp(L, -2, task->co);
    lua_pop(L, 1);
    return task;
}

void tasks_forget(struct task *task)
{
    struct tasks *tasks = task->script->tasks;
    lua_State *L = task->script->L;

    await_nothing(task);
    if (!link_alone(&task->ready)) {
        link_out(&task->ready);
        tasks->due--;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, tasks->records);
    lua_pushnil(L);
    lua_rawsetp(L, -2, task->co);
    lua_pop(L, 1);
}

/* ----------------------------------------------------------------- spawning */

static bool is_suspended(lua_State *co)
{
    lua_Debug frame;

    if (lua_status(co) == LUA_YIELD)
        return true;
    return lua_status(co) == LUA_OK && lua_gettop(co) > 0 &&
           lua_getstack(co, 0, &frame) == 0;
}

/* The coroutine at `at`; a function there is replaced by a new coroutine. */
static lua_State *check_coroutine(lua_State *L, int at)
{
    lua_State *co = lua_tothread(L, at);

    if (co == NULL) {
        co = lua_newthread(L);
        lua_insert(L, at);
        lua_pushvalue(L, at + 1);
        lua_xmove(L, co, 1);
        lua_remove(L, at + 1);
    } else if (!is_suspended(co) || task_of(L, co) != NULL) {
        luaL_error(L, "fes.spawn: the coroutine is not suspended");
    }
    return co;
}

struct task *tasks_spawn(lua_State *L, int nargs)
{
    int at = lua_gettop(L) - nargs;
    lua_State *co = check_coroutine(L, at);
    struct task *task;

    if (!lua_checkstack(co, nargs))
        luaL_error(L, "fes.spawn: too many arguments");
    lua_pushvalue(L, at);
    task = add_record(L);
    lua_pop(L, 1);
    lua_xmove(L, co, nargs);
    task->nargs = nargs;
    task_wake(task);
    return task;
}

/* fes.spawn(fn, ...) -> the coroutine; fn: a function or suspended coroutine */
int tasks_lua_spawn(lua_State *L)
{
    script_check_open(L, "fes.spawn");
    if (!lua_isfunction(L, 1) && !lua_isthread(L, 1))
        return luaL_error(L, "fes.spawn: a function was expected, got %s",
                          options_push_words(L, 1));
    tasks_spawn(L, lua_gettop(L) - 1);
    return 1;
}

/* ----------------------------------------------------------------- sleeping */

static int sleep_over(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    await_nothing(task_woken(L, context));
    return 0;
}

/* fes.sleep(seconds) */
int tasks_lua_sleep(lua_State *L)
{
    double seconds = options_check_seconds(L, 1, "fes.sleep");
    struct task *task = task_check(L, "fes.sleep");

    await_nothing(task);
    task_set_timer(L, task, seconds);
    return task_wait(L, task, sleep_over);
}

/* ------------------------------------------------------------------ running */

/* Enter the record into the weak table of parked tasks. */
static int park_record(lua_State *L)
{
    const struct task *task = lua_touserdata(L, 1);
    const struct tasks *tasks = task->script->tasks;

    lua_rawgeti(L, LUA_REGISTRYINDEX, tasks->parked);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tasks->records);
    lua_rawgetp(L, -1, task->co);
    lua_remove(L, -2);
    lua_getiuservalue(L, -1, COROUTINE);
    lua_insert(L, -2);
    lua_rawset(L, -3);
    return 0;
}

/* The task has returned, or yielded by itself. */
static void end_or_park(struct task *task)
{
    struct script *script = task->script;

    if (lua_status(task->co) == LUA_YIELD) {
        if (!call_lua(script, park_record, task, "task", 0))
            lua_pop(script->L, 1);
    } else if (task->ended != NULL) {
        task->ended(task, true);
    }
    tasks_forget(task);
}

/* The task has raised: the message is on top of the stack. */
static void end_failed(struct task *task)
{
    if (task->ended != NULL)
        task->ended(task, false);
    lua_pop(task->script->L, 1);
    tasks_forget(task);
}

static void run_task(struct task *task)
{
    struct script *script = task->script;
    const char *event = task->ended != NULL ? "handler" : "task";
    int nargs = task->nargs;
    bool fine;

    script->tasks->running = task;
    task->waits = false;
    task->nargs = 0;
    fine = call_resume(script, task->co, nargs, event, task->handles);
    script->tasks->running = NULL;
    if (!fine)
        end_failed(task);
    else if (!task->waits)
        end_or_park(task);
}

/* How long tasks run in one turn before others go on. */
#define TASKS_TIME CLOCK_MILLI

static void run_first(struct tasks *tasks)
{
    struct link *first = tasks->ready.next;

    link_out(first);
    tasks->due--;
    run_task(link_owner(first, struct task, ready));
}

/* A marker ends the list: tasks that become ready meanwhile run next turn. */
void tasks_run(struct script *script)
{
    struct tasks *tasks = script->tasks;
    uint64_t until;
    struct link marker;

    if (link_alone(&tasks->ready))
        return;
    until = clock_now() + TASKS_TIME;
    link_init(&marker);
    link_before(&tasks->ready, &marker);
    do
        run_first(tasks);
    while (tasks->ready.next != &marker && clock_now() < until);
    link_out(&marker);
    if (!link_alone(&tasks->ready))
        loop_poll_at_once(engine_loop(script->engine));
}

bool tasks_in_use(const struct script *script)
{
    return script->tasks->due > 0;
}

/* Resume the task, in which the wait raises. If it ends by an error, its
 * pending variables are closed. */
static void resume_to_end(struct task *task)
{
    struct script *script = task->script;
    int nresults;

    script->tasks->running = task;
    script->tasks->refused = 0;
    task->waits = false;
    watchdog_enter(script->L, "task");

    int status = watchdog_resume(script->L, task->co, 0, &nresults);

    if (status != LUA_OK && status != LUA_YIELD && !watchdog.expired)
        watchdog_reset(script->L, task->co);
    watchdog_leave(script->L);
    script->tasks->running = NULL;
}

void tasks_end(struct script *script)
{
    lua_State *L = script->L;

    script->over = true;
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->tasks->records);
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        struct task *task = lua_touserdata(L, -1);

        lua_pop(L, 1);
        task->ended = NULL;
        await_nothing(task);
        if (lua_status(task->co) == LUA_YIELD)
            resume_to_end(task);
    }
    lua_pop(L, 1);
}

size_t tasks_count(lua_State *L)
{
    size_t count = 0;

    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->tasks->records);
    lua_pushnil(L);
    for (; lua_next(L, -2) != 0; count++)
        lua_pop(L, 1);
    lua_pop(L, 1);
    return count;
}

/* -------------------------------------------------------- beginning and end */

/* With weak keys Lua makes ephemerons: a record here is kept alive by its
 * coroutine only. */
static void push_weak_table(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
}

/* For each slot one record; pages that are never touched take no memory. */
static size_t waiters_bytes(const struct script *script)
{
    return engine_slots(script->engine) * sizeof(struct waiters);
}

void tasks_open(lua_State *L)
{
    struct script *script = script_of(L);
    struct tasks *tasks = lua_newuserdatauv(L, sizeof *tasks, 0);

    *tasks = (struct tasks){.running = NULL};
    luaL_ref(L, LUA_REGISTRYINDEX); /* it lives as long as the state */
    link_init(&tasks->ready);
    lua_newtable(L);
    tasks->records = luaL_ref(L, LUA_REGISTRYINDEX);
    push_weak_table(L);
    tasks->parked = luaL_ref(L, LUA_REGISTRYINDEX);
    tasks->waiters = memory_map(waiters_bytes(script));
    if (tasks->waiters == NULL)
        luaL_error(L, "not enough memory");
    script->tasks = tasks;
}

struct waiters *tasks_stop(struct script *script)
{
    lua_State *L = script->L;

    if (script->tasks == NULL)
        return NULL;
    lua_rawgeti(L, LUA_REGISTRYINDEX, script->tasks->records);
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        task_stop_timer(lua_touserdata(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return script->tasks->waiters;
}

void tasks_unmap(const struct script *script, struct waiters *waiters)
{
    memory_unmap(waiters, waiters_bytes(script));
}
