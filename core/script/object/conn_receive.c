/*
 * conn:receive: takes received data; the task waits until there is enough.
 */
#include "net/command/command.h"
#include "net/command/server.h"
#include "script/object/handle.h"
#include "script/object/objects.h"
#include "script/object/received.h"
#include "script/object/type.h"
#include "script/task/await.h"
#include "script/vm/options.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define RECEIVE "conn:receive"

static int push_data(lua_State *L)
{
    received_push(L, lua_touserdata(L, 1));
    return 1;
}

/* Push the data as a string. Its bockets are checked in also if that raises. */
static void push_data_and_checkin(lua_State *L, struct received *data)
{
    int status;

    lua_pushcfunction(L, push_data);
    lua_pushlightuserdata(L, data);
    status = lua_pcall(L, 1, 1, 0);
    received_checkin(data);
    if (status != LUA_OK)
        lua_error(L);
}

static int push_failure(lua_State *L, const char *why)
{
    luaL_pushfail(L);
    lua_pushstring(L, why);
    return 2;
}

static int push_close_reason(lua_State *L)
{
    const char *detail;

    return push_failure(L, reason_name(handle_reason(L, 1, &detail)));
}

static int continue_receive(lua_State *L, int status, lua_KContext context);

/*
 * The timeout has passed. Does the task go on waiting? While fes was absent it
 * did not run; and what had come in time, but is not read yet, is read first.
 */
static bool goes_on(struct task *task, conn_name name)
{
    if (task_extend_timer(task))
        return true;
    if (!command_unread(task->script->engine, name, &task->until))
        return false;
    task_wake(task);
    return true;
}

static int receive_in_task(lua_State *L, struct task *task)
{
    conn_name name = handle_name(L, 1);
    struct received data;
    enum receive_result answer =
        command_receive(task->script->engine, name, &task->request, &data);

    if (answer == RECEIVE_WAITS && (!task->late || goes_on(task, name))) {
        await_data(task, name);
        return task_wait(L, task, continue_receive);
    }
    await_nothing(task);
    switch (answer) {
    case RECEIVE_DONE:
        push_data_and_checkin(L, &data);
        return 1;
    case RECEIVE_WAITS:
        return push_failure(L, "timeout");
    case RECEIVE_ENDED:
        return push_failure(L, "eof");
    default:
        return push_close_reason(L);
    }
}

static int continue_receive(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    return receive_in_task(L, task_woken(L, context));
}

static int fail_request(lua_State *L, uint32_t most)
{
    return luaL_error(L,
                      RECEIVE ": a number of bytes in 0..%I, \"line\" or "
                              "\"all\" was expected, got %s",
                      (lua_Integer)most, options_push_words(L, 2));
}

/* The second argument as a request, of at most `most` bytes. Raises if it is
 * not valid, or if the framing gives whole messages only. */
static struct receive_request
check_request(lua_State *L, const struct framing *framing, uint32_t most)
{
    int exact;
    lua_Integer bytes = lua_tointegerx(L, 2, &exact);
    const char *word = options_word(L, 2);

    if (lua_isnoneornil(L, 2))
        return (struct receive_request){.kind = RECEIVE_MESSAGE};
    if (framing->kind != FRAMING_RAW)
        luaL_error(L,
                   RECEIVE ": takes whole messages under this framing, "
                           "not %s",
                   options_push_words(L, 2));
    if (strcmp(word, "line") == 0)
        return (struct receive_request){.kind = RECEIVE_LINE};
    if (strcmp(word, "all") == 0)
        return (struct receive_request){.kind = RECEIVE_ALL};
    if (lua_type(L, 2) != LUA_TNUMBER || !exact || bytes < 0 || bytes > most)
        fail_request(L, most);
    return (struct receive_request){.kind = RECEIVE_BYTES,
                                    .bytes = (uint32_t)bytes};
}

/* Raises if the table of options at index 3 has any but `timeout`. */
static void check_option_names(lua_State *L)
{
    lua_pushnil(L);
    while (lua_next(L, 3) != 0) {
        lua_pop(L, 1);
        lua_pushliteral(L, "timeout");
        if (!lua_rawequal(L, -1, -2))
            luaL_error(L, RECEIVE ": the only option is 'timeout', got %s",
                       options_push_words(L, -2));
        lua_pop(L, 1);
    }
}

/* The third argument, { timeout = seconds }: the seconds, or -1 for none. */
static double check_timeout(lua_State *L)
{
    double seconds;

    if (lua_isnoneornil(L, 3))
        return -1;
    if (!lua_istable(L, 3))
        luaL_error(L, RECEIVE ": a table of options was expected, got %s",
                   options_push_words(L, 3));
    check_option_names(L);
    if (lua_getfield(L, 3, "timeout") == LUA_TNIL)
        return -1;
    seconds = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(seconds >= 0) || isinf(seconds))
        luaL_error(L,
                   RECEIVE ": 'timeout' must be a number of seconds, 0 or "
                           "more, got %s",
                   options_push_words(L, -1));
    return seconds;
}

static void check_is_buffered(lua_State *L,
                              const struct server_options *options)
{
    if (!options->buffered)
        luaL_error(L, RECEIVE ": only what has a 'handler', or was connected "
                              "in a task, can be received from");
}

/* conn:receive([bytes | "line" | "all" [, { timeout = seconds }]])
 * -> data | nil, reason */
static int l_receive(lua_State *L)
{
    const struct handle *handle = handle_check(L, 1, RECEIVE);
    const struct server *server = handle->server->server;
    conn_name name = handle->name;
    struct task *task = task_check(L, RECEIVE);
    const struct server_options *options;
    struct receive_request request;
    double timeout;

    if (server == NULL)
        return push_close_reason(L);
    options = server_facts(server).options;
    request =
        check_request(L, command_framing(server, name), options->maxmessage);
    timeout = check_timeout(L);
    check_is_buffered(L, options);
    await_nothing(task);
    if (name != 0 && await_has_reader(task->script, name))
        return luaL_error(L, RECEIVE ": another task waits to receive from it");
    lua_settop(L, 1);
    task->request = request;
    if (timeout >= 0)
        task_set_timer(L, task, timeout);
    return receive_in_task(L, task);
}

void conn_receive_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"receive", l_receive}, {NULL, NULL}};

    type_add_methods(L, TYPE_CONN, methods);
}
