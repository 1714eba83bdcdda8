/*
 * stats.h - fes.stats: figures of the whole program since its start
 */
#ifndef FES_RUN_STATS_H
#define FES_RUN_STATS_H

#include <lua.h>

/* The Lua function fes.stats() -> a table; durations are in seconds. */
int stats_lua(lua_State *L);

#endif
