/*
 * clock.h - the one clock: CLOCK_MONOTONIC, in nanoseconds
 *
 * The clock never goes back and never jumps, so the difference of two readings
 * is a duration. A reading takes about 20 ns, without a system call (vDSO).
 */
#ifndef FES_BASE_CLOCK_H
#define FES_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND   UINT64_C(1000000000)
#define CLOCK_MILLI    UINT64_C(1000000)
#define CLOCK_FAR_AWAY UINT64_MAX /* a moment that never comes */

/* The time now: nanoseconds since a fixed moment in the past. */
uint64_t clock_now(void);

/*
 * Convert seconds, 0 or more, to nanoseconds, rounded up. The result is at
 * most UINT64_MAX / 2 (292 years), so it can be added to clock_now().
 */
uint64_t clock_from_seconds(double seconds);

/* Convert nanoseconds to seconds. */
double clock_to_seconds(uint64_t nanoseconds);

/*
 * The time that this thread was ready to run but had no processor, in
 * nanoseconds since the thread began (/proc/thread-self/schedstat). 0 if that
 * file cannot be read. Async-signal-safe, but may change errno.
 */
uint64_t clock_starved(void);

#endif
