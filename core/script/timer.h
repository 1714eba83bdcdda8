/*
 * timer.h - fes.every and fes.after
 */
#ifndef FES_SCRIPT_TIMER_H
#define FES_SCRIPT_TIMER_H

#include "script/state.h"

#include <stddef.h>

/* Stop all that run: another script takes over. */
void timers_end(struct script *script);

/* How many run. */
size_t timers_count(const struct script *script);

#endif
