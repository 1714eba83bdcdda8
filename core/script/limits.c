#include "script/limits.h"

#include "script/options.h"
#include "script/watchdog.h"

#include <lauxlib.h>
#include <stddef.h>

#define WHO "fes.limits"

#define MOST_SECONDS  1e6
#define MOST_RETAINED ((double)((uint64_t)1 << 40))
#define MOST_OUTGOING (1 << 20)

#define AT(field) offsetof(struct limits, field)

static const struct option options[] = {
    {"call_seconds", OPTION_SECONDS, AT(call_seconds), 0, MOST_SECONDS, NULL},
    {"retained", OPTION_BIG, AT(retained), 0, MOST_RETAINED, NULL},
    {"outgoing", OPTION_INTEGER, AT(outgoing), 1, MOST_OUTGOING, NULL},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

void limits_begin(struct limits *limits)
{
    *limits = (struct limits){
        .call_seconds = 1,
        .retained = 16 << 20,
        .outgoing = 1024,
    };
}

void limits_enforce(struct limits *limits)
{
    limits->in_force = true;
    watchdog_limit(limits->call_seconds);
}

/*
 * fes.limits { call_seconds =, retained =, outgoing = }: each is
 * changed that is given; the upvalue is where they are
 */
static int l_limits(lua_State *L)
{
    struct limits *limits = lua_touserdata(L, lua_upvalueindex(1));
    struct limits wanted = *limits;

    options_read(L, WHO, options, OPTIONS, &wanted);
    limits->call_seconds = wanted.call_seconds;
    limits->retained = wanted.retained;
    limits->outgoing = wanted.outgoing;
    if (limits->in_force && options_has(L, "call_seconds"))
        watchdog_limit(limits->call_seconds);
    return 0;
}

void open_limits(lua_State *L, struct limits *limits)
{
    lua_pushlightuserdata(L, limits);
    lua_pushcclosure(L, l_limits, 1);
}
