/*
 * conn:send. In a task it waits while the connection is full.
 */
#include "net/command/command.h"
#include "net/command/server.h"
#include "script/object/handle.h"
#include "script/object/message.h"
#include "script/object/objects.h"
#include "script/object/type.h"
#include "script/task/await.h"

#include <lauxlib.h>

#define SEND "conn:send"

static enum command_answer try_to_send(lua_State *L,
                                       const struct handle *handle)
{
    const struct server *server = handle->server->server;
    struct message message;
    size_t length;

    if (server != NULL)
        message = message_check(L, server,
                                command_framing(server, handle->name), 2, SEND);
    else
        message_check_data(L, 2, SEND, &length);
    if (handle->name == 0)
        return COMMAND_CLOSED;
    return command_send(script_of(L)->engine, handle->name, &message);
}

/* Is the message longer than the whole slab? Then waiting would not help. */
static bool never_fits(lua_State *L, const struct handle *handle)
{
    const struct server *server = handle->server->server;
    const struct framing *framing = command_framing(server, handle->name);
    size_t length;

    message_check_data(L, 2, SEND, &length);
    return !server_slab_could_hold(server, length + framing_overhead(framing));
}

static int continue_send(lua_State *L, int status, lua_KContext context);

/* If other tasks already wait to send to the connection, this one waits behind
 * them, so that messages go out in the order of the calls. */
static int send_in_task(lua_State *L, struct task *task)
{
    const struct handle *handle = lua_touserdata(L, 1);
    bool others_wait = task->name == 0 && handle->name != 0 &&
                       await_has_sender(task->script, handle->name);
    enum command_answer answer =
        others_wait ? COMMAND_FULL : try_to_send(L, handle);

    if (answer == COMMAND_FULL && (others_wait || !never_fits(L, handle))) {
        await_space(task, handle->name);
        return task_wait(L, task, continue_send);
    }
    await_nothing(task);
    return handle_push_answer(L, answer);
}

static int continue_send(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    return send_in_task(L, task_woken(L, context));
}

/* conn:send(data) -> true | nil, "full" | nil, "closed". Where "full" would be
 * returned a task waits instead, unless the slab could never hold the data. */
static int l_send(lua_State *L)
{
    struct task *task = task_that_can_wait(L);
    const struct handle *handle = handle_check(L, 1, SEND);

    if (task == NULL)
        return handle_push_answer(L, try_to_send(L, handle));
    lua_settop(L, 2);
    await_nothing(task);
    return send_in_task(L, task);
}

void conn_send_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"send", l_send}, {NULL, NULL}};

    type_add_methods(L, TYPE_CONN, methods);
}
