/*
 * options.h - tables of options, checked before anything is done with them
 *
 * A Lua function describes its options in an array of struct option. Reading a
 * table against it fills in a C struct, or raises an error at the caller's line
 * that names the option, what was expected and what came:
 *
 *     fes.listen: 'port' must be an integer in 0..65535, got "http"
 *     fes.listen: unknown option 'prot', did you mean 'port'?
 *
 * In all functions `caller` is the name of the Lua function: errors begin with
 * it.
 */
#ifndef FES_VM_OPTIONS_H
#define FES_VM_OPTIONS_H

#include <lua.h>
#include <stddef.h>

/* The type of an option, and of the field of the struct that it fills in. */
enum option_kind {
    OPTION_INTEGER,  /* uint32_t, in min..max */
    OPTION_BIG,      /* uint64_t, in min..max */
    OPTION_SECONDS,  /* double, finite, in min..max */
    OPTION_BOOLEAN,  /* bool */
    OPTION_TEXT,     /* const char *, not empty, no zero inside */
    OPTION_BYTES,    /* struct bytes (base/text.h) */
    OPTION_FUNCTION, /* none: only the type is checked */
    OPTION_OTHER     /* what `read` fills in */
};

/* Read the value on top of the stack into `*value`, or raise. The table of
 * options is at index 1. */
typedef void option_fn(lua_State *L, const char *caller, void *value);

struct option {
    const char *name;
    enum option_kind kind;
    size_t at; /* offset of the field in the struct */
    double min, max;
    option_fn *read; /* OPTION_OTHER */
};

/*
 * Read the table at index 1, the only argument, into the struct at `values`,
 * which holds the defaults; or raise. The table is replaced by a copy without a
 * metatable, which owns the strings in `values`.
 */
void options_read(lua_State *L, const char *caller,
                  const struct option *options, size_t count, void *values);

/* Is the option in the table at index 1? */
int options_has(lua_State *L, const char *name);

/* Raise "`caller`: '`name`' must be `expected`, got ...", with the value of
 * that option in the table at index 1. */
int options_fail(lua_State *L, const char *caller, const char *name,
                 const char *expected);

/* The string at `index`; "" if that is no string, or contains a zero. */
const char *options_word(lua_State *L, int index);

/* Push a description of the value at `index`, for errors: "http" in quotes and
 * shortened, 3.5, nothing, a table. Returns it too. */
const char *options_push_words(lua_State *L, int index);

/* The argument `arg`, a number of seconds: finite, at least 0. Raises if it is
 * something else; what exceeds 1e9 becomes 1e9. */
double options_check_seconds(lua_State *L, int arg, const char *caller);

/* The same; `otherwise` if the argument is missing or nil. */
double options_opt_seconds(lua_State *L, int arg, double otherwise,
                           const char *caller);

#endif
