/*
 * deliver.h - events on their way to the script
 *
 * What happens to a connection is recorded as a pending event where it happens
 * (engine_post), and delivered here, from the loop. So a send or a close inside
 * a handler never runs another handler, and what completes at once looks the
 * same as what completes later.
 */
#ifndef FES_RUN_DELIVER_H
#define FES_RUN_DELIVER_H

#include "net/state/engine.h"

/* Deliver the events that are pending now, for about 2 ms; what is left, and
 * what is posted meanwhile, stays pending. */
void deliver_events(struct engine *engine);

/* Deliver all, also those posted meanwhile: of servers without an owner, so
 * that no script is called. */
void deliver_all(struct engine *engine);

#endif
