/*
 * fes.connect: from a table of options to an outgoing connection. Called in a
 * task, without the option `on_connect`, it waits until the connection is
 * established or has failed.
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

static int push_failure(lua_State *L, const char *why)
{
    luaL_pushfail(L);
    lua_pushstring(L, why);
    return 2;
}

/* Why the connection failed; its handle is at index 1. */
static int push_close_reason(lua_State *L)
{
    const char *detail;
    enum reason reason = handle_reason(L, 1, &detail);

    luaL_pushfail(L);
    lua_pushstring(L, reason_name(reason));
    lua_pushstring(L, detail);
    return 3;
}

/* The task wakes when the connection is established or closed. */
static int continue_connect(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    await_nothing(task_woken(L, context));
    return handle_name(L, 1) != 0 ? 1 : push_close_reason(L);
}

/* Push the handle of a new connection. False: no memory or no record is left,
 * and no handle is pushed. */
static bool open_connection(lua_State *L, const struct server_options *wanted)
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
        return push_failure(L, "shutdown");
    if (task != NULL && !options_has(L, "on_receive"))
        wanted.buffered = true;
    if (!open_connection(L, &wanted))
        return push_failure(L, "full");
    limits->outgoing_mapped = true;
    lua_replace(L, 1);
    lua_settop(L, 1);
    if (task == NULL)
        return 1;
    await_nothing(task);
    await_connection(task, handle_name(L, 1));
    return task_wait(L, task, continue_connect);
}
