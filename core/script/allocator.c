#include "script/allocator.h"

#include "script/watchdog.h"

#include <stdlib.h>

/* It runs for each object of a script: what is rare stands apart. */
static __attribute__((noinline)) void *refuse(void)
{
    watchdog_trace();
    return NULL;
}

/* A new block. */
static __attribute__((noinline)) void *take(struct allocator *allocator,
                                            size_t bytes)
{
    void *block = NULL;

    if ((int64_t)bytes <= allocator->left)
        block = malloc(bytes);
    if (block == NULL)
        return refuse();
    allocator->left -= (int64_t)bytes;
    return block;
}

static __attribute__((noinline)) void *
resize(struct allocator *allocator, void *block, int64_t more, size_t bytes)
{
    void *moved = NULL;

    if (more <= 0 || more <= allocator->left)
        moved = realloc(block, bytes);
    if (moved == NULL)
        return refuse();
    allocator->left -= more;
    return moved;
}

/* As lua_Alloc wants it. The type of a block that is new stands in `before`. */
static void *allocate(void *owner, void *block, size_t before, size_t bytes)
{
    struct allocator *allocator = owner;

    if (block == NULL)
        return bytes > 0 ? take(allocator, bytes) : NULL;
    if (bytes > 0)
        return resize(allocator, block, (int64_t)bytes - (int64_t)before,
                      bytes);
    allocator->left += (int64_t)before;
    free(block);
    return NULL;
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
