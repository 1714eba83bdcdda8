#include "histogram.h"

#include <stdio.h>

/* A time below 64 has a bucket of its own; others are of 1/64 of an octave. */
static unsigned bucket_of(uint64_t time)
{
    if (time < HISTOGRAM_STEPS)
        return (unsigned)time;

    unsigned octave = 63U - (unsigned)__builtin_clzll(time) - 6;

    return (octave + 1) * HISTOGRAM_STEPS +
           ((unsigned)(time >> octave) & (HISTOGRAM_STEPS - 1));
}

static uint64_t upper_end(unsigned bucket)
{
    if (bucket < HISTOGRAM_STEPS)
        return bucket;

    unsigned octave = bucket / HISTOGRAM_STEPS - 1;
    uint64_t step = HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS;

    return ((step + 1) << octave) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t time)
{
    histogram->count++;
    histogram->buckets[bucket_of(time)]++;
}

uint64_t histogram_at(const struct histogram *histogram, double part)
{
    uint64_t below = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        below += histogram->buckets[i];
        if (below > 0 && (double)below >= part * (double)histogram->count)
            return upper_end(i);
    }
    return 0;
}

void histogram_print(const struct histogram *histogram, const char *name)
{
    static const struct {
        const char *name;
        double part;
    } points[] = {{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}, {"most", 1}};

    for (unsigned i = 0; i < 4; i++)
        printf(" %s_%s=%.1f", name, points[i].name,
               (double)histogram_at(histogram, points[i].part) / 1000);
}
