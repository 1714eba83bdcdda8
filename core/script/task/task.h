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
 * A task runs at the end of a turn and nowhere else, never inside a handler or
 * another task. A function that waits tells what it waits for, yields, and
 * goes on in its continuation. The task may have called it from inside any
 * coroutine of its own: those are resumed by script/coroutine.c, which lets a
 * wait pass and holds up a yield of the script.
 *
 * A task that yields itself is parked: fes lets go of it. It lives only as
 * long as the script holds the coroutine, and may be spawned again.
 */
#ifndef FES_TASK_TASK_H
#define FES_TASK_TASK_H

#include "net/command/command.h"
#include "script/vm/script.h"

#include <lua.h>
#include <stdbool.h>

struct task;

/* It has returned; or, not `fine`, raised: the message is on the stack, and
 * stays there. */
typedef void task_ended_fn(const struct task *task, bool fine);

struct task {
    struct timer timer;  /* the end of a sleep, or of its patience */
    struct link ready;   /* in line to be resumed */
    struct link senders; /* with others that wait to send to `name` */
    struct script *script;
    lua_State *co;
    uint64_t number;      /* no other task of the script has it */
    conn_name handles;    /* the connection whose handler it is, or 0 */
    task_ended_fn *ended; /* told of its end; NULL: nobody cares */
    conn_name name;       /* the connection that it waits for, or 0 */
    struct receive_request request; /* what of it */
    int nargs;                      /* on its stack, for when it is resumed */
    bool waits;    /* it has yielded to the loop, not to the script */
    bool late;     /* the timer has fired */
    bool connects; /* it waits until `name` stands */
};

/* Who waits for one connection. */
struct waiters {
    struct task *reader; /* to receive from it */
    struct task *sender; /* to send to it: the first */
};

/* The tasks of a script; and who of them waits for which connection. */
struct tasks {
    int records;          /* reference of the table coroutine -> task */
    int parked;           /* likewise, of those that yielded themselves */
    uint64_t last;        /* number of a task */
    struct task *running; /* NULL: the loop, or a handler */
    unsigned blocked;     /* callers of the running one that cannot yield */
    unsigned refused;     /* waits of the running one, as the script is over */
    unsigned due;         /* tasks in line, and timers that run */
    struct link ready;
    struct waiters *waiters; /* by slot of the connection */
};

/* A record of a coroutine, which does not wait. */
void task_init(struct task *task, struct script *script, lua_State *co);

/* The task that runs `L`, if it can wait just now; else NULL. */
struct task *task_that_can_wait(lua_State *L);

/* The same; but raises, in the name of `who`, where it cannot. */
struct task *task_check(lua_State *L, const char *who);

/* Wake it after so many seconds, `late`. Raises if there is no memory. */
void task_set_timer(lua_State *L, struct task *task, double seconds);

/* Let go of the timer, if it is set. */
void task_stop_timer(struct task *task);

/*
 * Yield to the loop; once woken, go on with k(L, ...), which begins with
 * task_woken(). To be returned, from a function called by the script, in a
 * task that can wait.
 */
int task_wait(lua_State *L, struct task *task, lua_KFunction k);

/*
 * The task that goes on, given what its continuation was. Raises if it was not
 * fes that resumed the coroutine that waited.
 */
struct task *task_woken(lua_State *L, lua_KContext context);

/* To be resumed at the end of this turn. Again: no effect. */
void task_wake(struct task *task);

/* The task of a coroutine that is ready, waits or runs; else NULL. */
struct task *task_of(lua_State *L, lua_State *co);

#endif
