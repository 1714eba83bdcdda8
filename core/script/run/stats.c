#include "script/run/stats.h"

#include "base/clock.h"
#include "net/command/engine.h"
#include "script/object/figures.h"
#include "script/object/timer.h"
#include "script/task/tasks.h"
#include "script/vm/script.h"

static void set_seconds(lua_State *L, const char *name, uint64_t nanoseconds)
{
    lua_pushnumber(L, clock_to_seconds(nanoseconds));
    lua_setfield(L, -2, name);
}

static void set_times(lua_State *L, const char *name, const struct times *times)
{
    lua_createtable(L, 0, 4);
    script_set_count(L, "count", times->count);
    set_seconds(L, "last", times->last);
    set_seconds(L, "longest", times->longest);
    set_seconds(L, "total", times->total);
    lua_setfield(L, -2, name);
}

int stats_lua(lua_State *L)
{
    const struct script *script = script_of(L);
    struct engine_stats stats = engine_stats(script->engine);

    lua_createtable(L, 0, 32);
    set_seconds(L, "uptime", stats.uptime);
    set_times(L, "turns", &stats.turns);
    set_times(L, "handlers", &stats.handlers);
    set_times(L, "collector", &script->collector.pauses);
    figures_set(L, &stats.servers);
    script_set_count(L, "errors", script->program->errors);
    script_set_count(L, "reloads", script->program->reloads);
    script_set_count(L, "tasks", tasks_count(L));
    script_set_count(L, "timers", timer_count(script));
    script_set_count(L, "memory", allocator_used(&script->limits.allocator));
    return 1;
}
