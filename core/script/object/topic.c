#include "script/object/topic.h"

#include "net/command/policy.h"
#include "net/command/publish.h"
#include "script/object/framing_option.h"
#include "script/object/handle.h"
#include "script/object/message.h"
#include "script/object/objects.h"
#include "script/object/overflow.h"
#include "script/object/type.h"
#include "script/vm/options.h"
#include "script/vm/script.h"

#include <lauxlib.h>
#include <string.h>

enum { FIELD_NAME = 1 }; /* see type.h */

/* A weak table in the registry, topic -> object. */
static const char objects_key;

struct topic_handle {
    struct topic *topic; /* NULL: the object has been collected */
};

struct topic *topic_test(lua_State *L, int index)
{
    const struct topic_handle *handle = type_test(L, index, TYPE_TOPIC);

    return handle != NULL ? handle->topic : NULL;
}

struct topic *topic_check(lua_State *L, int index, const char *caller)
{
    const struct topic_handle *handle = type_test(L, index, TYPE_TOPIC);

    if (handle != NULL && handle->topic == NULL)
        luaL_error(L, "%s: the topic has been collected as garbage", caller);
    if (handle != NULL)
        return handle->topic;
    luaL_error(L, "%s: a topic was expected, got %s", caller,
               options_push_words(L, index));
    return NULL;
}

/* ------------------------------------------------------------------ objects */

/* The weak table is on top of the stack; pushes the object, above it. */
static void new_handle(lua_State *L, struct topic *topic)
{
    struct topic_handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);

    handle->topic = topic;
    topic_hold(topic);
    type_set(L, TYPE_TOPIC);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, topic);
}

void topic_push(lua_State *L, struct topic *topic)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &objects_key);
    if (lua_rawgetp(L, -1, topic) != LUA_TUSERDATA) {
        lua_pop(L, 1);
        new_handle(L, topic);
    }
    lua_remove(L, -2);
}

/* The topic may have a new object already. NULL is for finalizers that run
 * after this one and still use the old object. */
static int l_gc(lua_State *L)
{
    struct topic_handle *handle = lua_touserdata(L, 1);

    topic_release(handle->topic);
    handle->topic = NULL;
    return 0;
}

/* ---------------------------------------------------------------- fes.topic */

#define WHO "fes.topic"

static const char *check_name(lua_State *L, size_t *length)
{
    bool text = lua_type(L, 1) == LUA_TSTRING;
    const char *name = text ? lua_tolstring(L, 1, length) : "";

    if (*length == 0 || *length > TOPIC_NAME_MOST)
        luaL_error(L, WHO ": a name is a string of 1 to 255 bytes, got %s",
                   options_push_words(L, 1));
    if (name[0] == '$')
        luaL_error(L, WHO ": names that begin with '$' are fes' own, got %s",
                   options_push_words(L, 1));
    return name;
}

/* Read the table of options at index 2: `retain`, the only one. */
static bool check_options(lua_State *L)
{
    bool retain;

    if (!lua_istable(L, 2))
        luaL_error(L, WHO ": takes a name and a table of options, got %s",
                   options_push_words(L, 2));
    lua_pushnil(L);
    while (lua_next(L, 2) != 0) {
        lua_pop(L, 1);
        if (strcmp(options_word(L, -1), "retain") != 0)
            luaL_error(L, WHO ": unknown option %s, did you mean 'retain'?",
                       options_push_words(L, -1));
    }
    if (lua_getfield(L, 2, "retain") != LUA_TNIL && !lua_isboolean(L, -1))
        luaL_error(L, WHO ": 'retain' must be true or false, got %s",
                   options_push_words(L, -1));
    retain = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return retain;
}

/* `given`: the call has options, which must be those of an existing topic. */
static struct topic *find_or_make(lua_State *L, const char *name, size_t length,
                                  bool given, bool retain)
{
    struct engine *engine = script_of(L)->engine;
    struct topic *topic = topic_find(engine, name, length);

    if (topic != NULL && given && topic_facts(topic).retains != retain)
        luaL_error(L, WHO ": %s is there already, with other options",
                   options_push_words(L, 1));
    if (topic != NULL)
        return topic;
    topic = topic_make(engine, name, length);
    if (topic == NULL || (retain && !topic_retain(topic)))
        luaL_error(L, WHO ": not enough memory");
    return topic;
}

/* fes.topic(name[, { retain = true }]) -> topic */
int topic_lua(lua_State *L)
{
    size_t length = 0;
    const char *name = check_name(L, &length);
    bool given = !lua_isnoneornil(L, 2);
    bool retain = given && check_options(L);

    topic_push(L, find_or_make(L, name, length, given, retain));
    return 1;
}

/* --------------------------------------------------------------- publishing */

/* The key at `index`. It points at the string there or, if it is an integer, at
 * `*storage`. */
