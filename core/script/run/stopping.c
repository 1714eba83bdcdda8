#include "script/run/stopping.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/command/command.h"
#include "net/command/engine.h"
#include "net/command/server.h"
#include "net/io/notify.h"
#include "script/vm/call.h"

#include <lauxlib.h>

/* How often to look for connections that were in set-up. */
#define SETUP_CHECK (10 * CLOCK_MILLI)

static struct script *script_at(struct stopping *stopping)
{
    return link_owner(stopping, struct script, stopping);
}

/* The last step: close all servers, and with them what is still open. */
static void close_servers(struct script *script)
{
    struct stopping *stopping = &script->stopping;

    stopping->over = true;
    timer_stop(script_loop(script), &stopping->timer);
    engine_close_servers(script->engine, REASON_SHUTDOWN, LINGER_SECONDS);
}

/* ------------------------------------------------------ one after the other */

/* The next open connection by slot. At the end the search begins again: some
 * that were in set-up may have become open since. */
static conn_name next_open(struct script *script)
{
    struct stopping *stopping = &script->stopping;
    conn_name name = engine_next(script->engine, &stopping->slot);

    if (name != 0)
        return name;
    stopping->slot = 0;
    return engine_next(script->engine, &stopping->slot);
}

/* False: no connection is open. */
static bool close_next(struct script *script)
{
    conn_name name = next_open(script);

    if (name != 0)
        command_close(script->engine, name, REASON_SHUTDOWN, LINGER_SECONDS);
    return name != 0;
}

/* Set the time of the next close, so that `left` closes share the rest. */
static void plan_next(struct script *script, uint32_t left)
{
    struct stopping *stopping = &script->stopping;

    if (left > 0 && stopping->next < stopping->end)
        stopping->next += (stopping->end - stopping->next) / left;
}

static void on_due(struct timer *timer)
{
    struct stopping *stopping = link_owner(timer, struct stopping, timer);
    struct script *script = script_at(stopping);
    uint64_t now = clock_now();

    while (stopping->next <= now && close_next(script))
        plan_next(script, engine_connections(script->engine));
    if (stopping->next <= now) /* those that are left are in set-up */
        stopping->next = now + SETUP_CHECK;
    if (!timer_start(script_loop(script), timer, stopping->next))
        close_servers(script);
}

/* -------------------------------------------------------------------- begin */

/* Call function number ++*next of fes.on_stop(); at the end set *next to 0. */
static int call_on_stop(lua_State *L)
{
    lua_Integer *next = lua_touserdata(L, 1);

    lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->on_stop);
    if (lua_rawgeti(L, -1, ++*next) == LUA_TNIL)
        *next = 0;
    else
        lua_call(L, 0, 0);
    return 0;
}

static void call_all_on_stop(struct script *script)
{
    lua_Integer next = 0;

    do
        if (!call_lua(script, call_on_stop, &next, "on_stop", 0))
            lua_pop(script->L, 1);
    while (next != 0);
}

static void begin_stop(struct script *script)
{
    struct stopping *stopping = &script->stopping;

    stopping->begun = true;
    log_info("stopping");
    notify_stopping();
    call_all_on_stop(script);
    engine_stop_listening(script->engine);
    stopping->next = clock_now();
    stopping->end = stopping->next + clock_from_seconds(stopping->seconds);
    plan_next(script, engine_connections(script->engine));
    if (!timer_start(script_loop(script), &stopping->timer, stopping->next))
        close_servers(script);
}

void stopping_init(struct stopping *stopping)
{
    *stopping = (struct stopping){0};
    timer_init(&stopping->timer, on_due);
}

void stopping_request(struct script *script, double seconds)
{
    struct stopping *stopping = &script->stopping;
    uint64_t end = clock_now() + clock_from_seconds(seconds);

    if (!stopping->asked || seconds < stopping->seconds)
        stopping->seconds = seconds;
    stopping->asked = true;
    if (stopping->begun && !stopping->over && end < stopping->end) {
        stopping->end = end;
        stopping->next = clock_now();
        plan_next(script, engine_connections(script->engine));
        timer_start(script_loop(script), &stopping->timer, stopping->next);
    }
    loop_poll_at_once(script_loop(script));
}

void stopping_run(struct script *script)
{
    struct stopping *stopping = &script->stopping;

    if (stopping->asked && !stopping->begun)
        begin_stop(script);
    if (stopping->begun && !stopping->over &&
        (engine_connections(script->engine) == 0 ||
         stopping->end <= clock_now()))
        close_servers(script);
}
