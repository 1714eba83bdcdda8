#include "script/object/overflow.h"

#include "script/vm/options.h"

#include <lauxlib.h>
#include <string.h>

static const char *const names[OVERFLOWS] = {
    [OVERFLOW_CLOSE] = "close",
    [OVERFLOW_DROP] = "drop",
    [OVERFLOW_LATEST] = "latest",
};

const char *policy_name(enum overflow overflow)
{
    return names[overflow];
}

enum overflow policy_named(lua_State *L, int index)
{
    const char *name = options_word(L, index);

    for (int i = 0; i < OVERFLOWS; i++)
        if (strcmp(names[i], name) == 0)
            return (enum overflow)i;
    return OVERFLOW_UNSET;
}

enum overflow policy_check(lua_State *L, int index, const char *who)
{
    enum overflow overflow = policy_named(L, index);

    if (lua_isnoneornil(L, index))
        return OVERFLOW_UNSET;
    if (lua_isfunction(L, index))
        return OVERFLOW_ASK;
    if (overflow == OVERFLOW_UNSET)
        luaL_error(L,
                   "%s: a policy is \"close\", \"drop\", \"latest\" or a "
                   "function, got %s",
                   who, options_push_words(L, index));
    return overflow;
}

enum overflow policy_answer(lua_State *L, int index)
{
    enum overflow overflow = policy_named(L, index);

    if (overflow == OVERFLOW_UNSET)
        luaL_error(L,
                   "an overflow function must return \"close\", \"drop\" or "
                   "\"latest\", got %s",
                   options_push_words(L, index));
    return overflow;
}
