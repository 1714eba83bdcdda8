#include "script/vm/options.h"

#include "base/text.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SHOWN_BYTES = 40 }; /* of a string in an error */

#define LONGEST_SECONDS 1e9 /* 31 years */

static void push_quoted(lua_State *L, int index)
{
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    bool whole = length <= SHOWN_BYTES;
    char shown[2 * SHOWN_BYTES];
    size_t n =
        text_escape(shown, sizeof shown, text, whole ? length : SHOWN_BYTES);

    lua_pushlstring(L, shown, n);
    lua_pushfstring(L, "\"%s\"%s", lua_tostring(L, -1), whole ? "" : "...");
    lua_remove(L, -2);
}

const char *options_push_words(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL:
        lua_pushliteral(L, "nothing");
        break;
    case LUA_TSTRING:
        push_quoted(L, index);
        break;
    case LUA_TNUMBER:
    case LUA_TBOOLEAN:
        luaL_tolstring(L, index, NULL);
        break;
    default:
        lua_pushfstring(L, "a %s", luaL_typename(L, index));
    }
    return lua_tostring(L, -1);
}

const char *options_word(lua_State *L, int index)
{
    size_t length;
    const char *word = lua_type(L, index) == LUA_TSTRING
                           ? lua_tolstring(L, index, &length)
                           : NULL;

    return word != NULL && strlen(word) == length ? word : "";
}

int options_fail(lua_State *L, const char *caller, const char *name,
                 const char *expected)
{
    lua_getfield(L, 1, name);
    return luaL_error(L, "%s: '%s' must be %s, got %s", caller, name, expected,
                      options_push_words(L, -1));
}

int options_has(lua_State *L, const char *name)
{
    bool has = lua_getfield(L, 1, name) != LUA_TNIL;

    lua_pop(L, 1);
    return has;
}

/* ---------------------------------------------------------- unknown options */

static const char *nearest(const char *name, const struct option *options,
                           size_t count)
{
    const char *best = options[0].name;
    int least = INT_MAX;

    for (size_t i = 0; i < count; i++) {
        int distance = text_distance(name, options[i].name);

        if (distance < least) {
            least = distance;
            best = options[i].name;
        }
    }
    return best;
}

static bool is_known(const char *name, const struct option *options,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, options[i].name) == 0)
            return true;
    return false;
}

static void check_name(lua_State *L, const char *caller,
                       const struct option *options, size_t count)
{
    if (lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "%s: options are named, got %s as a name", caller,
                   options_push_words(L, -1));

    const char *name = lua_tostring(L, -1);

    if (is_known(options_word(L, -1), options, count))
        return;

    luaL_error(L, "%s: unknown option '%s', did you mean '%s'?", caller, name,
               nearest(name, options, count));
}

static void check_names(lua_State *L, const char *caller,
                        const struct option *options, size_t count)
{
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        lua_pop(L, 1);
        check_name(L, caller, options, count);
    }
}

/* ------------------------------------------------------------------- values */

static lua_Integer check_integer(lua_State *L, const char *caller,
                                 const struct option *option)
{
    int exact;
    lua_Integer given = lua_tointegerx(L, -1, &exact);

    if (lua_type(L, -1) != LUA_TNUMBER || !exact ||
        (double)given < option->min || (double)given > option->max) {
        const char *range =
            lua_pushfstring(L, "an integer in %I..%I", (lua_Integer)option->min,
                            (lua_Integer)option->max);

        options_fail(L, caller, option->name, range);
    }
    return given;
}

static void read_seconds(lua_State *L, const char *caller,
                         const struct option *option, void *value)
{
    double given = lua_tonumber(L, -1);

    if (lua_type(L, -1) == LUA_TNUMBER && given > option->max)
        options_fail(L, caller, option->name,
                     lua_pushfstring(L, "a number of seconds, at most %I",
                                     (lua_Integer)option->max));
    if (lua_type(L, -1) != LUA_TNUMBER || !(given >= option->min))
        options_fail(L, caller, option->name,
                     option->min > 0 ? "a number of seconds above 0"
                                     : "a number of seconds, 0 or more");
    *(double *)value = given;
}

static void read_text(lua_State *L, const char *caller,
                      const struct option *option, void *value)
{
    size_t length = 0;
    const char *given = lua_tolstring(L, -1, &length);

    if (lua_type(L, -1) != LUA_TSTRING || length == 0 ||
        strlen(given) != length)
        options_fail(L, caller, option->name, "a string, not empty");
    *(const char **)value = given;
}

static void read_bytes(lua_State *L, const char *caller,
                       const struct option *option, void *value)
{
    struct bytes *given = value;

    if (lua_type(L, -1) != LUA_TSTRING)
        options_fail(L, caller, option->name, "a string");
    given->at = lua_tolstring(L, -1, &given->length);
}

static void read_boolean(lua_State *L, const char *caller,
                         const struct option *option, void *value)
{
    if (!lua_isboolean(L, -1))
        options_fail(L, caller, option->name, "true or false");
    *(bool *)value = lua_toboolean(L, -1) != 0;
}

/* The value is on top of the stack. */
static void read_value(lua_State *L, const char *caller,
                       const struct option *option, void *value)
{
    switch (option->kind) {
    case OPTION_INTEGER:
        *(uint32_t *)value = (uint32_t)check_integer(L, caller, option);
        break;
    case OPTION_BIG:
        *(uint64_t *)value = (uint64_t)check_integer(L, caller, option);
        break;
    case OPTION_SECONDS:
        read_seconds(L, caller, option, value);
        break;
    case OPTION_BOOLEAN:
        read_boolean(L, caller, option, value);
        break;
    case OPTION_TEXT:
        read_text(L, caller, option, value);
        break;
    case OPTION_BYTES:
        read_bytes(L, caller, option, value);
        break;
    case OPTION_FUNCTION:
        if (!lua_isfunction(L, -1))
            options_fail(L, caller, option->name, "a function");
        break;
    case OPTION_OTHER:
        option->read(L, caller, value);
        break;
    }
}

/* A metatable may give another value each time, so each field is read once. */
static void copy_known(lua_State *L, const struct option *options, size_t count)
{
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        lua_getfield(L, 1, options[i].name);
        lua_setfield(L, -2, options[i].name);
    }
    lua_replace(L, 1);
}

void options_read(lua_State *L, const char *caller,
                  const struct option *options, size_t count, void *values)
{
    if (!lua_istable(L, 1) || lua_gettop(L) > 1)
        luaL_error(L, "%s: takes one table of options, got %s", caller,
                   lua_istable(L, 1) ? "more" : options_push_words(L, 1));
    check_names(L, caller, options, count);
    copy_known(L, options, count);
    for (size_t i = 0; i < count; i++) {
        if (lua_getfield(L, 1, options[i].name) != LUA_TNIL)
            read_value(L, caller, &options[i], (char *)values + options[i].at);
        lua_pop(L, 1);
    }
}

double options_check_seconds(lua_State *L, int arg, const char *caller)
{
    double seconds = lua_tonumber(L, arg);

    if (lua_type(L, arg) != LUA_TNUMBER || !(seconds >= 0) || isinf(seconds))
        luaL_error(L, "%s: seconds must be a number, 0 or more, got %s", caller,
                   options_push_words(L, arg));
    return seconds < LONGEST_SECONDS ? seconds : LONGEST_SECONDS;
}

double options_opt_seconds(lua_State *L, int arg, double otherwise,
                           const char *caller)
{
    return lua_isnoneornil(L, arg) ? otherwise
                                   : options_check_seconds(L, arg, caller);
}
