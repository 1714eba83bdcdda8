/*
 * tasks.h - the tasks of a script, from their beginning to their end
 */
#ifndef FES_TASK_TASKS_H
#define FES_TASK_TASKS_H

#include "script/task/task.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Make a task of a function, or of a suspended coroutine, that is on the stack
 * below its `nargs` arguments, and replace them all by the coroutine. The task
 * runs at the end of this turn, or of the next one if tasks run already.
 * Raises if the coroutine cannot be resumed. Its record lives until the task
 * ends.
 */
struct task *tasks_spawn(lua_State *L, int nargs);

/* Release the task: it waits for nothing and is not resumed any more. */
void tasks_forget(struct task *task);

/* At the end of a turn: resume the tasks that are ready now, each once. */
void tasks_run(struct script *script);

/* Is a task ready, or does one have a timer that runs? */
bool tasks_in_use(const struct script *script);

/* The number of tasks that are ready, run or wait; not of parked ones. */
size_t tasks_count(lua_State *L);

/*
 * Another script takes over: the script is over, and each task that waits is
 * resumed once: the function in which it waits raises. Errors are not logged.
 */
void tasks_end(struct script *script);

/*
 * Before the state is closed: stop all timers of tasks. Returns what
 * tasks_unmap() frees after it is closed; NULL if tasks_open() has failed.
 */
struct waiters *tasks_stop(struct script *script);
void tasks_unmap(const struct script *script, struct waiters *waiters);

/* In a new state: make script.tasks. Raises if there is no memory. */
void tasks_open(lua_State *L);

/* In a new state: replace Lua's functions of coroutines by those that let tasks
 * wait (coroutine.c). */
void coroutine_open(lua_State *L);

/* The Lua functions fes.spawn and fes.sleep. */
int tasks_lua_spawn(lua_State *L);
int tasks_lua_sleep(lua_State *L);

#endif
