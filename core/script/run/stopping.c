#include "script/run/stopping.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/command/command.h"
#include "net/io/notify.h"
#include "net/send/closing.h"
#include "net/serve/serve.h"
#include "script/object/servers.h"

static struct script *script_at(struct stopping *stopping)
{
    return link_owner(stopping, struct script, stopping);
}

static void finish(struct script *script)
{
    struct stopping *stopping = &script->stopping;

    stopping->over = true;
    timer_stop(script->engine->loop, &stopping->timer);
    servers_close(script, REASON_SHUTDOWN, CLOSING_LINGER);
}

/* ----------------------------------------------------- one after the other */

/* The next one by slot; those that were in set-up then may have come behind. */
static conn_name next_open(struct script *script)
{
    struct stopping *stopping = &script->stopping;
    conn_name name = engine_next(script->engine, &stopping->slot);

    if (name != 0)
        return name;
    stopping->slot = 0;
    return engine_next(script->engine, &stopping->slot);
}

/* False: nobody is open. */
static bool close_next(struct script *script)
{
    conn_name name = next_open(script);

    if (name != 0)
        command_close(script->engine, name, REASON_SHUTDOWN, CLOSING_LINGER);
    return name != 0;
}

/* What is left of the time is for those that are left. */
static void plan(struct script *script, uint32_t left)
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
        plan(script, servers_count(script));
    if (!timer_start(script->engine->loop, timer, stopping->next))
        finish(script);
}

/* ------------------------------------------------------------------- begin */

/* fes.on_stop()'s functions, in the order in which they were given. */
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

static void call_all(struct script *script)
{
    lua_Integer next = 0;

    do
        if (!script_call(script, call_on_stop, &next, "on_stop", 0))
            lua_pop(script->L, 1);
    while (next != 0);
}

static void begin(struct script *script)
{
    struct stopping *stopping = &script->stopping;

    stopping->begun = true;
    log_info("stopping");
    notify_stopping();
    call_all(script);
    servers_stop_listening(script);
    stopping->next = clock_now();
    stopping->end = stopping->next + clock_from_seconds(stopping->seconds);
    plan(script, servers_count(script));
    if (!timer_start(script->engine->loop, &stopping->timer, stopping->next))
        finish(script);
}

void stopping_init(struct stopping *stopping)
{
    *stopping = (struct stopping){0};
    timer_init(&stopping->timer, on_due);
}

void script_stop(struct script *script, double seconds)
{
    struct stopping *stopping = &script->stopping;
    uint64_t end = clock_now() + clock_from_seconds(seconds);

    if (!stopping->asked || seconds < stopping->seconds)
        stopping->seconds = seconds;
    stopping->asked = true;
    if (stopping->begun && end < stopping->end) {
        stopping->end = end;
        stopping->next = clock_now();
        plan(script, servers_count(script));
        timer_start(script->engine->loop, &stopping->timer, stopping->next);
    }
    loop_poll_at_once(script->engine->loop);
}

void script_stop_if_asked(struct script *script)
{
    struct stopping *stopping = &script->stopping;

    if (stopping->asked && !stopping->begun)
        begin(script);
    if (stopping->begun && !stopping->over &&
        (servers_count(script) == 0 || stopping->end <= clock_now()))
        finish(script);
}