static struct key check_key(lua_State *L, int index, const char *caller,
                            lua_Integer *storage)
{
    struct key key = {.kind = KEY_NONE};
    size_t length;
    int whole;

    if (lua_isnoneornil(L, index))
        return key;
    if (lua_type(L, index) == LUA_TSTRING) {
        key.kind = KEY_STRING;
        key.bytes = lua_tolstring(L, index, &length);
        if (length > KEY_MOST_BYTES)
            luaL_error(L, "%s: a key has at most 255 bytes, got %I", caller,
                       (lua_Integer)length);
        key.length = (uint8_t)length;
        return key;
    }
    *storage = lua_tointegerx(L, index, &whole);
    if (lua_type(L, index) != LUA_TNUMBER || !whole)
        luaL_error(L, "%s: a key is a string or an integer, got %s", caller,
                   options_push_words(L, index));
    key.kind = KEY_INTEGER;
    key.bytes = storage;
    key.length = sizeof *storage;
    return key;
}

/* Raise if the framing of a subscriber cannot carry the data, or if it fits no
 * server's queues. */
static void check_message(lua_State *L, const struct topic *topic,
                          const char *data, size_t length)
{
    const struct framing *framing = topic_framing_refusing(topic, data, length);

    if (framing != NULL)
        framing_option_check(L, framing, data, length, "topic:publish");
    if (!topic_fits(topic, length))
        luaL_error(L,
                   "topic:publish: a message of %I bytes can never fit into "
                   "the queue of any server",
                   (lua_Integer)length);
}

/* topic:publish(data[, key[, except]]) -> subscribers | nil, "full" */
static int l_publish(lua_State *L)
{
    struct topic *topic = topic_check(L, 1, "topic:publish");
    size_t length;
    const char *data = message_check_data(L, 2, "topic:publish", &length);
    lua_Integer storage;
    struct key key = check_key(L, 3, "topic:publish", &storage);
    conn_name except = 0;
    uint32_t receivers;

    if (!lua_isnoneornil(L, 4))
        except = handle_check_name(L, 4, "topic:publish");
    check_message(L, topic, data, length);
    if (publish_message(topic, data, length, key, except, &receivers) ==
        COMMAND_FULL) {
        luaL_pushfail(L);
        lua_pushliteral(L, "full");
        return 2;
    }
    lua_pushinteger(L, receivers);
    return 1;
}

/* topic:count() -> subscribers */
static int l_count(lua_State *L)
{
    const struct topic *topic = topic_check(L, 1, "topic:count");

    lua_pushinteger(L, topic_facts(topic).subscribers);
    return 1;
}

/* topic:last([key]) -> data | nil. Allocating may run a finalizer that
 * publishes or clears, hence the loop. */
static int l_last(lua_State *L)
{
    const struct topic *topic = topic_check(L, 1, "topic:last");
    lua_Integer storage;
    struct key key = check_key(L, 2, "topic:last", &storage);
    size_t length;

    while ((length = topic_last(topic, key, NULL, 0)) != SIZE_MAX) {
        char *bytes = lua_newuserdatauv(L, length + 1, 0);
        size_t copied = topic_last(topic, key, bytes, length);

        if (copied <= length) {
            lua_pushlstring(L, bytes, copied);
            return 1;
        }
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    return 1;
}

/* topic:clear([key]); without a key, all messages */
static int l_clear(lua_State *L)
{
    struct topic *topic = topic_check(L, 1, "topic:clear");
    lua_Integer storage;
    struct key key = check_key(L, 2, "topic:clear", &storage);

    topic_clear(topic, lua_gettop(L) >= 2 && !lua_isnil(L, 2) ? &key : NULL);
    return 0;
}

/* topic:set_overflow(policy) */
static int l_set_overflow(lua_State *L)
{
    struct topic *topic = topic_check(L, 1, "topic:set_overflow");
    enum overflow overflow = overflow_check(L, 2, "topic:set_overflow");

    policy_set_topic(topic, overflow);
    return 0;
}

static const luaL_Reg methods[] = {
    {"publish", l_publish},
    {"count", l_count},
    {"last", l_last},
    {"clear", l_clear},
    {"set_overflow", l_set_overflow},
    {NULL, NULL},
};

/* ------------------------------------------------------------------ opening */

static int l_index(lua_State *L)
{
    struct topic_facts facts;

    if (type_push_member(L) != FIELD_NAME)
        return 1;
    facts = topic_facts(topic_check(L, 1, "topic.name"));
    lua_pushlstring(L, facts.name, facts.name_length);
    return 1;
}

static int l_tostring(lua_State *L)
{
    const struct topic *topic = topic_test(L, 1);

    lua_pushfstring(L, "topic (%s)",
                    topic != NULL ? topic_facts(topic).name : "collected");
    return 1;
}

/* Put the weak table into the registry. */
static void new_objects(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &objects_key);
}

void topic_open(lua_State *L)
{
    static const char *const fields[] = {"name", NULL};

    new_objects(L);
    type_new(L, TYPE_TOPIC, methods, fields, l_index);
    lua_pushcfunction(L, l_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, l_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}
