/*
 * task.h - one task: a coroutine that the loop resumes
 *
 *     spawn            the turn's end             waits
 *      ------> ready --------------> running ------------> waiting
 *                ^                      |                     |
 *                |                      | returns, raises     | what it waits
 *                |                      v                     | for has come
 *                |                     gone                   |
 *                +--------------------------------------------+
 *
 * A task runs at the end of a turn and for_freed else, never inside a handler
 * or another task. A function that waits records what it waits for, yields, and
 * goes on in its continuation. The task may call it inside coroutines of its
 * own: those are resumed by the functions in task/coroutine.c, which pass a
 * wait on to the loop, but not a yield of the script.
 *
 * A task that yields by itself is parked: fes does not resume it. It lives only
 * as long as the script holds the coroutine, which can be spawned again.
 *
 * The record of a task is a userdata. The registry holds it while the task is
 * ready, runs or waits.
 */
#ifndef FES_TASK_TASK_H
#define FES_TASK_TASK_H

#include "net/command/command.h"
#include "script/vm/script.h"

#include <lua.h>
#include <stdbool.h>

struct task;

/* The task has returned or was closed; or, not `fine`, it has raised: then the
 * message is on top of the stack of script.L, and must stay there. */
typedef void task_ended_fn(const struct task *task, bool fine);

struct task {
    struct timer timer;  /* the end of a sleep, or of a timeout */
    struct link ready;   /* in tasks.ready, while it is to be resumed */
    struct link senders; /* circle of the tasks that wait to send to `name` */
    struct script *script;
    lua_State *co;
    uint64_t number;      /* unique in the script */
    conn_name handles;    /* the connection whose `handler` it runs, or 0 */
    task_ended_fn *ended; /* called when it ends, or NULL */
    conn_name name;       /* the connection that it waits for, or 0 */
    struct receive_request request; /* what it waits to receive from that */
    uint64_t due;   /* clock, less absences: when its time is up */
    uint64_t until; /* late: what had come by then (command_unread()) */
    int nargs;      /* values on the stack of `co` for the next resume */
    bool waits;     /* it has yielded to the loop, not by itself */
    bool late;      /* the timer has fired */
    bool connects;  /* it waits until `name` is established */
};

/* The tasks that wait for one connection. */
struct waiters {
    struct task *reader; /* to receive, or until it is established; or NULL */
    struct task *sender; /* the first of those that wait to send; or NULL */
};

/* All tasks of a script; lives in its Lua state. */
struct tasks {
    int records;          /* reference of the table coroutine -> task */
    int parked;           /* the same for parked tasks, with weak keys */
    uint64_t last;        /* task.number of the newest task */
    struct task *running; /* NULL: the loop or a handler runs */
    unsigned blocked;     /* resumes in `running` through which none can wait */
    unsigned refused;     /* waits that it has tried although script.over */
    unsigned due;         /* tasks in `ready`, and timers of tasks that run */
    struct link ready;
    struct waiters *waiters; /* by slot of the connection */
};

/* Begin the record of coroutine `co`, which is not ready and waits for nothing.
 */
void task_init(struct task *task, struct script *script, lua_State *co);

/* The task that L belongs to, if a function called in L can wait; else NULL. */
struct task *task_that_can_wait(lua_State *L);

/* The same, but raises instead of NULL. `caller` is the name of the Lua
 * function, for the error. */
struct task *task_check(lua_State *L, const char *caller);

/* Wake the task after `seconds`, and set `late`. The timer must not run. Raises
 * if there is no memory. */
void task_set_timer(lua_State *L, struct task *task, double seconds);

/* The timer has fired. If its time is not up, because fes was absent meanwhile,
 * set it again, and clear `late`. False: it is up, or there is no memory. */
bool task_extend_timer(struct task *task);

/* Stop the timer if it runs, and clear `late`. */
void task_stop_timer(struct task *task);

/*
 * Yield to the loop; once woken, the task goes on with k(L, ...), which must
 * begin with task_woken(). Called by a C function of the script, in a task that
 * can wait, as `return task_wait(...)`.
 */
int task_wait(lua_State *L, struct task *task, lua_KFunction k);

/*
 * In the continuation: the task that goes on; `context` is what k was given.
 * Raises if the script has resumed the coroutine instead of fes, or if the task
 * has to end because of a reload.
 */
struct task *task_woken(lua_State *L, lua_KContext context);

/* Resume the task at the end of this turn. No effect if it is ready already. */
void task_wake(struct task *task);

/* The task of coroutine `co` if that is ready, waits or runs; else NULL. */
struct task *task_of(lua_State *L, lua_State *co);

#endif
