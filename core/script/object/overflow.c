#include "script/object/overflow.h"

#include "script/vm/options.h"

#include <lauxlib.h>
#include <string.h>

#define POLICIES "\"close\", \"drop\" or \"latest\""

enum overflow overflow_named(lua_State *L, int index)
{
    const char *name = options_word(L, index);

    for (int i = 0; i < OVERFLOWS; i++)
        if (strcmp(overflow_name((enum overflow)i), name) == 0)
            return (enum overflow)i;
    return OVERFLOW_UNSET;
}

/* A function was a policy once: say what to write in its place. */
static void refuse_function(lua_State *L, int index, const char *caller)
{
    if (lua_isfunction(L, index))
        luaL_error(L,
                   "%s: a policy is " POLICIES ", no longer a function: "
                   "write on_stall = function(conn, queued, topic), and call "
                   "conn:set_overflow or conn:close in it",
                   caller);
}

enum overflow overflow_check(lua_State *L, int index, const char *caller)
{
    enum overflow overflow = overflow_named(L, index);

    if (lua_isnoneornil(L, index))
        return OVERFLOW_UNSET;
    refuse_function(L, index, caller);
    if (overflow == OVERFLOW_UNSET)
        luaL_error(L, "%s: a policy is " POLICIES ", got %s", caller,
                   options_push_words(L, index));
    return overflow;
}

void overflow_read(lua_State *L, const char *caller, void *value)
{
    refuse_function(L, -1, caller);
    if (overflow_named(L, -1) == OVERFLOW_UNSET)
        options_fail(L, caller, "overflow", POLICIES);
    *(enum overflow *)value = overflow_check(L, -1, caller);
}
