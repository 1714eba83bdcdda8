#include "script/run/dispatch.h"

#include "net/command/command.h"
#include "net/command/server.h"
#include "script/object/handle.h"
#include "script/object/received.h"
#include "script/object/topic.h"
#include "script/task/await.h"
#include "script/task/tasks.h"
#include "script/vm/call.h"

#include <lauxlib.h>

/* An event on its way into Lua: the light userdata of the call. */
struct call {
    struct lua_server *lua_server;
    conn_name name;
    enum handler handler;
    const struct received *data;
    uint64_t number;     /* bytes queued, or messages missed */
    struct topic *topic; /* NULL: broadcasts */
    enum reason reason;
    const char *detail;
    const char *message; /* of an error */
    bool forgiven;       /* on_error has returned true */
};

enum { HANDLES = 2 }; /* index of the table that push_handler() pushes */

/* Push the handler, and the conn as its first argument. The table of handles
 * stays below them: to remove it would take time. */
static void push_handler(lua_State *L, const struct call *call)
{
    handle_push_table(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->lua_server->on[call->handler]);
    handle_push_from(L, HANDLES, call->name);
}

/* -------------------------------------------------- functions called in Lua */

static int do_plain(lua_State *L)
{
    push_handler(L, lua_touserdata(L, 1));
    lua_call(L, 1, 0);
    return 0;
}

static void checkin_data(struct call *call)
{
    if (call->data != NULL)
        received_checkin(call->data);
    call->data = NULL;
}

static int do_receive(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);

    push_handler(L, call);
    received_push(L, call->data);
    checkin_data(call);
    lua_call(L, 2, 0);
    return 0;
}

/* on_stall and on_lag take a number and a topic. */
static int do_about_topic(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);

    push_handler(L, call);
    lua_pushinteger(L, (lua_Integer)call->number);
    if (call->topic != NULL)
        topic_push(L, call->topic);
    else
        lua_pushnil(L);
    lua_call(L, 3, 0);
    return 0;
}

static int do_close(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);

    push_handler(L, call);
    lua_pushstring(L, reason_name(call->reason));
    lua_pushstring(L, call->detail);
    lua_call(L, 3, 0);
    return 0;
}

static int do_close_handle(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);

    handle_close(L, call->name);
    return 0;
}

static int do_error(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);

    push_handler(L, call);
    lua_pushstring(L, call->message);
    lua_call(L, 2, 1);
    call->forgiven = lua_isboolean(L, -1) && lua_toboolean(L, -1) != 0;
    return 0;
}

/* ------------------------------------------------------------------ calling */

static const struct script *script_at(const void *owner)
{
    return ((const struct lua_server *)owner)->script;
}

static bool has_handler(const struct lua_server *lua_server,
                        enum handler handler)
{
    return lua_server->on[handler] != LUA_REFNIL;
}

/* Run fn in Lua. False: it raised; the message is pushed. */
static bool run_in_lua(struct call *call, lua_CFunction fn)
{
    return call_lua(call->lua_server->script, fn, call,
                    handlers_name(call->handler), call->name);
}

/* Pop the message of an error, and call on_error with it. Unless that forgives
 * the error, the connection is closed at once. */
static void handle_error(struct call *call)
{
    struct script *script = call->lua_server->script;
    struct call error = {
        .lua_server = call->lua_server,
        .name = call->name,
        .handler = ON_ERROR,
        .message = lua_tostring(script->L, -1),
    };

    if (call->handler != ON_CLOSE && has_handler(call->lua_server, ON_ERROR) &&
        !run_in_lua(&error, do_error))
        lua_pop(script->L, 1);
    if (!error.forgiven)
        command_fail(script->engine, call->name);
    else if (call->handler == HANDLER)
        command_abandon(script->engine, call->name);
    lua_pop(script->L, 1);
}

/* Call the handler by `fn`, if the script has given one. */
static void call_handler(struct call *call, lua_CFunction fn)
{
    if (has_handler(call->lua_server, call->handler) && !run_in_lua(call, fn))
        handle_error(call);
}

/* -------------------------------------------------------------------- tasks */

/* The task that runs the `handler` of a connection has ended. */
static void on_handler_ended(const struct task *task, bool fine)
{
    struct script *script = task->script;
    struct conn_facts facts;
    struct call call = {.name = task->handles, .handler = HANDLER};

    if (!command_facts(script->engine, task->handles, &facts))
        return;
    call.lua_server = facts.owner;
    if (fine) {
        command_finish(script->engine, task->handles);
        return;
    }
    lua_pushvalue(script->L, -1);
    handle_error(&call);
}

static int do_spawn(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    struct conn_facts facts;
    struct task *task;

    if (!command_facts(script_of(L)->engine, call->name, &facts) || !facts.open)
        return 0;
    push_handler(L, call);
    task = tasks_spawn(L, 1);
    task->handles = call->name;
    task->ended = on_handler_ended;
    return 0;
}

