#include "net/state/counters.h"

#define ADD(name) sum->name += one->name;
#define ADD_ARRAY(name, kinds, fn)    \
    for (int i = 0; i < (kinds); i++) \
        sum->name[i] += one->name[i];

void counters_add(struct counters *sum, const struct counters *one)
{
    COUNTERS(ADD)
    COUNTER_ARRAYS(ADD_ARRAY)
}

void counters_add_stats(struct server_stats *sum,
                        const struct server_stats *one)
{
    counters_add(&sum->counters, &one->counters);
    GAUGES(ADD)
}
