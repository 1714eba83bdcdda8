/*
 * limits.h - fes.limits: what one script may take, in time and memory
 */
#ifndef FES_VM_LIMITS_H
#define FES_VM_LIMITS_H

#include "script/vm/allocator.h"

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;

struct limits {
    double call_seconds;  /* of a handler, timer or task; 0: any */
    uint64_t memory;      /* bytes of the Lua state; 0: any */
    uint64_t retained;    /* bytes of kept messages of topics */
    uint32_t outgoing;    /* bockets of outgoing connections */
    bool outgoing_mapped; /* there they are: their number cannot change */
    struct allocator allocator;
    bool in_force; /* this script runs: the watchdog has its seconds */
    bool loads;    /* while another one runs, from which it may take over */
    bool waits;    /* until then: `retained` is to be set */
};

/* What counts as long as the script says nothing. Of a state that is new. */
void limits_begin(struct limits *limits, lua_State *L);

/* This script runs now: its calls are watched, and what it shares with the one
 * before is as it asked. */
void limits_enforce(struct limits *limits, struct engine *engine);

/* Push fes.limits() for these. They live as long as the state. */
void limits_open(lua_State *L, struct limits *limits, struct engine *engine);

#endif
