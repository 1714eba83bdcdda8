/*
 * framing_option.h - the options `framing` and `maxmessage`, read from a script
 */
#ifndef FES_OBJECT_FRAMING_OPTION_H
#define FES_OBJECT_FRAMING_OPTION_H

#include "net/command/command.h"

#include <lua.h>

/*
 * Read the option `framing`, on top of the stack, into a struct framing; the
 * table of options is at index 1. Raises, in the name of `who`, if it is wrong.
 */
void framing_option_read(lua_State *L, const char *who, void *value);

/*
 * The longest data of a message that may be received: the option `maxmessage`,
 * as given (0: it is not), with `most` the bytes that all bockets of one
 * connection hold. Raises if it does not fit, or a fixed message is longer.
 */
uint32_t framing_option_maxmessage(lua_State *L, const char *who,
                                   const struct framing *framing,
                                   uint32_t given, uint64_t most);

/* Raise if a form cannot carry the data. */
void framing_option_check(lua_State *L, const struct framing *framing,
                          const char *data, size_t length, const char *who);

#endif
