/*
 * sites.h - a counter for each key, such as the connections from one address
 *
 * A key has a record while its count is above 0. Records are used again, so
 * memory is allocated only for more keys than there ever were at once.
 */
#ifndef FES_BASE_SITES_H
#define FES_BASE_SITES_H

#include "base/table.h"

#include <stdbool.h>
#include <stdint.h>

struct site;

/* All zero: no keys, nothing allocated. */
struct sites {
    struct table table;
    struct site *unused; /* linked by their `next` */
};

/* The count of `key`; 0 if it has none. */
uint32_t sites_count(const struct sites *sites, uint64_t key);

/* Add one to the count of `key`. False: no memory, and nothing is counted. */
bool sites_add(struct sites *sites, uint64_t key);

/* Take one from the count of `key`. No effect if that is 0, as it may be after
 * an addition that failed. */
void sites_remove(struct sites *sites, uint64_t key);

/* Set all counts to 0 and free all memory. */
void sites_clear(struct sites *sites);

#endif
