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
 * Make a task of the function, and `nargs` arguments, on top of the stack; or
 * of a suspended coroutine there, which goes on. Leaves the coroutine in their
 * place. It runs at the end of this turn, or of the next one. Raises if that
 * coroutine cannot be resumed.
 */
struct task *tasks_spawn(lua_State *L, int nargs);

/* It will not be resumed any more; it waits for no connection. */
void tasks_forget(struct task *task);

/* At the end of a turn: resume those that are ready now. */
void tasks_run(struct script *script);

/* Is there a task that will be resumed, whatever connections do? */
bool tasks_in_use(const struct script *script);

/* How many there are, asleep ones too. */
size_t tasks_count(lua_State *L);

/*
 * Another script takes over: each task that waits is resumed once, and what it
 * waits in raises. What it does then is not told.
 */
void tasks_end(struct script *script);

/* Before the state is closed: no timer of a task runs any more. Gives what
 * tasks_unmap() needs then. */
struct waiters *tasks_stop(struct script *script);
void tasks_unmap(const struct script *script, struct waiters *waiters);

/* Fill in a new state: script.tasks, and Lua's coroutine functions
 * (coroutine.c) in a form that lets tasks wait. */
void tasks_open(lua_State *L);
void coroutine_open(lua_State *L);

/* fes.spawn and fes.sleep. */
int tasks_lua_spawn(lua_State *L);
int tasks_lua_sleep(lua_State *L);

#endif
