/*
 * histogram.h - how long things took, in a fixed amount of memory
 *
 * Times are nanoseconds. Each power of two is cut into 64 equal buckets, so
 * what comes out is exact to 1.6 %, and is never less than what went in.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_BUCKETS = 59 * HISTOGRAM_STEPS };

struct histogram {
    uint64_t count;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t time);

/* The time within which `part`, 0 to 1, of all were; 0 if there are none. */
uint64_t histogram_at(const struct histogram *histogram, double part);

/* Print " NAME_p50=... NAME_p99=... NAME_p999=... NAME_most=...", in us. */
void histogram_print(const struct histogram *histogram, const char *name);

#endif
