/*
 * clock.h - the one clock: CLOCK_MONOTONIC, in nanoseconds
 *
 * It never goes back and never jumps, so a duration is a difference of two
 * readings. Each reading asks the kernel's shared page: about 20 ns.
 */
#ifndef FES_BASE_CLOCK_H
#define FES_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND   UINT64_C(1000000000)
#define CLOCK_MILLI    UINT64_C(1000000)
#define CLOCK_FAR_AWAY UINT64_MAX /* a moment that never comes */

/* Nanoseconds since a fixed moment in the past. */
uint64_t clock_now(void);

/* A duration in seconds, not negative, as nanoseconds; huge ones: far away. */
uint64_t clock_from_seconds(double seconds);

/* Nanoseconds as seconds. */
double clock_to_seconds(uint64_t nanoseconds);

/*
 * How long this thread was ready to run and had no processor, in nanoseconds
 * since it began; 0 if the system does not tell. May be called in a signal's
 * handler.
 */
uint64_t clock_starved(void);

#endif
