/*
 * collector.h - Lua's garbage is collected in idle turns
 *
 * A collection is due when the state has twice the memory that it had after the
 * last one. It is done in slices, in turns of the loop without any event, so
 * that no handler waits for it. If there are no such turns, Lua's incremental
 * collector, which begins at 2.5 times that memory, does the work while
 * handlers run, as in any Lua program.
 */
#ifndef FES_RUN_COLLECTOR_H
#define FES_RUN_COLLECTOR_H

#include "script/vm/script.h"

/* For a new state. The first collection, of what loading leaves, is due at
 * once. */
void collector_begin(struct script *script);

/* At the end of each turn: begin a collection if one is due. */
void collector_begin_if_due(struct script *script);

#endif
