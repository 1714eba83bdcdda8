/*
 * options.h - tables of options, checked before anything is done with them
 *
 * What a function takes is a list of descriptions. Reading a table against it
 * fills in a C struct, or raises an error at the caller's line that names the
 * option, what was expected and what came:
 *
 *     fes.listen: 'port' must be an integer in 0..65535, got "http"
 *     fes.listen: unknown option 'prot', did you mean 'port'?
 */
#ifndef FES_VM_OPTIONS_H
#define FES_VM_OPTIONS_H

#include <lua.h>
#include <stddef.h>

enum option_kind {
    OPTION_INTEGER,  /* uint32_t, in min..max */
    OPTION_BIG,      /* uint64_t, in min..max */
    OPTION_SECONDS,  /* double, finite, in min..max */
    OPTION_BOOLEAN,  /* bool */
    OPTION_TEXT,     /* const char *, no zero inside */
    OPTION_BYTES,    /* struct bytes */
    OPTION_FUNCTION, /* only checked: whoever reads fetches it itself */
    OPTION_OTHER     /* what its own function reads */
};

/* Read the value on top of the stack into `*value`, or raise in the name of
 * `who`; the table of options is at 1. */
typedef void option_fn(lua_State *L, const char *who, void *value);

struct option {
    const char *name;
    enum option_kind kind;
    size_t at; /* offset of its value in the struct */
    double min, max;
    option_fn *read; /* OPTION_OTHER */
};

/*
 * Read the table at index 1, the only argument of the function called `who`,
 * into the struct at `values`, which holds the defaults. A copy, without a
 * metatable, takes its place; strings stay good as long as that does.
 */
void options_read(lua_State *L, const char *who, const struct option *options,
                  size_t count, void *values);

/* Is the option given? */
int options_has(lua_State *L, const char *name);

/*
 * Raise: `who`: 'name' must be `expected`, got (the value at `index`, in
 * words). 0: the option itself.
 */
int options_fail(lua_State *L, const char *who, const char *name,
                 const char *expected);

/* The string at an index; "" if there is something else, or a zero in it. */
const char *options_word(lua_State *L, int index);

/* The value at an index, in words, pushed: "http", 3.5, nothing, a table. */
const char *options_push_words(lua_State *L, int index);

/* The number of seconds at argument `arg` of `who`: at least 0, finite. */
double options_check_seconds(lua_State *L, int arg, const char *who);

/* Likewise; if there is none, `otherwise`. */
double options_opt_seconds(lua_State *L, int arg, double otherwise,
                           const char *who);

#endif
