#include "script/task/await.h"

#include "net/command/command.h"

#include <assert.h>

static struct waiters *waiters_of(const struct script *script, conn_name name)
{
    return &script->tasks->waiters[conn_name_slot(name)];
}

bool await_has_reader(const struct script *script, conn_name name)
{
    return waiters_of(script, name)->reader != NULL;
}

bool await_has_sender(const struct script *script, conn_name name)
{
    return waiters_of(script, name)->sender != NULL;
}

void await_data(struct task *task, conn_name name)
{
    struct waiters *waiters = waiters_of(task->script, name);

    assert(waiters->reader == NULL || waiters->reader == task);
    waiters->reader = task;
    task->name = name;
}

void await_connection(struct task *task, conn_name name)
{
    await_data(task, name);
    task->connects = true;
}

/* The senders form a circle without a head: `sender` is the first. */
void await_space(struct task *task, conn_name name)
{
    struct waiters *waiters = waiters_of(task->script, name);

    if (task->name != 0)
        return;
    if (waiters->sender == NULL)
        waiters->sender = task;
    else
        link_before(&waiters->sender->senders, &task->senders);
    task->name = name;
}

static void remove_sender(struct waiters *waiters, struct task *task)
{
    struct link *next = task->senders.next;

    if (waiters->sender == task)
        waiters->sender = next != &task->senders
                              ? link_owner(next, struct task, senders)
                              : NULL;
    link_out(&task->senders);
}

/* The task no longer waits for its connection; the next sender tries. */
static void leave_conn(struct task *task)
{
    struct waiters *waiters = waiters_of(task->script, task->name);

    if (waiters->reader == task) {
        waiters->reader = NULL;
    } else {
        remove_sender(waiters, task);
        if (waiters->sender != NULL)
            task_wake(waiters->sender);
    }
    task->name = 0;
    task->connects = false;
}

void await_nothing(struct task *task)
{
    task_stop_timer(task);
    if (task->name != 0)
        leave_conn(task);
}

void await_cancel(struct task *task)
{
    if (task->connects)
        command_close(task->script->engine, task->name, REASON_LOCAL, 0);
    await_nothing(task);
}

/* ------------------------------------------------------------------- events */

/* The task gives up its place as the reader, so another one may receive. */
void await_connected(const struct script *script, conn_name name)
{
    struct task *reader = waiters_of(script, name)->reader;

    if (reader == NULL || !reader->connects)
        return;
    task_wake(reader);
    leave_conn(reader);
}

void await_arrived(const struct script *script, conn_name name)
{
    struct task *reader = waiters_of(script, name)->reader;

    if (reader != NULL && !reader->connects &&
        command_peek(script->engine, name, &reader->request) != RECEIVE_WAITS)
        task_wake(reader);
}

void await_drained(const struct script *script, conn_name name)
{
    struct task *sender = waiters_of(script, name)->sender;

    if (sender != NULL)
        task_wake(sender);
}

/* Only the first sender is woken: each one, when done, wakes the next. */
void await_closing(const struct script *script, conn_name name)
{
    struct task *reader = waiters_of(script, name)->reader;

    if (reader != NULL && !reader->connects)
        task_wake(reader);
    await_drained(script, name);
}

/* All waiters leave: another connection may get the slot. */
void await_closed(const struct script *script, conn_name name)
{
    struct waiters *waiters = waiters_of(script, name);

    if (waiters->reader != NULL) {
        task_wake(waiters->reader);
        leave_conn(waiters->reader);
    }
    while (waiters->sender != NULL) {
        task_wake(waiters->sender);
        leave_conn(waiters->sender);
    }
}
