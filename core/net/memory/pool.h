/*
 * pool.h - bockets: slices of one fixed size, checked out and checked in
 *
 * A pool owns `number` slices of `size` bytes in one slab that is mapped once,
 * at birth. It never grows, so a check-out can fail for one reason only: there
 * is nothing left. That is the point of it. A full server stops reading; it
 * does not eat the machine.
 *
 *       slab        0        1        2        3               number
 *        |          |        |        |        |                  |
 *        v          v        v        v        v                  v
 *        +----------+--------+--------+--------+ - - - - - - - - -+
 *        |   out    | at rest|  out   |   out  | never out so far |
 *        +----------+--------+--------+--------+ - - - - - - - - -+
 *
 * Beside the slab stands one `struct bocket` for each slice: where it is, how
 * much of it is used, how many hold it. Slices at rest go out again last in,
 * first out, while they are warm in the cache. A slice that was never out
 * costs nothing: the kernel backs a page when it is first written.
 *
 * The last eighth, the reserve, goes only to those who ask for it: they hold
 * nothing else, so they cannot be the ones who used up the rest.
 *
 * Ownership: a bocket that is out belongs to those who hold it; the last one
 * who checks it in gives it back. Under ASan a slice at rest is poisoned.
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
    uint32_t holders;     /* 0: at rest */
    uint32_t generation;  /* how often it has been checked out */
    uint32_t next;        /* at rest: goes out after it; out: its holder's */
};

/* A run of bytes in one bocket. */
struct segment {
    struct bocket *bocket;
    uint32_t offset;
    uint32_t length;
};

/* Does a piece begin where `last` (or NULL) ends? Then both are one segment. */
static inline bool segment_continues(const struct segment *last,
                                     const struct segment *piece)
{
    return last != NULL && last->bocket == piece->bocket &&
           last->offset + last->length == piece->offset;
}

enum pool_share { POOL_COMMON, POOL_RESERVE };

/*
 * Make a pool of `number` bockets of `size` bytes, both at least 1. NULL, with
 * errno set, if the system has no room for it. `with_reserve`: keep the last
 * eighth for POOL_RESERVE.
 */
struct pool *pool_new(size_t number, size_t size, bool with_reserve);

/* Give all of it back to the system, also what is still out. */
void pool_free(struct pool *pool);

/*
 * Check out a bocket: empty (`used` is 0), its bytes undefined, held once.
 * NULL if this share has none left; POOL_RESERVE includes the common share.
 */
struct bocket *pool_checkout(struct pool *pool, enum pool_share share);

/* How many bockets pool_checkout() would still give for this share. */
size_t pool_available(const struct pool *pool, enum pool_share share);

/* How many it would give if none were out. */
size_t pool_most(const struct pool *pool, enum pool_share share);

/* Hold a bocket that is out once more. */
static inline void bocket_hold(struct bocket *bocket)
{
    bocket->holders++;
}

/*
 * Copy bytes behind those of the bocket, as many as fit, and describe them. The
 * caller sees to it that no other holder writes there.
 */
struct segment pool_append(const struct pool *pool, struct bocket *bocket,
                           const void *bytes, size_t length);

/* Let go of a bocket; the last holder gives it back to its pool. */
void pool_checkin(struct pool *pool, struct bocket *bocket);

/* A bocket's place among all of the pool, and back. */
uint32_t pool_index(const struct pool *pool, const struct bocket *bocket);
struct bocket *pool_bocket(const struct pool *pool, uint32_t index);

/* Where the bocket's slice begins in the slab, in bytes. */
size_t pool_offset(const struct pool *pool, const struct bocket *bocket);

size_t pool_number(const struct pool *pool);
size_t pool_size(const struct pool *pool);
size_t pool_free_count(const struct pool *pool); /* at rest, or never out */
size_t pool_least_free(const struct pool *pool); /* fewest there ever were */

#endif
