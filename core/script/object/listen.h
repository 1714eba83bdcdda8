/*
 * listen.h - reads the options of fes.listen and fes.connect
 */
#ifndef FES_OBJECT_LISTEN_H
#define FES_OBJECT_LISTEN_H

#include "net/command/server.h"

#include <lua.h>
#include <stdint.h>

/*
 * Read the table of options at index 1; net/state/server_options.h lists them.
 * `outgoing` is 0 for a server. For an outgoing connection it is the number of
 * bockets that all of these share, and options of servers only are unknown.
 *
 * The strings of the result belong to the table and to values that this leaves
 * on the stack. Raises if an option is unknown or not valid; the message begins
 * with `caller`, the name of the Lua function.
 */
struct server_options listen_read(lua_State *L, const char *caller,
                                  uint32_t outgoing);

#endif
