#include "script/object/message.h"

#include "net/command/server.h"
#include "script/object/framing_option.h"
#include "script/vm/options.h"

#include <lauxlib.h>

const char *message_check_data(lua_State *L, int index, const char *caller,
                               size_t *length)
{
    const char *data = lua_tolstring(L, index, length);

    if (data == NULL)
        luaL_error(L, "%s: data must be a string, got %s", caller,
                   options_push_words(L, index));
    return data;
}

struct message message_check(lua_State *L, const struct server *server,
                             const struct framing *framing, int index,
                             const char *caller)
{
    size_t length;
    const char *data = message_check_data(L, index, caller, &length);

    framing_option_check(L, framing, data, length, caller);

    struct message message = framing_encode(framing, data, length);

    if (message.length > server_limit(server))
        luaL_error(L,
                   "%s: a message of %I bytes can never fit: maxsends * size "
                   "is %I",
                   caller, (lua_Integer)message.length,
                   (lua_Integer)server_limit(server));
    return message;
}
