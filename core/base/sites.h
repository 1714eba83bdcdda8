/*
 * sites.h - how many there are of each key: connections from one address
 *
 * Only keys with a count above zero take memory, one allocation each.
 */
#ifndef FES_BASE_SITES_H
#define FES_BASE_SITES_H

#include "base/table.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero: empty, and nothing allocated. */
struct sites {
    struct table table;
};

/* How many there are of `key`. */
uint32_t sites_count(const struct sites *sites, uint64_t key);

/* One more of `key`. False: no memory, nothing is counted. */
bool sites_add(struct sites *sites, uint64_t key);

/* One less of `key`, of which there is at least one. */
void sites_remove(struct sites *sites, uint64_t key);

/* Forget all of them. */
void sites_clear(struct sites *sites);

#endif
