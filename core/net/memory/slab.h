/*
 * slab.h - a pool, and the connections that hold or await its bockets
 *
 *     slab ---- pool ......... all buffer memory of these connections
 *      |------- holders ...... those that hold bockets, least recently active
 *      |                       first (state/holders.h)
 *      |------- waiting ...... those that the pool had no bocket for, in the
 *      |                       order in which they began to wait
 *      |                       (send/reclaim.h)
 *      +------- promised ..... bockets for those whose wait is over, until they
 *                              use them (state/holders.h)
 *
 * A server that listens has a slab of its own. All outgoing connections of an
 * engine share one.
 */
#ifndef FES_MEMORY_SLAB_H
#define FES_MEMORY_SLAB_H

#include "base/list.h"
#include "net/memory/pool.h"

#include <stdbool.h>
#include <stddef.h>

struct slab {
    struct pool *pool; /* NULL: not mapped yet, or unmapped */
    struct link holders;
    struct link waiting;
    size_t promised;
};

/* Make a slab without a pool. Its lists link to it, so it may not be moved. */
void slab_init(struct slab *slab);

/* Make its pool, with a reserve: `number` bockets of `size` bytes. False, with
 * errno set: no memory. */
bool slab_map(struct slab *slab, size_t number, size_t size);

/* Bytes of all bockets of its pool; 0 without a pool. */
size_t slab_bytes(const struct slab *slab);

/* Free the pool, if there is one. No connection may hold its bockets. */
void slab_unmap(struct slab *slab);

#endif
