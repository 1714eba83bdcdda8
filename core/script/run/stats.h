/*
 * stats.h - fes.stats: what the program has done so far
 */
#ifndef FES_RUN_STATS_H
#define FES_RUN_STATS_H

#include <lua.h>

/* fes.stats() -> table */
int stats_lua(lua_State *L);

#endif
