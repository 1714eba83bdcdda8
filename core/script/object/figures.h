/*
 * figures.h - the counters of servers (net/state/counters.h) as a Lua table
 */
#ifndef FES_OBJECT_FIGURES_H
#define FES_OBJECT_FIGURES_H

#include <lua.h>

struct server_stats;

/* Set a field for each counter in the table on top of the stack, and a table of
 * counters for each array of them. May raise: no memory. */
void figures_set(lua_State *L, const struct server_stats *stats);

#endif
