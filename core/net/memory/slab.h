/*
 * slab.h - a pool and those who draw on it
 *
 *     slab ---- pool ......... bockets: all the buffer memory there is here
 *      |------- holders ...... connections that hold some; who has moved
 *      |                       nothing for longest comes first
 *      +------- waiting ...... those that the pool refused, in order
 *
 * A server that listens has a slab of its own. All outgoing connections of a
 * engine share one.
 */
#ifndef FES_MEMORY_SLAB_H
#define FES_MEMORY_SLAB_H

#include "base/list.h"
#include "net/memory/pool.h"

#include <stdbool.h>
#include <stddef.h>

struct slab {
    struct pool *pool; /* NULL: not made so far, or given back */
    struct link holders;
    struct link waiting;
};

/* Make a slab that has no pool. It may not be moved. */
void slab_init(struct slab *slab);

/* Map its pool, with a reserve. False, with errno set: there is no room. */
bool slab_map(struct slab *slab, size_t number, size_t size);

/* All that its pool can take, in bytes; 0: there is none. */
size_t slab_bytes(const struct slab *slab);

/* Give the pool back, if there is one. Nobody draws on it any more. */
void slab_unmap(struct slab *slab);

#endif
