#include "script/vm/limits.h"

#include "base/log.h"
#include "net/command/engine.h"
#include "script/vm/options.h"
#include "script/vm/watchdog.h"

#include <lauxlib.h>
#include <stddef.h>

#define WHO "fes.limits"

#define LEAST_MEMORY  (1 << 16)
#define MOST_SECONDS  1e6
#define MOST_RETAINED ((double)((uint64_t)1 << 40))
#define MOST_OUTGOING (1 << 20)

#define AT(field) offsetof(struct limits, field)

static const struct option options[] = {
    {"call_seconds", OPTION_SECONDS, AT(call_seconds), 0, MOST_SECONDS, NULL},
    {"memory", OPTION_BIG, AT(memory), LEAST_MEMORY, (double)ALLOCATOR_NO_LIMIT,
     NULL},
    {"retained", OPTION_BIG, AT(retained), 1, MOST_RETAINED, NULL},
    {"outgoing", OPTION_INTEGER, AT(outgoing), 1, MOST_OUTGOING, NULL},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

void limits_begin(struct limits *limits, lua_State *L)
{
    *limits = (struct limits){
        .call_seconds = 1,
        .retained = 16 << 20,
        .outgoing = 1024,
    };
    allocator_begin(&limits->allocator, L);
}

void limits_enforce(struct limits *limits, struct engine *engine)
{
    limits->in_force = true;
    watchdog_limit(limits->call_seconds);
    if (limits->waits && !engine_set_retained(engine, limits->retained))
        log_warn(
            "fes.limits: 'retained' is unchanged, because messages are stored");
    limits->waits = false;
}

/* A script that loads shares the store with the one that still runs, so its
 * value is applied only when it takes over. */
static void set_retained(lua_State *L, struct limits *limits,
                         struct engine *engine, uint64_t retained)
{
    if (!engine_may_set_retained(engine, retained))
        luaL_error(L,
                   WHO ": 'retained' cannot change once messages are stored");
    limits->retained = retained;
    limits->waits = limits->loads;
    if (!limits->loads)
        engine_set_retained(engine, retained);
}

/* With a limit below what it has, the script could not allocate at all. */
static void check_memory(lua_State *L, const struct limits *limits,
                         uint64_t memory)
{
    if (memory >= allocator_used(&limits->allocator))
        return;
    lua_gc(L, LUA_GCCOLLECT);

    uint64_t used = allocator_used(&limits->allocator);

    if (memory < used)
        luaL_error(L,
                   WHO ": 'memory' must be at least the %I bytes that the "
                       "script has already, got %I",
                   (lua_Integer)used, (lua_Integer)memory);
}

/*
 * fes.limits { call_seconds =, memory =, retained =, outgoing = }: change those
 * that are given. Upvalues: the limits, the engine.
 */
static int l_limits(lua_State *L)
{
    struct limits *limits = lua_touserdata(L, lua_upvalueindex(1));
    struct engine *engine = lua_touserdata(L, lua_upvalueindex(2));
    struct limits wanted = *limits;

    options_read(L, WHO, options, OPTIONS, &wanted);
    if (options_has(L, "memory"))
        check_memory(L, limits, wanted.memory);
    if (limits->outgoing_mapped && wanted.outgoing != limits->outgoing)
        luaL_error(L, WHO ": 'outgoing' cannot change once fes.connect has "
                          "been called");
    if (options_has(L, "retained"))
        set_retained(L, limits, engine, wanted.retained);
    limits->call_seconds = wanted.call_seconds;
    limits->memory = wanted.memory;
    limits->outgoing = wanted.outgoing;
    if (limits->memory > 0)
        allocator_limit(&limits->allocator, limits->memory);
    if (limits->in_force && options_has(L, "call_seconds"))
        watchdog_limit(limits->call_seconds);
    return 0;
}

void limits_open(lua_State *L, struct limits *limits, struct engine *engine)
{
    lua_pushlightuserdata(L, limits);
    lua_pushlightuserdata(L, engine);
    lua_pushcclosure(L, l_limits, 2);
}
