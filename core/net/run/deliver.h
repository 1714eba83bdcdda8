/*
 * deliver.h - events on their way up
 *
 * What happened to connections is noted where it happens (engine_post) and
 * handed over here, from the loop. So a send or a close inside a handler never
 * runs another handler, and what completes at once looks the same as what
 * completes later.
 */
#ifndef FES_RUN_DELIVER_H
#define FES_RUN_DELIVER_H

#include "net/state/engine.h"

/* Hand over the events noted so far; those noted meanwhile wait. */
void deliver_events(struct engine *engine);

#endif
