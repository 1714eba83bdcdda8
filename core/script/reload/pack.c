#include "script/reload/pack.h"

#include "base/log.h"
#include "script/object/handle.h"
#include "script/object/lua_server.h"
#include "script/object/topic.h"
#include "script/vm/options.h"

#include <stdio.h>

/* Tables on the stack of pack_all(). For objects see packed.h. */
enum {
    NUMBERS = 2, /* object -> its number */
    OBJECTS,     /* number -> object */
    PARENTS,     /* number -> number of the table it was found in; 0: a root */
    BAD,         /* set of tables from which something not plain was reached */
    LEFT,        /* name of a field that was left out -> why: what it holds */
    TOP = LEFT
};

enum { WORDS_BYTES = 64 };

struct packer {
    lua_State *L;
    struct pack *pack;
    lua_Integer count;       /* number of the last object */
    lua_Integer parent;      /* number of the object being written; 0: a root */
    char what[WORDS_BYTES];  /* the value that is not plain: "a function" */
    char where[WORDS_BYTES]; /* its key in the table; "" in a root */
};

/* -------------------------------------------------------------------- bytes */

static void put(struct packer *packer, const void *bytes, size_t length)
{
    if (!packed_put(packer->pack, bytes, length))
        luaL_error(packer->L, "not enough memory");
}

static void put_tag(struct packer *packer, enum packed tag)
{
    unsigned char byte = (unsigned char)tag;

    put(packer, &byte, 1);
}

static void put_number(struct packer *packer, enum packed tag, uint64_t number)
{
    put_tag(packer, tag);
    put(packer, &number, sizeof number);
}

/* ------------------------------------------------------------------ objects */

/* The number of the object at `index`; a new object gets the next one. */
static lua_Integer number_of(struct packer *packer, int index)
{
    lua_State *L = packer->L;
    lua_Integer number;

    index = lua_absindex(L, index);
    lua_pushvalue(L, index);
    if (lua_rawget(L, NUMBERS) == LUA_TNUMBER) {
        number = lua_tointeger(L, -1);
        lua_pop(L, 1);
        return number;
    }
    lua_pop(L, 1);
    number = ++packer->count;
    lua_pushvalue(L, index);
    lua_pushinteger(L, number);
    lua_rawset(L, NUMBERS);
    lua_pushvalue(L, index);
    lua_rawseti(L, OBJECTS, number);
    lua_pushinteger(L, packer->parent);
    lua_rawseti(L, PARENTS, number);
    return number;
}

/* Is the table at `index` known to reach something that is not plain? */
static bool is_bad(struct packer *packer, int index)
{
    lua_State *L = packer->L;

    lua_pushvalue(L, index);

    bool bad = lua_rawget(L, BAD) != LUA_TNIL;

    lua_pop(L, 1);
    return bad;
}

/* The object being written is not plain, nor are those that led to it. */
static void mark_parents_bad(struct packer *packer)
{
    lua_State *L = packer->L;
    lua_Integer number = packer->parent;

    while (number != 0) {
        lua_rawgeti(L, OBJECTS, number);
        lua_pushboolean(L, 1);
        lua_rawset(L, BAD);
        lua_rawgeti(L, PARENTS, number);
        number = lua_tointeger(L, -1);
        lua_pop(L, 1);
    }
}

/* Undo the numbering of objects after the first `count`. */
static void forget_after(struct packer *packer, lua_Integer count)
{
    lua_State *L = packer->L;

    for (; packer->count > count; packer->count--) {
        lua_rawgeti(L, OBJECTS, packer->count);
        lua_pushnil(L);
        lua_rawset(L, NUMBERS);
        lua_pushnil(L);
        lua_rawseti(L, OBJECTS, packer->count);
    }
}

/* ------------------------------------------------------------------- values */

/* Note that the value at `index` is not plain. */
static bool not_plain(struct packer *packer, int index)
{
    lua_State *L = packer->L;

    snprintf(packer->what, WORDS_BYTES, "%s", options_push_words(L, index));
    return false;
}

