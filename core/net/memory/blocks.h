/*
 * blocks.h - blocks of segments, for queues that have more than one segment
 *
 * All blocks of a slab lie in one mapped array of pages. A page takes memory
 * only while some of its blocks are taken: when slow connections have gone, the
 * system has their memory back, but for a few pages kept for those that come
 * next.
 *
 *     page      [ head | taken | free | taken | ... ]   in the list `open`
 *     page      [ head | taken | taken | taken | ... ]  in none: it is full
 *     page      . . . . . . . . . . . . . . . . . . .   takes no memory
 *
 * Blocks come out of pages that are in use already, before new ones.
 *
 * The number of pages follows from the bytes of the slab, so it is known before
 * connections come. The last eighth of the blocks is for the share
 * POOL_RESERVE, as in a pool: here for queues that are empty.
 */
#ifndef FES_MEMORY_BLOCKS_H
#define FES_MEMORY_BLOCKS_H

#include "base/list.h"
#include "net/memory/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK_SEGMENTS = 7 };

struct block {
    struct block *next; /* for its holder */
    struct segment segments[BLOCK_SEGMENTS];
};

struct blocks_page;

struct blocks {
    struct blocks_page *pages; /* NULL: not mapped */
    uint32_t *returned;        /* a stack: pages without memory, by index */
    struct link open;   /* pages with free blocks, unused ones at the end */
    uint32_t number;    /* of pages */
    uint32_t fresh;     /* pages from this index on were never used */
    uint32_t nreturned; /* the height of the stack */
    uint32_t unused;    /* pages in `open` that have no taken block */
    size_t taken;       /* blocks */
};

/*
 * Map the blocks for a slab of `slab` bytes. The struct may not be moved from
 * then on. False, with errno set: no memory.
 */
bool blocks_map(struct blocks *blocks, size_t slab);

/* Unmap them, also those that are taken. No effect if they are not mapped. */
void blocks_unmap(struct blocks *blocks);

/* The most memory that the blocks for a slab of `slab` bytes can take. */
size_t blocks_bytes(size_t slab);

/* How many more blocks this share has now; and when none is taken. */
size_t blocks_available(const struct blocks *blocks, enum pool_share share);
size_t blocks_most(const struct blocks *blocks, enum pool_share share);

/* Take a block, with undefined contents. There must be one, of any share. */
struct block *blocks_take(struct blocks *blocks);

/* Give a block back. */
void blocks_give(struct blocks *blocks, struct block *block);

#endif
