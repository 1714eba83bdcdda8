#include "script/await.h"

#include "net/command.h"

#include <assert.h>

static struct waiters *waiters_of(const struct script *script, conn_name name)
{
    return &script->tasks->waiters[conn_slot_of(name)];
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

/* The senders are a circle; `sender` is where it begins. */
void await_room(struct task *task, conn_name name)
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

static void leave_senders(struct waiters *waiters, struct task *task)
{
    struct link *next = task->senders.next;

    if (waiters->sender == task)
        waiters->sender = next != &task->senders
                              ? link_owner(next, struct task, senders)
                              : NULL;
    link_out(&task->senders);
}

/* The next to send gets its chance. */
void await_over(struct task *task)
{
    struct waiters *waiters;

    if (task->name == 0)
        return;
    waiters = waiters_of(task->script, task->name);
    if (waiters->reader == task) {
        waiters->reader = NULL;
    } else {
        leave_senders(waiters, task);
        if (waiters->sender != NULL)
            task_wake(waiters->sender);
    }
    task->name = 0;
}

/* ------------------------------------------------------------------ events */

void await_connected(const struct script *script, conn_name name)
{
    struct task *reader = waiters_of(script, name)->reader;

    if (reader != NULL)
        task_wake(reader);
}

void await_arrived(const struct script *script, conn_name name)
{
    struct task *reader = waiters_of(script, name)->reader;

    if (reader != NULL &&
        command_look(script->shard, name, &reader->take) != TAKE_WAITS)
        task_wake(reader);
}

void await_drained(const struct script *script, conn_name name)
{
    struct task *sender = waiters_of(script, name)->sender;

    if (sender != NULL)
        task_wake(sender);
}

/* The others follow, each when the one before it has been told. */
void await_closing(const struct script *script, conn_name name)
{
    await_connected(script, name);
    await_drained(script, name);
}

/* Its slot is free for another from now on. */
void await_closed(const struct script *script, conn_name name)
{
    struct waiters *waiters = waiters_of(script, name);

    if (waiters->reader != NULL) {
        task_wake(waiters->reader);
        await_over(waiters->reader);
    }
    while (waiters->sender != NULL) {
        task_wake(waiters->sender);
        await_over(waiters->sender);
    }
}
