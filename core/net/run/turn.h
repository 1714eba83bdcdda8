/*
 * turn.h - one turn of the loop, from the engine's side
 *
 *     poll -> turn_begin -> receive, accept, timers
 *     -> turn_finish: deadlines -> events -> the script's own end of a turn
 *                  -> flush, accept again, retire servers -> settle topics
 */
#ifndef FES_RUN_TURN_H
#define FES_RUN_TURN_H

/* For loop_new(), with the engine as owner. */
void turn_begin(void *engine);
void turn_finish(void *engine);

#endif
