/*
 * deadline.h - what connections may not exceed: set-up, silence, age, linger
 *
 * Each connection has one node in the engine's wheel, set for the earliest
 * moment at which one of its deadlines may have passed
 * (engine_set_deadline()). Then all of them are judged.
 */
#ifndef FES_RUN_DEADLINE_H
#define FES_RUN_DEADLINE_H

#include "net/state/engine.h"

/* Prepare the wheel of an engine whose tick is 0. */
void deadline_init(struct engine *engine);

/* Judge the connections whose moment has come by the engine's tick. May end
 * connections. */
void deadline_run(struct engine *engine);

/* Set the timer that wakes the loop for the next of them. */
void deadline_arm(struct engine *engine);

#endif
