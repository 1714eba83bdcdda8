/*
 * timer.h - fes.every and fes.after
 */
#ifndef FES_OBJECT_TIMER_H
#define FES_OBJECT_TIMER_H

#include "script/vm/script.h"

#include <stddef.h>

/* Stop all that run: another script takes over. */
void timer_end_all(struct script *script);

/* How many run. */
size_t timer_count(const struct script *script);

#endif
