/*
 * message.h - data that a script wants to send, checked and framed
 */
#ifndef FES_OBJECT_MESSAGE_H
#define FES_OBJECT_MESSAGE_H

#include "net/command/command.h"

#include <lua.h>
#include <stddef.h>

struct server;

/*
 * The data at argument `index` of `who`: a string, or a number, which Lua takes
 * as one. Raises if it is anything else.
 */
const char *message_check_data(lua_State *L, int index, const char *who,
                               size_t *length);

/*
 * The message in this framing that carries the data at argument `index` of
 * `who`. Raises if the framing cannot carry it, or if the message could never
 * fit what one connection of the server may have waiting.
 */
struct message message_check(lua_State *L, const struct server *server,
                             const struct framing *framing, int index,
                             const char *who);

#endif
