#include "script/task/task.h"

#include "base/clock.h"
#include "net/command/engine.h"
#include "script/vm/watchdog.h"

#include <lauxlib.h>

enum { MOST_REFUSED = 100 }; /* waits of a task, once the script is over */

static void on_timer(struct timer *timer)
{
    struct task *task = link_owner(timer, struct task, timer);

    task->script->tasks->due--;
    task->late = true;
    task_wake(task);
}

void task_init(struct task *task, struct script *script, lua_State *co)
{
    *task = (struct task){
        .script = script,
        .co = co,
        .number = ++script->tasks->last,
    };
    timer_init(&task->timer, on_timer);
    link_init(&task->ready);
    link_init(&task->senders);
}

struct task *task_of(lua_State *L, lua_State *co)
{
    struct task *task;

    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->tasks->records);
    lua_rawgetp(L, -1, co);
    task = lua_touserdata(L, -1);
    lua_pop(L, 2);
    return task;
}

struct task *task_that_can_wait(lua_State *L)
{
    const struct tasks *tasks = script_of(L)->tasks;

    if (tasks->blocked > 0 || !lua_isyieldable(L) || script_of(L)->over)
        return NULL;
    return tasks->running;
}

/* A task of a script that is over gets an error each time that it tries to
 * wait. One that goes on trying is ended by the watchdog. */
static void check_open(lua_State *L, const char *caller)
{
    struct script *script = script_of(L);

    if (script->over && ++script->tasks->refused > MOST_REFUSED)
        watchdog_expire();
    script_check_open(L, caller);
}

struct task *task_check(lua_State *L, const char *caller)
{
    struct task *task = task_that_can_wait(L);

    check_open(L, caller);
    if (script_of(L)->tasks->running == NULL)
        luaL_error(L, "%s: only a task can wait (see fes.spawn)", caller);
    if (task == NULL)
        luaL_error(L, "%s: cannot wait in a function that C called", caller);
    return task;
}

void task_set_timer(lua_State *L, struct task *task, double seconds)
{
    uint64_t due = clock_now() + clock_from_seconds(seconds);

    task->late = false;
    task->due = due - engine_absent(task->script->engine);
    task->until = 0;
    if (!timer_start(script_loop(task->script), &task->timer, due))
        luaL_error(L, "not enough memory");
    task->script->tasks->due++;
}

bool task_extend_timer(struct task *task)
{
    uint64_t due = task->due + engine_absent(task->script->engine);

    if (due <= clock_now() ||
        !timer_start(script_loop(task->script), &task->timer, due))
        return false;
    task->late = false;
    task->script->tasks->due++;
    return true;
}

void task_stop_timer(struct task *task)
{
    task->late = false;
    if (!timer_runs(&task->timer))
        return;
    timer_stop(script_loop(task->script), &task->timer);
    task->script->tasks->due--;
}

int task_wait(lua_State *L, struct task *task, lua_KFunction k)
{
    task->waits = true;
    return lua_yieldk(L, 0, (lua_KContext)task->number, k);
}

struct task *task_woken(lua_State *L, lua_KContext context)
{
    struct task *task = script_of(L)->tasks->running;

    if (task == NULL || task->number != (uint64_t)context)
        luaL_error(L, "a coroutine that waits was resumed by the script");
    if (script_of(L)->over)
        luaL_error(L, "the script is loaded anew, and this task ends");
    return task;
}

void task_wake(struct task *task)
{
    struct tasks *tasks = task->script->tasks;

    if (!link_alone(&task->ready))
        return;
    link_before(&tasks->ready, &task->ready);
    tasks->due++;
    loop_poll_at_once(script_loop(task->script));
}
