/*
 * conn:close, conn:pause, conn:resume, conn:flush and conn:set_overflow.
 */
#include "net/command/policy.h"
#include "net/command/server.h"
#include "script/object/handle.h"
#include "script/object/objects.h"
#include "script/object/overflow.h"
#include "script/object/type.h"
#include "script/vm/options.h"

#include <lauxlib.h>

/* conn:close([linger]) -> true | nil, "closed" */
static int l_close(lua_State *L)
{
    conn_name name = handle_check_name(L, 1, "conn:close");
    double linger = options_opt_seconds(L, 2, LINGER_SECONDS, "conn:close");

    if (script_of(L)->over) /* the next script owns the connection now */
        return handle_push_answer(L, COMMAND_CLOSED);
    return handle_push_answer(
        L, command_close(script_of(L)->engine, name, REASON_LOCAL, linger));
}

static int set_paused(lua_State *L, const char *caller, bool paused)
{
    conn_name name = handle_check_name(L, 1, caller);

    return handle_push_answer(
        L, command_pause(script_of(L)->engine, name, paused));
}

/* conn:pause() -> true | nil, "closed" */
static int l_pause(lua_State *L)
{
    return set_paused(L, "conn:pause", true);
}

/* conn:resume() -> true | nil, "closed" */
static int l_resume(lua_State *L)
{
    return set_paused(L, "conn:resume", false);
}

/* conn:flush() -> true | nil, "closed" */
static int l_flush(lua_State *L)
{
    conn_name name = handle_check_name(L, 1, "conn:flush");

    return handle_push_answer(L, command_flush(script_of(L)->engine, name));
}

/* conn:set_overflow(policy) -> true | nil, "closed"; nil removes the policy */
static int l_set_overflow(lua_State *L)
{
    conn_name name = handle_check_name(L, 1, "conn:set_overflow");
    enum overflow overflow = overflow_check(L, 2, "conn:set_overflow");

    return handle_push_answer(
        L, policy_set_conn(script_of(L)->engine, name, overflow));
}

void conn_control_open(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"close", l_close},
        {"pause", l_pause},
        {"resume", l_resume},
        {"flush", l_flush},
        {"set_overflow", l_set_overflow},
        {NULL, NULL},
    };

    type_add_methods(L, TYPE_CONN, methods);
}
