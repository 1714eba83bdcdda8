/*
 * await.h - which task waits for which connection
 *
 * For each connection one task may wait to receive, and any number to send, in
 * the order in which they began: only the first of them tries, and the next one
 * when the first has finished. A task that waits for an outgoing connection to
 * be established takes the place of the one that receives.
 *
 * dispatch.c passes on the events of connections. An event wakes a waiting task
 * if it may now be able to go on; the task then tries again.
 */
#ifndef FES_TASK_AWAIT_H
#define FES_TASK_AWAIT_H

#include "net/command/command.h"
#include "script/task/task.h"

#include <stdbool.h>

/* Does a task wait to receive from the connection, or for it to be established?
 * Does one wait to send to it? */
bool await_has_reader(const struct script *script, conn_name name);
bool await_has_sender(const struct script *script, conn_name name);

/* The task waits until task.request can be received. No other may wait so. */
void await_data(struct task *task, conn_name name);

/* The task waits until the connection is established, or has failed. Likewise.
 */
void await_connection(struct task *task, conn_name name);

/* The task waits to send, behind those that wait already. No effect if it does
 * so: it keeps its place. */
void await_space(struct task *task, conn_name name);

/*
 * The task waits for nothing any more: no connection, no timer. A function
 * that waits calls it first, too: the script may have closed a coroutine inside
 * the task, in which that was waiting.
 */
void await_nothing(struct task *task);

/* The same, for a task that is closed: a connection that it waits to establish
 * is closed, too. */
void await_cancel(struct task *task);

/* The event of the same name (event.h) has come from a connection. */
void await_connected(const struct script *script, conn_name name);
void await_arrived(const struct script *script, conn_name name);
void await_drained(const struct script *script, conn_name name);
void await_closing(const struct script *script, conn_name name);
void await_closed(const struct script *script, conn_name name);

#endif
