/*
 * framing_option.h - the options `framing` and `maxmessage`
 *
 * `caller` is the name of the Lua function that error messages begin with, such
 * as "fes.listen".
 */
#ifndef FES_OBJECT_FRAMING_OPTION_H
#define FES_OBJECT_FRAMING_OPTION_H

#include "net/command/command.h"

#include <lua.h>

/*
 * Read the option `framing`, on top of the stack, into `value`, a struct
 * framing; the table of options is at index 1. Raises if it is not valid.
 */
void framing_option_read(lua_State *L, const char *caller, void *value);

/*
 * The bytes of data that a received message may have at most. `given` is the
 * option `maxmessage`, 0 if absent; `most` is the number of bytes in all
 * bockets that one connection may receive into. Raises if `given` is above
 * `most`, or if messages of a fixed length would be longer than the result.
 */
uint32_t framing_option_maxmessage(lua_State *L, const char *caller,
                                   const struct framing *framing,
                                   uint32_t given, uint64_t most);

/* Raise if the framing cannot carry the data. */
void framing_option_check(lua_State *L, const struct framing *framing,
                          const char *data, size_t length, const char *caller);

#endif
