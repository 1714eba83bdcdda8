/*
 * times.h - how long something took that happens again and again
 */
#ifndef FES_BASE_TIMES_H
#define FES_BASE_TIMES_H

#include <stdint.h>

/* In nanoseconds. */
struct times {
    uint64_t count;
    uint64_t last;
    uint64_t longest;
    uint64_t total;
};

static inline void times_add(struct times *times, uint64_t nanoseconds)
{
    times->count++;
    times->last = nanoseconds;
    times->total += nanoseconds;
    if (nanoseconds > times->longest)
        times->longest = nanoseconds;
}

#endif
