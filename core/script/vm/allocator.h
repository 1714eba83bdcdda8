/*
 * allocator.h - the memory of a Lua state: counted, and with a bound
 *
 * A state that asks for more than its limit is refused. Lua then collects all
 * garbage at once and asks again; if that is refused too, the script has the
 * error "not enough memory" where it stands, and trace.h has the place.
 */
#ifndef FES_VM_ALLOCATOR_H
#define FES_VM_ALLOCATOR_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any system has. */
#define ALLOCATOR_NO_LIMIT ((uint64_t)1 << 48)

struct allocator {
    int64_t left;   /* bytes that the state may still ask for */
    uint64_t limit; /* bytes */
    bool lifted;
    bool assured; /* a new object that is refused gets the spare block */
    void *spare; /* of ALLOCATOR_SPARE bytes; NULL: used up, or not yet there */
};

enum { ALLOCATOR_SPARE = 16384 };

/* Take over the memory of a state; no limit yet. Lives as long as the state. */
void allocator_begin(struct allocator *allocator, lua_State *L);

/* When the state has been closed. */
void allocator_end(struct allocator *allocator);

/*
 * Make sure that Lua can make one object of `bytes`, so that this does not
 * raise. Holds until allocator_relax(). False: it might.
 */
bool allocator_assure(struct allocator *allocator, size_t bytes);

/* It has been made. */
void allocator_relax(struct allocator *allocator);

/* Change the limit, bytes. What the state has beyond it, it keeps. */
void allocator_limit(struct allocator *allocator, uint64_t limit);

/* The bytes that the state has now. */
uint64_t allocator_used(const struct allocator *allocator);

/*
 * For what has to be done whatever the script has taken: lift the limit, and
 * put it back. Again: no effect.
 */
void allocator_lift(struct allocator *allocator);
void allocator_lower(struct allocator *allocator);

#endif
