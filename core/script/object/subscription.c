/*
 * The methods of conns and topics that make, end and list subscriptions.
 *
 * The lists are copied when an iteration begins. Each step skips what has been
 * unsubscribed since.
 */
#include "net/command/topic.h"
#include "script/object/handle.h"
#include "script/object/objects.h"
#include "script/object/topic.h"
#include "script/object/type.h"
#include "script/vm/script.h"

#include <lauxlib.h>

/* ------------------------------------------------------------------- topics */

/* The iterator. Its upvalues are the array of names, the topic, the number of
 * names, and the index of the next one. */
static int next_subscriber(lua_State *L)
{
    const conn_name *names = lua_touserdata(L, lua_upvalueindex(1));
    const struct topic *topic =
        topic_check(L, lua_upvalueindex(2), "topic:subscribers");
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(4));

    while (at < count) {
        conn_name name = names[at++];

        if (!topic_has_subscriber(topic, name))
            continue;
        lua_pushinteger(L, at);
        lua_replace(L, lua_upvalueindex(4));
        handle_push(L, name);
        return 1;
    }
    return 0;
}

/* Push the names of all subscribers as an array in a userdata; returns their
 * number. Allocating it may run a finalizer that subscribes more connections,
 * hence the loop. */
static size_t push_names(lua_State *L, const struct topic *topic)
{
    for (;;) {
        size_t capacity = topic_list_subscribers(topic, NULL, 0);
        conn_name *names =
            lua_newuserdatauv(L, (capacity + 1) * sizeof *names, 0);
        size_t count = topic_list_subscribers(topic, names, capacity);

        if (count <= capacity)
            return count;
        lua_pop(L, 1);
    }
}

/* for conn in topic:subscribers() do ... end */
static int l_subscribers(lua_State *L)
{
    const struct topic *topic = topic_check(L, 1, "topic:subscribers");
    size_t count = push_names(L, topic);

    lua_pushvalue(L, 1);
    lua_pushinteger(L, (lua_Integer)count);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_subscriber, 4);
    return 1;
}

static const luaL_Reg topic_methods[] = {
    {"subscribers", l_subscribers},
    {NULL, NULL},
};

/* -------------------------------------------------------------------- conns */

/* conn:subscribe(topic) -> true | nil, "full" | nil, "closed" */
static int l_subscribe(lua_State *L)
{
    conn_name name = handle_check_name(L, 1, "conn:subscribe");
    struct topic *topic = topic_check(L, 2, "conn:subscribe");

    return handle_push_answer(L, topic_add_subscriber(topic, name));
}

/* conn:unsubscribe(topic) -> true | nil, "closed" */
static int l_unsubscribe(lua_State *L)
{
    conn_name name = handle_check_name(L, 1, "conn:unsubscribe");
    struct topic *topic = topic_check(L, 2, "conn:unsubscribe");

    return handle_push_answer(L, topic_remove_subscriber(topic, name));
}

/* The iterator. Its upvalues are the table of topics, the index of the last one
 * returned, and the conn. */
static int next_topic(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));
    conn_name name = handle_check_name(L, lua_upvalueindex(3), "conn:topics");

    while (lua_rawgeti(L, lua_upvalueindex(1), ++at) == LUA_TUSERDATA) {
        lua_pushinteger(L, at);
        lua_replace(L, lua_upvalueindex(2));
        if (topic_is_of(topic_check(L, -1, "conn:topics"), name))
            return 1;
        lua_pop(L, 1);
    }
    return 0;
}

/* Likewise, the topics of a connection as an array of pointers. */
static size_t push_topic_array(lua_State *L, conn_name name)
{
    const struct engine *engine = script_of(L)->engine;

    for (;;) {
        size_t capacity = topic_list_of(engine, name, NULL, 0);
        struct topic **topics =
            lua_newuserdatauv(L, (capacity + 1) * sizeof(struct topic *), 0);
        size_t count = topic_list_of(engine, name, topics, capacity);

        if (count <= capacity)
            return count;
        lua_pop(L, 1);
    }
}

/* Push a table of the connection's topics. The pointers are valid until the end
 * of the turn. */
static void push_topics(lua_State *L, conn_name name)
{
    size_t count = push_topic_array(L, name);
    struct topic **topics = lua_touserdata(L, -1);

    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        topic_push(L, topics[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_remove(L, -2);
}

/* for topic in conn:topics() do ... end */
static int l_topics(lua_State *L)
{
    push_topics(L, handle_check_name(L, 1, "conn:topics"));
    lua_pushinteger(L, 0);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, next_topic, 3);
    return 1;
}

static const luaL_Reg conn_methods[] = {
    {"subscribe", l_subscribe},
    {"unsubscribe", l_unsubscribe},
    {"topics", l_topics},
    {NULL, NULL},
};

void subscription_open(lua_State *L)
{
    type_add_methods(L, TYPE_CONN, conn_methods);
    type_add_methods(L, TYPE_TOPIC, topic_methods);
}
