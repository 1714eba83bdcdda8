/*
 * turn.h - the end of each turn of the loop, and how a engine begins and ends
 *
 *     deadlines -> events up -> the script's own end of a turn
 *     -> flush: what was queued leaves, each connection in one send
 *     -> who waited for the pool is woken -> accept again
 */
#ifndef FES_RUN_TURN_H
#define FES_RUN_TURN_H

#include "net/state/engine.h"

/*
 * Make a engine for at most `connections` connections. `turn_end(script)` is
 * called in each turn, may be NULL. NULL, with errno set: the system refuses.
 */
struct engine *engine_new(uint32_t connections, const struct events *events,
                          turn_fn *turn_end, void *script);

/* Close everything at once, without events, and free it. */
void engine_free(struct engine *engine);

#endif
