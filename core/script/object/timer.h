/*
 * timer.h - the running timers of a script: fes.every and fes.after
 *
 * objects.h declares these functions themselves.
 */
#ifndef FES_OBJECT_TIMER_H
#define FES_OBJECT_TIMER_H

#include "script/vm/script.h"

#include <stddef.h>

/* Stop all timers of the script. */
void timer_end_all(struct script *script);

/* The number of running timers; takes time in proportion. */
size_t timer_count(const struct script *script);

#endif
