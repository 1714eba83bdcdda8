/*
 * Who is subscribed to what: the methods of conns and topics that tell and
 * change it.
 */
#include "net/command/publish.h"
#include "script/object/conn.h"
#include "script/object/topic.h"
#include "script/vm/state.h"

#include <lauxlib.h>

/* ------------------------------------------------------------- of a topic */

/* The iterator: upvalues are the names, how many, and the one to come. */
static int next_subscriber(lua_State *L)
{
    const conn_name *names = lua_touserdata(L, lua_upvalueindex(1));
    const struct topic *topic =
        topic_check(L, lua_upvalueindex(2), "topic:subscribers");
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(4));

    while (at < count) {
        const struct conn *conn = conn_find(&topic->engine->conns, names[at++]);

        if (conn == NULL || !conn_is_open(conn) ||
            topic_sub(topic, conn) == NULL)
            continue;
        lua_pushinteger(L, at);
        lua_replace(L, lua_upvalueindex(4));
        conn_push(L, conn_name_of(conn));
        return 1;
    }
    return 0;
}

/* Push room for the names of all; a finalizer may subscribe more meanwhile. */
static conn_name *new_names(lua_State *L, const struct topic *topic)
{
    for (;;) {
        uint32_t room = topic->count;
        conn_name *names = lua_newuserdatauv(L, (room + 1) * sizeof *names, 0);

        if (topic->count <= room)
            return names;
        lua_pop(L, 1);
    }
}

/* How many they are. */
static uint32_t list_subscribers(const struct topic *topic, conn_name *names)
{
    uint32_t count = 0;

    for (const struct link *at = topic->channels.next; at != &topic->channels;
         at = at->next) {
        const struct channel *channel =
            link_owner(at, struct channel, of_topic);

        for (const struct link *its = channel->subscribers.next;
             its != &channel->subscribers; its = its->next)
            names[count++] =
                conn_name_of(link_owner(its, struct sub, in_channel)->conn);
    }
    return count;
}

/* for conn in topic:subscribers() do ... end */
static int l_subscribers(lua_State *L)
{
    const struct topic *topic = topic_check(L, 1, "topic:subscribers");
    uint32_t count = list_subscribers(topic, new_names(L, topic));

    lua_pushvalue(L, 1);
    lua_pushinteger(L, count);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_subscriber, 4);
    return 1;
}

static const luaL_Reg topic_methods[] = {
    {"subscribers", l_subscribers},
    {NULL, NULL},
};

/* -------------------------------------------------------------- of a conn */

/* conn:subscribe(topic) -> true | nil, "full" | nil, "closed" */
static int l_subscribe(lua_State *L)
{
    conn_name name = conn_check(L, 1, "conn:subscribe");
    struct topic *topic = topic_check(L, 2, "conn:subscribe");

    return conn_push_answer(L, command_subscribe(topic, name));
}

/* conn:unsubscribe(topic) -> true | nil, "closed" */
static int l_unsubscribe(lua_State *L)
{
    conn_name name = conn_check(L, 1, "conn:unsubscribe");
    struct topic *topic = topic_check(L, 2, "conn:unsubscribe");

    return conn_push_answer(L, command_unsubscribe(topic, name));
}

/* The iterator: upvalues are the list of topics, the place, the conn. */
static int next_topic(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));
    conn_name name = conn_check(L, lua_upvalueindex(3), "conn:topics");
    const struct conn *conn = conn_find(&script_of(L)->engine->conns, name);

    while (conn != NULL && conn_is_open(conn) &&
           lua_rawgeti(L, lua_upvalueindex(1), ++at) == LUA_TUSERDATA) {
        lua_pushinteger(L, at);
        lua_replace(L, lua_upvalueindex(2));
        if (topic_sub(topic_check(L, -1, "conn:topics"), conn) != NULL)
            return 1;
        lua_pop(L, 1);
    }
    return 0;
}

/* Push room for its topics, likewise. */
static struct topic **new_topics(lua_State *L, const struct conn *conn)
{
    for (;;) {
        uint32_t room = conn->nsubs;
        struct topic **topics =
            lua_newuserdatauv(L, (room + 1) * sizeof(struct topic *), 0);

        if (conn->nsubs <= room)
            return topics;
        lua_pop(L, 1);
    }
}

/* Push a table of its topics, which are all there until the turn's end. */
static void push_topics(lua_State *L, const struct conn *conn)
{
    struct topic **topics = new_topics(L, conn);
    lua_Integer n = 0;

    for (const struct sub *sub = conn->subs; sub != NULL; sub = sub->next)
        topics[n++] = sub->channel->topic;
    lua_createtable(L, (int)n, 0);
    for (lua_Integer i = 0; i < n; i++) {
        topic_push(L, topics[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_remove(L, -2);
}

/* for topic in conn:topics() do ... end */
static int l_topics(lua_State *L)
{
    conn_name name = conn_check(L, 1, "conn:topics");
    const struct conn *conn = conn_find(&script_of(L)->engine->conns, name);

    if (conn != NULL && conn_is_open(conn))
        push_topics(L, conn);
    else
        lua_newtable(L);
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

void open_subscriptions(lua_State *L)
{
    conn_add_methods(L, conn_methods);
    topic_add_methods(L, topic_methods);
}