void dispatch_resume(struct lua_server *lua_server)
{
    struct call call = {.lua_server = lua_server, .handler = HANDLER};
    uint32_t slot = 0;

    while ((call.name = server_next(lua_server->server, &slot)) != 0)
        call_handler(&call, do_spawn);
}

/* ------------------------------------------------------------------- events */

static void on_connected(void *owner, conn_name name)
{
    struct call call = {
        .lua_server = owner, .name = name, .handler = ON_CONNECT};
    struct call handler = {
        .lua_server = owner, .name = name, .handler = HANDLER};

    call_handler(&call, do_plain);
    call_handler(&handler, do_spawn);
    await_connected(script_at(owner), name);
}

/*
 * Push the handler, the conn and the data without raising, which saves a call
 * of do_receive(). False: that is not possible, and nothing is pushed.
 */
static bool push_receive(lua_State *L, const struct call *call)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->lua_server->on[ON_RECEIVE]);
    if (handle_push_existing(L, call->name)) {
        if (received_push_at_once(L, call->data))
            return true;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return false;
}

static bool call_receive(struct call *call)
{
    struct script *script = call->lua_server->script;
    const char *event = handlers_name(ON_RECEIVE);

    call_begin(script, event);
    if (push_receive(script->L, call)) {
        checkin_data(call);
        return call_end(script, 2, event, call->name);
    }
    lua_pushcfunction(script->L, do_receive);
    lua_pushlightuserdata(script->L, call);
    return call_end(script, 1, event, call->name);
}

static void on_received(void *owner, conn_name name,
                        const struct received *data)
{
    struct call call = {
        .lua_server = owner, .name = name, .handler = ON_RECEIVE, .data = data};

    if (has_handler(call.lua_server, ON_RECEIVE) && !call_receive(&call))
        handle_error(&call);
    checkin_data(&call);
}

static void on_arrived(void *owner, conn_name name)
{
    await_arrived(script_at(owner), name);
}

static void on_drained(void *owner, conn_name name)
{
    struct call call = {.lua_server = owner, .name = name, .handler = ON_DRAIN};

    call_handler(&call, do_plain);
    await_drained(script_at(owner), name);
}

static void on_closing(void *owner, conn_name name)
{
    await_closing(script_at(owner), name);
}

static void call_about_topic(void *owner, conn_name name, enum handler handler,
                             uint64_t number, struct topic *topic)
{
    struct call call = {
        .lua_server = owner,
        .name = name,
        .handler = handler,
        .number = number,
        .topic = topic,
    };

    call_handler(&call, do_about_topic);
}

static void on_lagged(void *owner, conn_name name, uint64_t missed,
                      struct topic *topic)
{
    call_about_topic(owner, name, ON_LAG, missed, topic);
}

static void on_stalled(void *owner, conn_name name, uint64_t queued,
                       struct topic *topic)
{
    call_about_topic(owner, name, ON_STALL, queued, topic);
}

static struct call close_call(void *owner, conn_name name, enum reason reason,
                              const char *detail)
{
    return (struct call){
        .lua_server = owner,
        .name = name,
        .handler = ON_CLOSE,
        .reason = reason,
        .detail = detail,
    };
}

static void on_owner_leaves(void *owner, conn_name name, enum reason reason,
                            const char *detail)
{
    struct call call = close_call(owner, name, reason, detail);

    call_handler(&call, do_close);
}

/* The handle is marked as closed even if on_close raises, or the script has
 * used up its memory. */
static void on_closed(void *owner, conn_name name, enum reason reason,
                      const char *detail)
{
    struct call call = close_call(owner, name, reason, detail);
    struct allocator *allocator = &call.lua_server->script->limits.allocator;

    call_handler(&call, do_close);
    allocator_lift(allocator);
    if (!run_in_lua(&call, do_close_handle)) {
        lua_pop(call.lua_server->script->L, 1);
        call.lua_server->kept = true; /* the handle does not hold it */
    }
    allocator_lower(allocator);
    await_closed(script_at(owner), name);
    if (call.lua_server->outgoing)
        lua_server_detach(call.lua_server->script->L, call.lua_server);
}

static void on_retired(void *owner)
{
    lua_server_retire(script_at(owner)->L, owner);
}

struct events dispatch_events(void)
{
    return (struct events){
        .connected = on_connected,
        .received = on_received,
        .arrived = on_arrived,
        .drained = on_drained,
        .lagged = on_lagged,
        .stalled = on_stalled,
        .closing = on_closing,
        .closed = on_closed,
        .retired = on_retired,
        .owner_leaves = on_owner_leaves,
    };
}
