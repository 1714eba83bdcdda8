/*
 * times.h - count, last, longest and total of repeated durations
 */
#ifndef FES_BASE_TIMES_H
#define FES_BASE_TIMES_H

#include <stdint.h>

/* Durations in nanoseconds. All zero: none so far. */
struct times {
    uint64_t count;
    uint64_t last;
    uint64_t longest;
    uint64_t total;
};

/* Add one duration. */
static inline void times_add(struct times *times, uint64_t nanoseconds)
{
    times->count++;
    times->last = nanoseconds;
    times->total += nanoseconds;
    if (nanoseconds > times->longest)
        times->longest = nanoseconds;
}

#endif
