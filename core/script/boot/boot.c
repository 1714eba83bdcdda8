#include "script/boot/boot.h"

#include "net/command/engine.h"
#include "script/boot/fes.h"
#include "script/object/objects.h"
#include "script/object/type.h"
#include "script/run/collector.h"
#include "script/run/load.h"
#include "script/run/stopping.h"
#include "script/task/tasks.h"
#include "script/vm/call.h"
#include "script/vm/standard.h"

#include <lauxlib.h>
#include <stdlib.h>

/* Fill in the state. Returns the table of handles, which stays on the stack at
 * SCRIPT_HANDLES. */
static int open_all(lua_State *L)
{
    struct script *script = script_of(L);

    standard_open(L);
    type_open_all(L);
    conn_open(L);
    server_open_type(L);
    timer_open(L);
    pool_open(L);
    topic_open(L);
    subscription_open(L);
    conn_control_open(L);
    conn_send_open(L);
    conn_receive_open(L);
    tasks_open(L);
    coroutine_open(L);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    script->handles = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    script->on_stop = luaL_ref(L, LUA_REGISTRYINDEX);
    luaL_requiref(L, "fes", fes_open, 0);
    lua_pop(L, 1);
    return 1;
}

/* In a reload the slab for outgoing connections may be mapped already; its size
 * then replaces the default of fes.limits { outgoing }. */
static void note_outgoing(struct script *script)
{
    uint32_t bockets = engine_outgoing_bockets(script->engine);

    if (bockets == 0)
        return;
    script->limits.outgoing = bockets;
    script->limits.outgoing_mapped = true;
}

static bool open_state(struct script *script)
{
    lua_State *L = luaL_newstate();

    script->L = L;
    if (L == NULL)
        return false;
    *(struct script **)lua_getextraspace(L) = script;
    limits_begin(&script->limits, L);
    note_outgoing(script);
    lua_pushcfunction(L, call_explain);
    lua_pushcfunction(L, open_all);
    return lua_pcall(L, 0, 1, SCRIPT_EXPLAIN) == LUA_OK;
}

struct script *boot_new_script(struct program *program)
{
    struct script *script = calloc(1, sizeof *script);

    if (script == NULL)
        return NULL;
    *script = (struct script){
        .program = program,
        .engine = program->engine,
        .on_reload = LUA_REFNIL,
        .state = LUA_REFNIL,
    };
    link_init(&script->servers);
    link_init(&script->timers);
    stopping_init(&script->stopping);
    if (open_state(script)) {
        collector_begin(script);
        return script;
    }
    if (script->L != NULL)
        load_end(script);
    else
        free(script);
    return NULL;
}
