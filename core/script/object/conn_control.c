/*
 * conn:close, conn:pause, conn:resume and conn:flush.
 */
#include "net/command/publish.h"
#include "net/send/closing.h"
#include "script/object/conn.h"
#include "script/vm/options.h"

#include <lauxlib.h>

/* conn:close([linger]) -> true | nil, "closed" */
static int l_close(lua_State *L)
{
    conn_name name = conn_check(L, 1, "conn:close");
    double linger = options_opt_seconds(L, 2, CLOSING_LINGER, "conn:close");

    if (script_of(L)->over) /* it is another script's now */
        return conn_push_answer(L, COMMAND_CLOSED);
    return conn_push_answer(
        L, command_close(script_of(L)->engine, name, REASON_LOCAL, linger));
}

static int set_paused(lua_State *L, const char *who, bool paused)
{
    conn_name name = conn_check(L, 1, who);

    return conn_push_answer(L,
                            command_pause(script_of(L)->engine, name, paused));
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
    conn_name name = conn_check(L, 1, "conn:flush");

    return conn_push_answer(L, command_flush(script_of(L)->engine, name));
}

void open_steer(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"close", l_close}, {"pause", l_pause}, {"resume", l_resume},
        {"flush", l_flush}, {NULL, NULL},
    };

    conn_add_methods(L, methods);
}