static bool put_table(struct packer *packer, int index)
{
    if (is_bad(packer, index))
        return not_plain(packer, index);
    if (lua_getmetatable(packer->L, index) != 0) {
        snprintf(packer->what, WORDS_BYTES, "a table with a metatable");
        return false;
    }
    put_number(packer, PACKED_TABLE, (uint64_t)number_of(packer, index));
    return true;
}

static bool put_userdata(struct packer *packer, int index)
{
    lua_State *L = packer->L;
    const struct lua_server *lua_server = lua_server_test(L, index);
    const struct topic *topic = topic_test(L, index);
    conn_name name;

    if (lua_server != NULL)
        put_number(packer, PACKED_SERVER, (uintptr_t)lua_server->server);
    else if (topic != NULL)
        put_number(packer, PACKED_TOPIC, (uintptr_t)topic);
    else if (!handle_test(L, index, &name))
        return not_plain(packer, index);
    else if (name != 0)
        put_number(packer, PACKED_CONN, name);
    else
        put_number(packer, PACKED_CLOSED, (uint64_t)number_of(packer, index));
    return true;
}

static void put_string(struct packer *packer, int index)
{
    size_t length;

    lua_tolstring(packer->L, index, &length);
    put_number(packer, PACKED_STRING, length);
    put(packer, lua_tostring(packer->L, index), length);
}

static void put_lua_number(struct packer *packer, int index)
{
    lua_Number number = lua_tonumber(packer->L, index);

    if (lua_isinteger(packer->L, index)) {
        put_number(packer, PACKED_INTEGER,
                   (uint64_t)lua_tointeger(packer->L, index));
        return;
    }
    put_tag(packer, PACKED_FLOAT);
    put(packer, &number, sizeof number);
}

/* Write the value at the absolute `index`. False: it is not plain. */
static bool put_value(struct packer *packer, int index)
{
    lua_State *L = packer->L;

    switch (lua_type(L, index)) {
    case LUA_TNIL:
        put_tag(packer, PACKED_NIL);
        return true;
    case LUA_TBOOLEAN:
        put_tag(packer, lua_toboolean(L, index) ? PACKED_TRUE : PACKED_FALSE);
        return true;
    case LUA_TNUMBER:
        put_lua_number(packer, index);
        return true;
    case LUA_TSTRING:
        put_string(packer, index);
        return true;
    case LUA_TTABLE:
        return put_table(packer, index);
    case LUA_TUSERDATA:
        return put_userdata(packer, index);
    default:
        return not_plain(packer, index);
    }
}

/* ----------------------------------------------------------------- contents */

/* Write the keys and values of the table on top of the stack. */
static bool put_pairs(struct packer *packer)
{
    lua_State *L = packer->L;
    int table = lua_gettop(L);

    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        if (!put_value(packer, table + 1) || !put_value(packer, table + 2)) {
            snprintf(packer->where, WORDS_BYTES, "%s",
                     options_push_words(L, table + 1));
            lua_settop(L, table);
            return false;
        }
        lua_settop(L, table + 1);
    }
    put_tag(packer, PACKED_END);
    return true;
}

/* Write the facts of the closed conn on top of the stack. */
static void put_closed(struct packer *packer)
{
    struct conn_last last = handle_last(packer->L, -1);

    put(packer, &last, sizeof last);
}

static bool put_object(struct packer *packer, lua_Integer number)
{
    lua_State *L = packer->L;
    bool plain = true;

    packer->parent = number;
    lua_rawgeti(L, OBJECTS, number);
    if (lua_istable(L, -1))
        plain = put_pairs(packer);
    else
        put_closed(packer);
    lua_pop(L, 1);
    return plain;
}

/*
 * Behind a root, which was `plain`, write the objects numbered after `before`.
 * If anything is not plain, undo it all: the pack ends at `start` again.
 */
