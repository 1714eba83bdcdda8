/*
 * timer.h - fes.every and fes.after
 */
#ifndef FES_OBJECT_TIMER_H
#define FES_OBJECT_TIMER_H

#include "script/vm/state.h"

#include <stddef.h>

/* Stop all that run: another script takes over. */
void timers_end(struct script *script);

/* How many run. */
size_t timers_count(const struct script *script);

#endif
