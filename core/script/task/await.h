/*
 * await.h - who waits for which connection
 *
 * One task may wait to receive from a connection, and any number to send to
 * it, in the order in which they came: only the first of them tries, and the
 * next one when it is through. Whoever waits for the connection to stand does
 * so in the place of the one who receives.
 *
 * Whoever waits is woken when it is worth a try, by what dispatch tells.
 */
#ifndef FES_TASK_AWAIT_H
#define FES_TASK_AWAIT_H

#include "net/command/command.h"
#include "script/task/task.h"

#include <stdbool.h>

/* Does a task wait to receive from this connection? To send to it? */
bool await_has_reader(const struct script *script, conn_name name);
bool await_has_sender(const struct script *script, conn_name name);

/* The task waits for `take`, its own, of that connection, alone. */
void await_data(struct task *task, conn_name name);

/* Likewise until it stands, or has failed. */
void await_connection(struct task *task, conn_name name);

/* The task waits to send to that connection, behind those that do already. */
void await_room(struct task *task, conn_name name);

/*
 * It waits for nothing: not for a connection, not for its timer. What waits
 * begins with this, since the script may have closed an inner coroutine in
 * which the task waited before.
 */
void await_over(struct task *task);

/* The same, of a task that ends; what it was connecting to goes, too. */
void await_cancel(struct task *task);

/* What dispatch tells: see event.h. */
void await_connected(const struct script *script, conn_name name);
void await_arrived(const struct script *script, conn_name name);
void await_drained(const struct script *script, conn_name name);
void await_closing(const struct script *script, conn_name name);
void await_closed(const struct script *script, conn_name name);

#endif
