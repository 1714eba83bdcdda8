/*
 * turn.h - one turn of the loop, from the engine's side
 *
 *     poll -> turn_begin -> what is readable, accept -> turn_receive -> timers
 *     -> turn_finish: deadlines -> pending events -> the script's end of a turn
 *                  -> for each server: flush, accept again, retire
 *                  -> settle topics
 */
#ifndef FES_RUN_TURN_H
#define FES_RUN_TURN_H

/* The functions for loop_new(), which calls them with the engine as owner.
 * turn_begin() adds the last turn's duration to the figures. */
void turn_begin(void *engine);
void turn_receive(void *engine);
void turn_finish(void *engine);

#endif
