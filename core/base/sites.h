/*
 * sites.h - how many there are of each: a counter for each key
 *
 * A hash table with open addressing that holds only keys with a count above
 * zero. It grows with the number of different keys.
 */
#ifndef FES_BASE_SITES_H
#define FES_BASE_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sites {
    struct site *table; /* NULL: empty, and nothing allocated */
    size_t room;        /* a power of two */
    size_t used;
};

/* How many there are of `key`, which is never 0. */
uint32_t sites_count(const struct sites *sites, uint64_t key);

/* One more of `key`. False: no memory, nothing is counted. */
bool sites_add(struct sites *sites, uint64_t key);

/* One less of `key`, of which there is at least one. */
void sites_remove(struct sites *sites, uint64_t key);

void sites_clear(struct sites *sites);

#endif