static bool finish_root(struct packer *packer, size_t start, lua_Integer before,
                        bool plain)
{
    for (lua_Integer i = before + 1; plain && i <= packer->count; i++)
        plain = put_object(packer, i);
    if (!plain) {
        mark_parents_bad(packer);
        forget_after(packer, before);
        packer->pack->used = start;
    }
    packer->parent = 0;
    return plain;
}

/* -------------------------------------------------------------------- roots */

/* Write the root for the value of on_reload, which is popped off the stack. */
static bool pack_value(struct packer *packer)
{
    size_t start = packer->pack->used;
    lua_Integer before = packer->count;

    packer->where[0] = '\0';
    put_tag(packer, PACKED_STATE);

    bool plain = put_value(packer, lua_gettop(packer->L));

    plain = finish_root(packer, start, before, plain);
    lua_settop(packer->L, TOP);
    return plain;
}

/* Write the root for a field; key and value stay on top of the stack. */
static bool pack_field(struct packer *packer, conn_name name)
{
    size_t start = packer->pack->used;
    lua_Integer before = packer->count;
    int top = lua_gettop(packer->L);

    put_number(packer, PACKED_FIELD, name);

    bool plain = put_value(packer, top - 1) && put_value(packer, top);

    plain = finish_root(packer, start, before, plain);
    lua_settop(packer->L, top);
    return plain;
}

/* Note in LEFT, once for each name, the field whose key is at `index`. */
static void note_left_out(struct packer *packer, int index)
{
    lua_State *L = packer->L;
    const char *name = options_push_words(L, index);

    lua_getfield(L, LEFT, name);
    lua_pushfstring(L, "%s", packer->what);
    if (lua_isnil(L, -2))
        lua_setfield(L, LEFT, name);
    lua_settop(L, index + 1);
}

/* Write the script's fields of the handle on top of the stack. Light userdata
 * are fes' own keys (handle.c). */
static void pack_fields(struct packer *packer, conn_name name)
{
    lua_State *L = packer->L;
    int handle = lua_gettop(L);

    if (handle_push_fields_if_any(L, handle)) {
        lua_pushnil(L);
        while (lua_next(L, handle + 1) != 0) {
            bool own = !lua_islightuserdata(L, handle + 2);

            if (own && !pack_field(packer, name))
                note_left_out(packer, handle + 2);
            lua_settop(L, handle + 2);
        }
    }
    lua_settop(L, handle);
}

static void pack_conns(struct packer *packer)
{
    lua_State *L = packer->L;
    conn_name name;

    handle_push_table(L);
    lua_pushnil(L);
    while (lua_next(L, TOP + 1) != 0) {
        if (handle_test(L, TOP + 3, &name) && name != 0 &&
            !handle_server(L, TOP + 3)->outgoing)
            pack_fields(packer, name);
        lua_settop(L, TOP + 2);
    }
    lua_settop(L, TOP);
}

static void warn_of_left_out(struct packer *packer)
{
    lua_State *L = packer->L;

    lua_pushnil(L);
    while (lua_next(L, LEFT) != 0) {
        log_warn("reload: field %s of a conn is not plain data, it is lost: %s",
                 lua_tostring(L, -2), lua_tostring(L, -1));
        lua_pop(L, 1);
    }
}

static int pack_all(lua_State *L)
{
    struct packer packer = {.L = L, .pack = lua_touserdata(L, 1)};

    for (int i = NUMBERS; i <= TOP; i++)
        lua_newtable(L);
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, script_of(L)->on_reload) != LUA_TNIL)
        lua_call(L, 0, 1);
    if (!pack_value(&packer))
        return luaL_error(L,
                          "fes.on_reload: what it gives must be plain data, "
                          "got %s%s%s",
                          packer.what, packer.where[0] != '\0' ? " at " : "",
                          packer.where);
    pack_conns(&packer);
    put_tag(&packer, PACKED_END);
    warn_of_left_out(&packer);
    return 0;
}

bool pack_script(struct script *script, struct pack *pack)
{
    if (call_lua(script, pack_all, pack, "on_reload", 0))
        return true;
    lua_pop(script->L, 1);
    return false;
}
