#include "script/vm/allocator.h"

#include "script/vm/watchdog.h"

#include <stdlib.h>

/* Allocation is frequent, so what is rare is kept out of line. */

/* Record where the script is, for the report of the error. */
static __attribute__((noinline)) void *refuse(void)
{
    watchdog_trace();
    return NULL;
}

/* The system or the limit refuses, but allocator_assure() has promised one
 * object. */
static __attribute__((noinline)) void *take_spare(struct allocator *allocator,
                                                  size_t bytes)
{
    void *spare = bytes <= ALLOCATOR_SPARE ? allocator->spare : NULL;

    if (spare != NULL)
        allocator->spare = NULL;
    return spare;
}

static __attribute__((noinline)) void *free_block(struct allocator *allocator,
                                                  void *block, size_t bytes)
{
    allocator->left += (int64_t)bytes;
    free(block);
    return NULL;
}

/* Allocate `bytes`, or resize `block` to them, which takes `more` bytes. */
static inline __attribute__((always_inline)) void *
resize_block(struct allocator *allocator, void *block, int64_t more,
             size_t bytes)
{
    void *taken = NULL;

    if (more <= 0 || more <= allocator->left)
        taken = block != NULL ? realloc(block, bytes) : malloc(bytes);
    if (taken == NULL && block == NULL && allocator->assured)
        taken = take_spare(allocator, bytes);
    if (taken == NULL)
        return refuse();
    allocator->left -= more;
    return taken;
}

/* A lua_Alloc. For a new block `before` is not a size but a type of object. */
static void *allocate(void *owner, void *block, size_t before, size_t bytes)
{
    if (bytes == 0)
        return block != NULL ? free_block(owner, block, before) : NULL;
    if (block == NULL)
        return resize_block(owner, NULL, (int64_t)bytes, bytes);
    return resize_block(owner, block, (int64_t)bytes - (int64_t)before, bytes);
}

void allocator_begin(struct allocator *allocator, lua_State *L)
{
    uint64_t used = (uint64_t)lua_gc(L, LUA_GCCOUNT) * 1024 +
                    (uint64_t)lua_gc(L, LUA_GCCOUNTB);

    *allocator = (struct allocator){
        .limit = ALLOCATOR_NO_LIMIT,
        .left = (int64_t)(ALLOCATOR_NO_LIMIT - used),
    };
    lua_setallocf(L, allocate, allocator);
}

void allocator_end(struct allocator *allocator)
{
    free(allocator->spare);
}

bool allocator_assure(struct allocator *allocator, size_t bytes)
{
    if (bytes > ALLOCATOR_SPARE || (int64_t)bytes > allocator->left)
        return false;
    if (allocator->spare == NULL)
        allocator->spare = malloc(ALLOCATOR_SPARE);
    allocator->assured = allocator->spare != NULL;
    return allocator->assured;
}

void allocator_relax(struct allocator *allocator)
{
    allocator->assured = false;
}

void allocator_limit(struct allocator *allocator, uint64_t limit)
{
    allocator->left += (int64_t)limit - (int64_t)allocator->limit;
    allocator->limit = limit;
}

uint64_t allocator_used(const struct allocator *allocator)
{
    uint64_t granted = allocator->lifted ? ALLOCATOR_NO_LIMIT : 0;

    return allocator->limit + granted - (uint64_t)allocator->left;
}

void allocator_lift(struct allocator *allocator)
{
    if (allocator->lifted)
        return;
    allocator->lifted = true;
    allocator->left += (int64_t)ALLOCATOR_NO_LIMIT;
}

void allocator_lower(struct allocator *allocator)
{
    if (!allocator->lifted)
        return;
    allocator->lifted = false;
    allocator->left -= (int64_t)ALLOCATOR_NO_LIMIT;
}
