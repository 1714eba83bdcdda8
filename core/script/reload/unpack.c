#include "script/object/handle.h"
#include "script/object/lua_server.h"
#include "script/object/topic.h"
#include "script/reload/pack.h"

/* A table on the stack of unpack_all(): number -> object. */
enum { OBJECTS = 2, TOP = OBJECTS };

struct unpacker {
    lua_State *L;
    struct unpacking from;
    lua_Integer known; /* number of the last object that was referred to */
    lua_Integer read;  /* number of the last one whose contents were read */
};

/* A number above `known` is the first reference to its object, which is created
 * empty. First references come in the order of the numbers. */
static void push_object(struct unpacker *unpacker, bool closed)
{
    lua_State *L = unpacker->L;
    lua_Integer number = (lua_Integer)packed_take_number(&unpacker->from);

    if (number <= unpacker->known) {
        lua_rawgeti(L, OBJECTS, number);
        return;
    }
    unpacker->known = number;
    if (closed)
        handle_push_closed(L);
    else
        lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawseti(L, OBJECTS, number);
}

static void push_string(struct unpacker *unpacker)
{
    size_t length = (size_t)packed_take_number(&unpacker->from);

    lua_pushlstring(unpacker->L, (const char *)unpacker->from.at, length);
    unpacker->from.at += length;
}

static void push_float(struct unpacker *unpacker)
{
    lua_Number number;

    packed_take(&unpacker->from, &number, sizeof number);
    lua_pushnumber(unpacker->L, number);
}

static void push_server(struct unpacker *unpacker)
{
    struct server *server =
        (struct server *)(uintptr_t)packed_take_number(&unpacker->from);

    lua_server_push(unpacker->L, lua_server_of(unpacker->L, server));
}

static void push_topic(struct unpacker *unpacker)
{
    uintptr_t at = (uintptr_t)packed_take_number(&unpacker->from);

    topic_push(unpacker->L, (struct topic *)at);
}

/* Push the value whose tag has just been read. */
static void push_tagged(struct unpacker *unpacker, enum packed tag)
{
    lua_State *L = unpacker->L;

    if (tag == PACKED_NIL)
        lua_pushnil(L);
    else if (tag == PACKED_FALSE || tag == PACKED_TRUE)
        lua_pushboolean(L, tag == PACKED_TRUE);
    else if (tag == PACKED_INTEGER)
        lua_pushinteger(L, (lua_Integer)packed_take_number(&unpacker->from));
    else if (tag == PACKED_FLOAT)
        push_float(unpacker);
    else if (tag == PACKED_STRING)
        push_string(unpacker);
    else if (tag == PACKED_CONN)
        handle_push(L, packed_take_number(&unpacker->from));
    else if (tag == PACKED_SERVER)
        push_server(unpacker);
    else if (tag == PACKED_TOPIC)
        push_topic(unpacker);
    else
        push_object(unpacker, tag == PACKED_CLOSED);
}

static void push_value(struct unpacker *unpacker)
{
    push_tagged(unpacker, packed_take_tag(&unpacker->from));
}

/* Read the contents of the object on top of the stack, and pop it. */
static void read_object(struct unpacker *unpacker)
{
    lua_State *L = unpacker->L;
    enum packed tag;

    if (!lua_istable(L, -1)) {
        struct conn_last last;

        packed_take(&unpacker->from, &last, sizeof last);
        handle_set_last(L, -1, &last);
    } else {
        while ((tag = packed_take_tag(&unpacker->from)) != PACKED_END) {
            push_tagged(unpacker, tag);
            push_value(unpacker);
            lua_rawset(L, -3);
        }
    }
    lua_pop(L, 1);
}

/* Read the contents of the objects that are new since the root before. */
static void read_objects(struct unpacker *unpacker)
{
    while (unpacker->read < unpacker->known) {
        lua_rawgeti(unpacker->L, OBJECTS, ++unpacker->read);
        read_object(unpacker);
    }
}

static void read_root(struct unpacker *unpacker, enum packed tag)
{
    lua_State *L = unpacker->L;

    if (tag == PACKED_STATE) {
        push_value(unpacker);
        script_of(L)->state = luaL_ref(L, LUA_REGISTRYINDEX);
    } else {
        handle_push(L, packed_take_number(&unpacker->from));
        push_value(unpacker);
        push_value(unpacker);
        handle_set_field(L, TOP + 1);
    }
    read_objects(unpacker);
    lua_settop(L, TOP);
}

static int unpack_all(lua_State *L)
{
    const struct pack *pack = lua_touserdata(L, 1);
    struct unpacker unpacker = {.L = L, .from.at = pack->bytes};
    enum packed tag;

    lua_newtable(L);
    while ((tag = packed_take_tag(&unpacker.from)) != PACKED_END)
        read_root(&unpacker, tag);
    return 0;
}

bool unpack_script(struct script *script, const struct pack *pack,
                   struct failure *failure)
{
    struct pack copy = *pack;

    return call_outside(script, unpack_all, &copy, NULL, failure);
}
