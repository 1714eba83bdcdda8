/*
 * allocator.h - the memory of a Lua state, counted and bounded
 *
 * An allocation that would exceed the limit is refused. Lua then collects all
 * garbage and tries again; if that is refused too, the script gets the error
 * "not enough memory", and trace.h has the place.
 */
#ifndef FES_VM_ALLOCATOR_H
#define FES_VM_ALLOCATOR_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any system has. */
#define ALLOCATOR_NO_LIMIT ((uint64_t)1 << 48)

/* The Lua state points to it: it must live longer than the state. */
struct allocator {
    int64_t left;   /* bytes that may still be allocated; < 0: over the limit */
    uint64_t limit; /* bytes */
    bool lifted;    /* the limit is suspended, see allocator_lift() */
    bool assured;   /* a new object that is refused gets the spare block */
    void *spare;    /* ALLOCATOR_SPARE bytes; NULL: used up, or not made yet */
};

enum { ALLOCATOR_SPARE = 16384 };

/* Become the allocator of L, without a limit. What L has already counts. */
void allocator_begin(struct allocator *allocator, lua_State *L);

/* Free the spare block. Call it after lua_close(). */
void allocator_end(struct allocator *allocator);

/*
 * Make sure that Lua can allocate one new object of `bytes` without raising;
 * holds until allocator_relax(). False: it could raise, because `bytes` exceeds
 * the limit or ALLOCATOR_SPARE, or the system has no memory.
 */
bool allocator_assure(struct allocator *allocator, size_t bytes);
void allocator_relax(struct allocator *allocator);

/* Change the limit, in bytes. If the state has more, nothing is freed. */
void allocator_limit(struct allocator *allocator, uint64_t limit);

/* The bytes that the state has now. */
uint64_t allocator_used(const struct allocator *allocator);

/*
 * Suspend the limit, for work that must succeed although the script has used up
 * its memory; put it back. Calls do not nest: a second one has no effect.
 */
void allocator_lift(struct allocator *allocator);
void allocator_lower(struct allocator *allocator);

#endif
