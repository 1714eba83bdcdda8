#include "script/run/stats.h"

#include "base/clock.h"
#include "net/serve/serve.h"
#include "script/object/servers.h"
#include "script/object/timer.h"
#include "script/task/tasks.h"

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

/* The sums over all servers, also those that are closed. */
static void set_sums(lua_State *L, const struct server_stats *sums)
{
    script_set_count(L, "connections", sums->connections);
    script_set_count(L, "accepted", sums->accepted);
    script_set_count(L, "accepts_paused", sums->accepts_paused);
    script_set_count(L, "bytes_in", sums->bytes_in);
    script_set_count(L, "bytes_out", sums->bytes_out);
    script_set_count(L, "messages_in", sums->messages_in);
    script_set_count(L, "messages_out", sums->messages_out);
    script_set_count(L, "queued", sums->queued);
    script_set_count(L, "missed", sums->missed);
    script_set_count(L, "bockets", sums->bockets);
    script_set_count(L, "bockets_free", sums->bockets_free);
}

int l_stats(lua_State *L)
{
    const struct script *script = script_of(L);
    const struct engine *engine = script->engine;
    struct server_stats sums = servers_stats(script);

    lua_createtable(L, 0, 32);
    set_seconds(L, "uptime", clock_now() - engine->born);
    set_times(L, "turns", &engine->turns);
    set_times(L, "handlers", &engine->handling);
    set_times(L, "collector", &script->collector.pauses);
    set_sums(L, &sums);
    script_set_count(L, "errors", script->program->errors);
    script_set_count(L, "reloads", script->program->reloads);
    script_set_count(L, "tasks", tasks_count(L));
    script_set_count(L, "timers", timers_count(script));
    script_set_count(L, "memory", allocator_used(&script->limits.allocator));
    return 1;
}
