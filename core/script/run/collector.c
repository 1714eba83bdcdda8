#include "script/run/collector.h"

#include "base/clock.h"
#include "net/command/engine.h"
#include "script/vm/call.h"

enum {
    /* Percent of the memory after the last collection, at which the next one
     * begins: here, and in Lua, whose default is 200. */
    DUE_PERCENT = 200,
    LUA_PERCENT = 250
};

/* The time of a slice; the last step of Lua's collector may exceed it. */
#define SLICE (100 * CLOCK_MILLI / 1000)

static void set_due(struct script *script)
{
    uint64_t used = allocator_used(&script->limits.allocator);

    script->collector.due_at = used * DUE_PERCENT / 100;
}

/* One step. A collector that the script has stopped counts as done. */
static int call_step(lua_State *L)
{
    bool *done = lua_touserdata(L, 1);

    *done = lua_gc(L, LUA_GCISRUNNING) == 0 || lua_gc(L, LUA_GCSTEP, 0) != 0;
    return 0;
}

/* Run steps for the time of a slice. True: the collection is complete. */
static bool run_slice(struct script *script)
{
    uint64_t begin = clock_now();
    uint64_t now = begin;
    bool done = false;

    while (!done && now - begin < SLICE) {
        if (!call_lua(script, call_step, &done, "collector", 0)) {
            lua_pop(script->L, 1);
            done = true;
        }
        now = clock_now();
    }
    times_add(&script->collector.pauses, now - begin);
    return done;
}

static void on_idle(void *owner)
{
    struct engine *engine = owner;
    struct program *program = engine_script(engine);
    struct script *script = program->script;

    if (!run_slice(script))
        return;
    loop_on_idle(engine_loop(engine), NULL);
    script->collector.collects = false;
    set_due(script);
}

void collector_begin(struct script *script)
{
    script->collector = (struct collector){0};
    lua_gc(script->L, LUA_GCINC, LUA_PERCENT, 0, 0);
}

void collector_begin_if_due(struct script *script)
{
    if (script->collector.collects ||
        allocator_used(&script->limits.allocator) < script->collector.due_at)
        return;
    script->collector.collects = true;
    loop_on_idle(script_loop(script), on_idle);
}
