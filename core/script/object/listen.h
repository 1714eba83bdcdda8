/*
 * listen.h - the options of fes.listen, and those that fes.connect shares
 */
#ifndef FES_OBJECT_LISTEN_H
#define FES_OBJECT_LISTEN_H

#include "net/command/server.h"

#include <lua.h>
#include <stdint.h>

/*
 * Read the table of options at index 1 in the name of `who`, by the rows of
 * net/state/server_options.h. `outgoing`: how many bockets all outgoing
 * connections share, and options of servers are unknown; 0: of a server.
 * Strings stay good as long as the table and what is left on the stack. Raises
 * if anything is wrong.
 */
struct server_options listen_read(lua_State *L, const char *who,
                                  uint32_t outgoing);

#endif
