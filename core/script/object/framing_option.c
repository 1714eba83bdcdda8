#include "script/object/framing_option.h"

#include "script/vm/options.h"

#include <lauxlib.h>
#include <string.h>

enum { MOST_FIXED = 1 << 30 };

static const char expected[] =
    "\"raw\", \"line\", { fixed = n } or { length = 1, 2, 4 or 8 }";

/* ------------------------------------------------------------------- fields */

/* Raise; the bad value of the field is on top of the stack. */
static void fail_field(lua_State *L, const char *caller, const char *field,
                       const char *wanted)
{
    luaL_error(L, "%s: 'framing.%s' must be %s, got %s", caller, field, wanted,
               options_push_words(L, -1));
}

static lua_Integer check_integer(lua_State *L, const char *caller,
                                 const char *field, lua_Integer most,
                                 const char *wanted)
{
    int exact;
    lua_Integer given = lua_tointegerx(L, -1, &exact);

    if (lua_type(L, -1) != LUA_TNUMBER || !exact || given < 1 || given > most)
        fail_field(L, caller, field, wanted);
    return given;
}

static void read_fixed(lua_State *L, const char *caller,
                       struct framing *framing)
{
    lua_Integer bytes = check_integer(L, caller, "fixed", MOST_FIXED,
                                      "a number of bytes above 0");

    if (framing->kind != FRAMING_RAW)
        luaL_error(L, "%s: 'framing' has either 'fixed' or 'length'", caller);
    framing->kind = FRAMING_FIXED;
    framing->fixed = (uint32_t)bytes;
}

static void read_length(lua_State *L, const char *caller,
                        struct framing *framing)
{
    static const char wanted[] = "1, 2, 4 or 8";
    lua_Integer width = check_integer(L, caller, "length", 8, wanted);

    if ((width & (width - 1)) != 0)
        fail_field(L, caller, "length", wanted);
    if (framing->kind != FRAMING_RAW)
        luaL_error(L, "%s: 'framing' has either 'fixed' or 'length'", caller);
    framing->kind = FRAMING_LENGTH;
    framing->width = (uint8_t)width;
}

static void read_endian(lua_State *L, const char *caller,
                        struct framing *framing)
{
    const char *given = options_word(L, -1);

    framing->little = strcmp(given, "little") == 0;
    if (!framing->little && strcmp(given, "big") != 0)
        fail_field(L, caller, "endian", "\"big\" or \"little\"");
}

/* The field's value is on top of the stack, its name below. */
static void read_field(lua_State *L, const char *caller,
                       struct framing *framing)
{
    const char *name = options_word(L, -2);

    if (strcmp(name, "fixed") == 0)
        read_fixed(L, caller, framing);
    else if (strcmp(name, "length") == 0)
        read_length(L, caller, framing);
    else if (strcmp(name, "endian") == 0)
        read_endian(L, caller, framing);
    else
        luaL_error(L, "%s: 'framing' must be %s, got %s in the table", caller,
                   expected, options_push_words(L, -2));
}

/* The table is on top of the stack. */
static void read_table(lua_State *L, const char *caller,
                       struct framing *framing)
{
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        read_field(L, caller, framing);
        lua_pop(L, 1);
    }
    lua_getfield(L, -1, "endian");
    if (framing->kind == FRAMING_RAW ||
        (framing->kind == FRAMING_FIXED && !lua_isnil(L, -1)))
        options_fail(L, caller, "framing", expected);
    lua_pop(L, 1);
}

/* ------------------------------------------------------------ whole options */

void framing_option_read(lua_State *L, const char *caller, void *value)
{
    struct framing *framing = value;
    const char *name = options_word(L, -1);

    *framing = (struct framing){.kind = FRAMING_RAW};
    if (lua_istable(L, -1))
        read_table(L, caller, framing);
    else if (strcmp(name, "line") == 0)
        framing->kind = FRAMING_LINE;
    else if (strcmp(name, "raw") != 0)
        options_fail(L, caller, "framing", expected);
}

uint32_t framing_option_maxmessage(lua_State *L, const char *caller,
                                   const struct framing *framing,
                                   uint32_t given, uint64_t most)
{
    uint64_t otherwise =
        most > FRAMING_MOST_OVERHEAD ? most - FRAMING_MOST_OVERHEAD : 1;
    uint64_t longest = given > 0 ? given : otherwise;

    if (longest > most)
        luaL_error(L,
                   "%s: 'maxmessage' must be at most 'maxreceives' * 'size', "
                   "which is %I, got %I",
                   caller, (lua_Integer)most, (lua_Integer)longest);
    if (framing->kind == FRAMING_FIXED && given == 0 &&
        framing->fixed <= most && framing->fixed > longest)
        longest = framing->fixed;
    if (framing->kind == FRAMING_FIXED && framing->fixed > longest)
        luaL_error(L,
                   "%s: 'framing.fixed' must be at most %s, which is %I, "
                   "got %I",
                   caller,
                   given > 0 ? "'maxmessage'" : "'maxreceives' * 'size'",
                   (lua_Integer)(given > 0 ? given : most),
                   (lua_Integer)framing->fixed);
    return (uint32_t)longest;
}

void framing_option_check(lua_State *L, const struct framing *framing,
                          const char *data, size_t length, const char *caller)
{
    const char *why = framing_refuses(framing, data, length);

    if (why == NULL)
        return;
    if (framing->kind == FRAMING_FIXED)
        luaL_error(L, "%s: a message has %d bytes under this framing, got %I",
                   caller, (int)framing->fixed, (lua_Integer)length);
    luaL_error(L, "%s: the framing cannot carry this data: %s", caller, why);
}
