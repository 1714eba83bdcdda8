/*
 * message.h - checks and frames the data that a script sends
 *
 * `caller` is the name of the Lua function that error messages begin with, such
 * as "conn:send".
 */
#ifndef FES_OBJECT_MESSAGE_H
#define FES_OBJECT_MESSAGE_H

#include "net/command/command.h"

#include <lua.h>
#include <stddef.h>

struct server;

/*
 * The data at argument `index`, and its `*length` in bytes. A number there is
 * replaced by its text. Raises if there is neither string nor number. The data
 * belongs to the string on the stack.
 */
const char *message_check_data(lua_State *L, int index, const char *caller,
                               size_t *length);

/*
 * The message that carries the data at argument `index` in this framing. Raises
 * also if the framing cannot carry the data, or if the message is longer than
 * server_limit(). The message points at the string on the stack.
 */
struct message message_check(lua_State *L, const struct server *server,
                             const struct framing *framing, int index,
                             const char *caller);

#endif
