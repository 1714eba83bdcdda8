/*
 * fes.connect: from a table of options to an outgoing connection. In a task
 * without on_connect it waits until that stands.
 */
#include "net/command/command.h"
#include "net/command/outgoing.h"
#include "script/object/handle.h"
#include "script/object/listen.h"
#include "script/object/lua_server.h"
#include "script/object/objects.h"
#include "script/task/await.h"
#include "script/vm/options.h"

#include <lauxlib.h>

#define WHO "fes.connect"

static int refuse(lua_State *L, const char *why)
{
    luaL_pushfail(L);
    lua_pushstring(L, why);
    return 2;
}

/* The handle is at 1. */
static int tell_failure(lua_State *L)
{
    const char *detail;
    enum reason reason = handle_reason(L, 1, &detail);

    luaL_pushfail(L);
    lua_pushstring(L, reason_name(reason));
    lua_pushstring(L, detail);
    return 3;
}

/* Woken because it stands, or has gone. */
static int connected(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    await_over(task_woken(L, context));
    return handle_name(L, 1) != 0 ? 1 : tell_failure(L);
}

/* Push the handle of a new connection. False: nothing is left for it. */
static bool open(lua_State *L, const struct server_options *wanted)
{
    struct script *script = script_of(L);
    struct lua_server *lua_server = lua_server_new(L);
    struct conn_facts facts;
    conn_name name;

    lua_server_set_handlers(L, lua_server);
    lua_server->outgoing = true;
    name = outgoing_open(script->engine, wanted, lua_server);
    if (name == 0) {
        lua_server_detach(L, lua_server);
        return false;
    }
    command_facts(script->engine, name, &facts);
    lua_server->server = facts.server;
    lua_server->first_overflow = wanted->overflow;
    link_before(&script->servers, &lua_server->link);
    handle_push(L, name);
    return true;
}

/* fes.connect { ... } -> conn | nil, reason, detail */
int connect_lua(lua_State *L)
{
    struct limits *limits = &script_of(L)->limits;
    struct server_options wanted = listen_read(L, WHO, limits->outgoing);
    struct task *task =
        options_has(L, "on_connect") ? NULL : task_that_can_wait(L);

    script_check_open(L, WHO);
    if (script_of(L)->stopping.asked)
        return refuse(L, "shutdown");
    if (task != NULL && !options_has(L, "on_receive"))
        wanted.buffered = true;
    if (!open(L, &wanted))
        return refuse(L, "full");
    limits->outgoing_mapped = true;
    lua_replace(L, 1);
    lua_settop(L, 1);
    if (task == NULL)
        return 1;
    await_over(task);
    await_connection(task, handle_name(L, 1));
    return task_wait(L, task, connected);
}
