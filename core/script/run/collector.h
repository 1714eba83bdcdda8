/*
 * collector.h - Lua's garbage, collected where nobody waits
 *
 * When the state has twice the memory that it had after the last collection,
 * a new one is due. It is done in slices, each in a turn of the loop that has
 * brought nothing, so that no handler waits for it. Where every turn brings
 * something this never happens, and Lua's own incremental collector, which
 * begins a little later, does the work in the course of the handlers, as it
 * does everywhere.
 */
#ifndef FES_RUN_COLLECTOR_H
#define FES_RUN_COLLECTOR_H

#include "script/vm/script.h"

/* Of a state that is new. What loading leaves behind is due at once. */
void collector_begin(struct script *script);

/* At the end of each turn: is a collection due? */
void collector_look(struct script *script);

#endif
