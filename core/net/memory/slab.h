/*
 * slab.h - the buffer memory of connections, and which of them hold or await it
 *
 *     slab ---- pool ......... the bytes of these connections
 *      |------- blocks ....... lists of what waits in their queues
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
#include "net/memory/blocks.h"
#include "net/memory/pool.h"

#include <stdbool.h>
#include <stddef.h>

struct slab {
    struct pool *pool; /* NULL: not mapped yet, or unmapped */
    struct blocks blocks;
    struct link holders;
    struct link waiting;
    size_t promised;
};

/* Make a slab without a pool. Its lists link to it, so it may not be moved. */
void slab_init(struct slab *slab);

/* Make its pool, with a reserve, of `number` bockets of `size` bytes; and its
 * blocks. False, with errno set: no memory. */
bool slab_map(struct slab *slab, size_t number, size_t size);

/* The most memory that a slab of so many bockets can take, with all that
 * describes what is in it. */
size_t slab_bytes_of(size_t number, size_t size);

/* The same for this slab; 0 without a pool. */
size_t slab_bytes(const struct slab *slab);

/* Free pool and blocks, if there are any. No connection may hold some. */
void slab_unmap(struct slab *slab);

#endif
