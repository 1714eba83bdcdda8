/*
 * pool.h - bockets: slices of one slab, checked out and checked in
 *
 * A pool owns `number` slices of `size` bytes in one slab. pool_new() maps the
 * slab, which never grows: buffer memory has a bound, and a check-out fails
 * only when no bocket is free.
 *
 *       slab        0        1        2        3               number
 *        |          |        |        |        |                  |
 *        v          v        v        v        v                  v
 *        +----------+--------+--------+--------+ - - - - - - - - -+
 *        |   out    |  free  |  out   |   out  | never out so far |
 *        +----------+--------+--------+--------+ - - - - - - - - -+
 *
 * Each slice has a `struct bocket` outside the slab. Free slices are checked
 * out again last in, first out, while they are in the cache. A slice that was
 * never out takes no memory: the kernel backs a page when it is first written.
 *
 * The last eighth of the bockets, the reserve, is given only to check-outs that
 * ask for POOL_RESERVE: those of broadcasts, and of connections that hold no
 * bocket, and so are not the ones that used up the rest.
 *
 * Ownership: pool_checkout() gives the caller one hold, bocket_hold() adds one,
 * pool_checkin() releases one. When none is left, the bocket is free. Under
 * ASan the slice of a free bocket is poisoned.
 */
#ifndef FES_MEMORY_POOL_H
#define FES_MEMORY_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;

struct bocket {
    unsigned char *bytes; /* its slice of the slab */
    uint32_t used;        /* bytes written so far */
    uint32_t holders;     /* holds not released yet; 0: it is free */
    uint32_t generation;  /* how often it has been checked out */
    uint32_t next;        /* free: the next free one; out: for its holder */
};

/* A run of bytes in one bocket. */
struct segment {
    struct bocket *bocket;
    uint32_t offset;
    uint32_t length;
};

/* Does a piece begin where `last` (or NULL) ends? Then one segment can describe
 * both. */
static inline bool segment_continues(const struct segment *last,
                                     const struct segment *piece)
{
    return last != NULL && last->bocket == piece->bocket &&
           last->offset + last->length == piece->offset;
}

/* What a check-out may use: all but the reserve, or all. */
enum pool_share { POOL_COMMON, POOL_RESERVE };

/*
 * Make a pool of `number` bockets of `size` bytes, both at least 1, with or
 * without a reserve. NULL, with errno set: no memory.
 */
struct pool *pool_new(size_t number, size_t size, bool with_reserve);

/* Unmap and free everything, also bockets that are still out. */
void pool_free(struct pool *pool);

/*
 * Check out a bocket: it is empty (`used` is 0), its bytes are undefined, and
 * the caller holds it once. NULL: this share has none left.
 */
struct bocket *pool_checkout(struct pool *pool, enum pool_share share);

/* How many more bockets can be checked out of this share now. */
size_t pool_available(const struct pool *pool, enum pool_share share);

/* How many bockets this share has when none is out. */
size_t pool_most(const struct pool *pool, enum pool_share share);

/* Hold a bocket that is out once more. */
static inline void bocket_hold(struct bocket *bocket)
{
    bocket->holders++;
}

/*
 * Copy bytes to the end of the bocket's used part, as many as fit. Returns
 * where they lie. The caller ensures that no other holder appends to it.
 */
struct segment pool_append(const struct pool *pool, struct bocket *bocket,
                           const void *bytes, size_t length);

/* Release one hold on a bocket. */
void pool_checkin(struct pool *pool, struct bocket *bocket);

/* The bocket's index in its pool, 0 .. number-1, and back. */
uint32_t pool_index(const struct pool *pool, const struct bocket *bocket);
struct bocket *pool_bocket(const struct pool *pool, uint32_t index);

/* Where the bocket's slice begins in the slab, in bytes. */
size_t pool_offset(const struct pool *pool, const struct bocket *bocket);

size_t pool_number(const struct pool *pool);
size_t pool_size(const struct pool *pool);       /* bytes of one bocket */
size_t pool_free_count(const struct pool *pool); /* bockets that are not out */
size_t pool_least_free(const struct pool *pool); /* fewest that ever were */

#endif
