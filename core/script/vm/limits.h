/*
 * limits.h - fes.limits: the time and memory that a script may use
 */
#ifndef FES_VM_LIMITS_H
#define FES_VM_LIMITS_H

#include "script/vm/allocator.h"

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;

struct limits {
    double call_seconds;  /* of a handler, timer or task; 0: no limit */
    uint64_t memory;      /* bytes of the Lua state; 0: no limit */
    uint64_t retained;    /* bytes of retained messages, all topics together */
    uint32_t outgoing;    /* bockets that outgoing connections share */
    bool outgoing_mapped; /* their slab exists: `outgoing` cannot change */
    struct allocator allocator;
    bool in_force; /* the script runs: the watchdog uses its call_seconds */
    bool loads;    /* it loads while the script before it still runs */
    bool waits;    /* `retained` is applied when it has loaded */
};

/* The defaults, for a new state L, which gets this allocator. */
void limits_begin(struct limits *limits, lua_State *L);

/*
 * The script of these limits runs from now on: apply call_seconds to the
 * watchdog, and `retained` to the engine if that has been waiting.
 */
void limits_enforce(struct limits *limits, struct engine *engine);

/* Push the function fes.limits. `limits` must live as long as the state. */
void limits_open(lua_State *L, struct limits *limits, struct engine *engine);

#endif
