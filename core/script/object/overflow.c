#include "script/object/overflow.h"

#include "script/vm/options.h"

#include <lauxlib.h>
#include <string.h>

enum overflow overflow_named(lua_State *L, int index)
{
    const char *name = options_word(L, index);

    for (int i = 0; i < OVERFLOWS; i++)
        if (strcmp(overflow_name((enum overflow)i), name) == 0)
            return (enum overflow)i;
    return OVERFLOW_UNSET;
}

enum overflow overflow_check(lua_State *L, int index, const char *caller)
{
    enum overflow overflow = overflow_named(L, index);

    if (lua_isnoneornil(L, index))
        return OVERFLOW_UNSET;
    if (lua_isfunction(L, index))
        return OVERFLOW_ASK;
    if (overflow == OVERFLOW_UNSET)
        luaL_error(L,
                   "%s: a policy is \"close\", \"drop\", \"latest\" or a "
                   "function, got %s",
                   caller, options_push_words(L, index));
    return overflow;
}

enum overflow overflow_answer(lua_State *L, int index)
{
    enum overflow overflow = overflow_named(L, index);

    if (overflow == OVERFLOW_UNSET)
        luaL_error(L,
                   "an overflow function must return \"close\", \"drop\" or "
                   "\"latest\", got %s",
                   options_push_words(L, index));
    return overflow;
}

void overflow_read(lua_State *L, const char *caller, void *value)
{
    if (!lua_isfunction(L, -1) && overflow_named(L, -1) == OVERFLOW_UNSET)
        options_fail(L, caller, "overflow",
                     "\"close\", \"drop\", \"latest\" or a function");
    *(enum overflow *)value = overflow_check(L, -1, caller);
}
