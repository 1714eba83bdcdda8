/*
 * stats.h - fes.stats: what the program has done so far
 */
#ifndef FES_STATS_H
#define FES_STATS_H

#include <lua.h>

/* fes.stats() -> table */
int l_stats(lua_State *L);

#endif
