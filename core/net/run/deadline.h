/*
 * deadline.h - deadlines of connections: set-up, idle, message, age, linger
 *
 * Each connection has one node in the engine's wheel, set for the earliest tick
 * at which one of its deadlines may have passed (engine_set_deadline()). At
 * that tick all its deadlines are checked: those of set-up, idle_timeout,
 * message_timeout and maxage while it is OPEN, and later that of the linger. A
 * deadline may have moved since; then the node is set again.
 *
 * The ticks do not count absences (engine.h): a deadline does not pass while
 * fes is busy or stopped.
 */
#ifndef FES_RUN_DEADLINE_H
#define FES_RUN_DEADLINE_H

#include "net/state/engine.h"

/* Prepare the wheel of an engine whose tick is 0. */
void deadline_init(struct engine *engine);

/*
 * Call once in each turn, when all that was polled has been read: checks the
 * connections whose node is due by the engine's tick; in the turn after an
 * absence none. May end connections.
 */
void deadline_run(struct engine *engine);

/* Start the timer that wakes the loop for the next node, if that may have
 * changed. */
void deadline_arm(struct engine *engine);

#endif
