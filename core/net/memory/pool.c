#include "net/memory/pool.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <sanitizer/asan_interface.h> /* empty macros without ASan */
#include <stdlib.h>
#include <string.h>

enum { RESERVE_DIVISOR = 8 };

#define NONE UINT32_MAX

/*
 * Bockets 0 .. fresh-1 have been out at least once; each of them is out or on
 * the stack of free bockets. A bocket is out for the first time only when the
 * stack is empty, that is, when all the others are out: so `fresh` is also the
 * greatest number that were ever out at once.
 */
struct pool {
    unsigned char *slab;
    struct bocket *bockets;
    size_t number;
    size_t size;
    size_t reserve;
    size_t free; /* bockets that are not out */
    size_t fresh;
    uint32_t free_top; /* index of the bocket on top of the stack, or NONE */
};

static void unmap_all(struct pool *pool)
{
    memory_unmap(pool->slab, pool->number * pool->size);
    memory_unmap(pool->bockets, pool->number * sizeof *pool->bockets);
}

static bool map_all(struct pool *pool)
{
    pool->slab = memory_map(pool->number * pool->size);
    pool->bockets = memory_map(pool->number * sizeof *pool->bockets);
    if (pool->slab == NULL || pool->bockets == NULL) {
        unmap_all(pool);
        return false;
    }
    ASAN_POISON_MEMORY_REGION(pool->slab, pool->number * pool->size);
    return true;
}

struct pool *pool_new(size_t number, size_t size, bool with_reserve)
{
    assert(number > 0 && size > 0);
    if (number >= NONE || number > SIZE_MAX / 2 / size) {
        errno = ENOMEM;
        return NULL;
    }

    struct pool *pool = calloc(1, sizeof *pool);

    if (pool == NULL)
        return NULL;
    pool->number = pool->free = number;
    pool->size = size;
    pool->reserve = with_reserve ? number / RESERVE_DIVISOR : 0;
    pool->free_top = NONE;
    if (!map_all(pool)) {
        free(pool);
        return NULL;
    }
    return pool;
}

void pool_free(struct pool *pool)
{
    ASAN_UNPOISON_MEMORY_REGION(pool->slab, pool->number * pool->size);
    unmap_all(pool);
    free(pool);
}

/* Bockets that check-outs of this share must leave. */
static size_t reserved_from(const struct pool *pool, enum pool_share share)
{
    return share == POOL_RESERVE ? 0 : pool->reserve;
}

size_t pool_available(const struct pool *pool, enum pool_share share)
{
    size_t reserved = reserved_from(pool, share);

    return pool->free > reserved ? pool->free - reserved : 0;
}

size_t pool_most(const struct pool *pool, enum pool_share share)
{
    return pool->number - reserved_from(pool, share);
}

/* The bocket that was checked in last, or one that was never out. */
static struct bocket *take_free(struct pool *pool)
{
    struct bocket *bocket;

    if (pool->free_top != NONE) {
        bocket = &pool->bockets[pool->free_top];
        pool->free_top = bocket->next;
    } else {
        bocket = &pool->bockets[pool->fresh];
        bocket->bytes = pool->slab + pool->fresh * pool->size;
        pool->fresh++;
    }
    return bocket;
}

struct bocket *pool_checkout(struct pool *pool, enum pool_share share)
{
    if (pool_available(pool, share) == 0)
        return NULL;

    struct bocket *bocket = take_free(pool);

    assert(bocket->holders == 0);
    pool->free--;
    bocket->holders = 1;
    bocket->used = 0;
    bocket->generation++;
    ASAN_UNPOISON_MEMORY_REGION(bocket->bytes, pool->size);
    return bocket;
}

/* Debug builds overwrite the bytes, so that reading them later is noticed. */
static void put_free(struct pool *pool, struct bocket *bocket)
{
#ifdef FES_DEBUG
    memset(bocket->bytes, 0xdb, pool->size);
#endif
    ASAN_POISON_MEMORY_REGION(bocket->bytes, pool->size);
    bocket->next = pool->free_top;
    pool->free_top = pool_index(pool, bocket);
    pool->free++;
}

struct segment pool_append(const struct pool *pool, struct bocket *bocket,
                           const void *bytes, size_t length)
{
    size_t space = pool->size - bocket->used;
    struct segment piece = {
        .bocket = bocket,
        .offset = bocket->used,
        .length = (uint32_t)(length < space ? length : space),
    };

    memcpy(bocket->bytes + bocket->used, bytes, piece.length);
    bocket->used += piece.length;
    return piece;
}

void pool_checkin(struct pool *pool, struct bocket *bocket)
{
    assert(bocket >= pool->bockets && bocket < pool->bockets + pool->fresh);
    assert(bocket->holders > 0);
    if (--bocket->holders == 0)
        put_free(pool, bocket);
}

uint32_t pool_index(const struct pool *pool, const struct bocket *bocket)
{
    return (uint32_t)(bocket - pool->bockets);
}

struct bocket *pool_bocket(const struct pool *pool, uint32_t index)
{
    return &pool->bockets[index];
}

size_t pool_offset(const struct pool *pool, const struct bocket *bocket)
{
    return pool_index(pool, bocket) * pool->size;
}

size_t pool_number(const struct pool *pool)
{
    return pool->number;
}

size_t pool_size(const struct pool *pool)
{
    return pool->size;
}

size_t pool_free_count(const struct pool *pool)
{
    return pool->free;
}

size_t pool_least_free(const struct pool *pool)
{
    return pool->number - pool->fresh;
}
