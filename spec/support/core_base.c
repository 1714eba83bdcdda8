/*
 * core_base.c - base/heap, base/wheel, base/sites and base/text, for specs
 *
 * The nodes of a wheel or a heap are numbered from 0 to NODES - 1.
 */
#include "core.h"

#include "base/heap.h"
#include "base/sites.h"
#include "base/text.h"
#include "base/wheel.h"

#include <stdlib.h>

#define HEAP  "core.heap"
#define WHEEL "core.wheel"
#define SITES "core.sites"

enum { NODES = 4096 };

static size_t check_node(lua_State *L)
{
    size_t node = core_check_size(L, 2);

    luaL_argcheck(L, node < NODES, 2, "no such node");
    return node;
}

/* --------------------------------------------------------------------- heap */

struct l_heap {
    struct heap heap;
    struct heap_node nodes[NODES];
};

static struct l_heap *check_heap(lua_State *L)
{
    return luaL_checkudata(L, 1, HEAP);
}

/* heap:put(node, due) */
static int l_heap_put(lua_State *L)
{
    struct l_heap *self = check_heap(L);
    struct heap_node *node = &self->nodes[check_node(L)];

    node->due = core_check_size(L, 3);
    if (!heap_put(&self->heap, node))
        return luaL_error(L, "no memory");
    return 0;
}

/* heap:take(node) */
static int l_heap_take(lua_State *L)
{
    struct l_heap *self = check_heap(L);

    heap_take(&self->heap, &self->nodes[check_node(L)]);
    return 0;
}

/* heap:first() -> node | nil */
static int l_heap_first(lua_State *L)
{
    struct l_heap *self = check_heap(L);
    struct heap_node *first = heap_first(&self->heap);

    if (first == NULL)
        lua_pushnil(L);
    else
        lua_pushinteger(L, first - self->nodes);
    return 1;
}

/* heap:clear() */
static int l_heap_clear(lua_State *L)
{
    heap_clear(&check_heap(L)->heap);
    return 0;
}

/* core.heap() -> heap */
static int l_heap(lua_State *L)
{
    core_new_object(L, HEAP, sizeof(struct l_heap));
    return 1;
}

/* -------------------------------------------------------------------- wheel */

struct l_wheel {
    struct wheel wheel;
    struct wheel_node nodes[NODES];
    lua_State *L; /* set during wheel:turn() */
};

static struct l_wheel *check_wheel(lua_State *L)
{
    return luaL_checkudata(L, 1, WHEEL);
}

/* wheel:hang(node, due): add it */
static int l_wheel_hang(lua_State *L)
{
    struct l_wheel *self = check_wheel(L);
    size_t due = core_check_size(L, 3);

    wheel_add(&self->wheel, &self->nodes[check_node(L)], (uint32_t)due);
    return 0;
}

/* wheel:take(node): remove it */
static int l_wheel_take(lua_State *L)
{
    struct l_wheel *self = check_wheel(L);

    wheel_remove(&self->wheel, &self->nodes[check_node(L)]);
    return 0;
}

static void on_due(void *owner, struct wheel_node *node)
{
    struct l_wheel *self = owner;

    lua_pushvalue(self->L, 3);
    lua_pushinteger(self->L, node - self->nodes);
    lua_call(self->L, 1, 0);
}

/* wheel:turn(now, fn): fn(node) is called for each that is due */
static int l_wheel_turn(lua_State *L)
{
    struct l_wheel *self = check_wheel(L);
    size_t now = core_check_size(L, 2);

    luaL_checktype(L, 3, LUA_TFUNCTION);
    self->L = L;
    wheel_turn(&self->wheel, (uint32_t)now, on_due, self);
    return 0;
}

/* wheel:next() -> ticks | nil */
static int l_wheel_next(lua_State *L)
{
    uint32_t ticks;

    if (wheel_next(&check_wheel(L)->wheel, &ticks))
        lua_pushinteger(L, ticks);
    else
        lua_pushnil(L);
    return 1;
}

/* wheel:count() -> number of nodes in it */
static int l_wheel_count(lua_State *L)
{
    lua_pushinteger(L, check_wheel(L)->wheel.count);
    return 1;
}

/* core.wheel(now) -> wheel */
static int l_wheel(lua_State *L)
{
    size_t now = core_check_size(L, 1);
    struct l_wheel *self = core_new_object(L, WHEEL, sizeof *self);

    wheel_init(&self->wheel, (uint32_t)now);
    for (int i = 0; i < NODES; i++)
        wheel_node_init(&self->nodes[i]);
    return 1;
}

/* -------------------------------------------------------------------- sites */

static struct sites *check_sites(lua_State *L)
{
    return luaL_checkudata(L, 1, SITES);
}

static uint64_t check_key(lua_State *L)
{
    uint64_t key = (uint64_t)luaL_checkinteger(L, 2);

    luaL_argcheck(L, key != 0, 2, "0 is no key");
    return key;
}

/* sites:add(key) */
static int l_sites_add(lua_State *L)
{
    if (!sites_add(check_sites(L), check_key(L)))
        return luaL_error(L, "no memory");
    return 0;
}

/* sites:remove(key) */
static int l_sites_remove(lua_State *L)
{
    sites_remove(check_sites(L), check_key(L));
    return 0;
}

/* sites:count(key) -> integer */
static int l_sites_count(lua_State *L)
{
    lua_pushinteger(L, sites_count(check_sites(L), check_key(L)));
    return 1;
}

/* sites:look() -> keys that have a count, chains of the table */
static int l_sites_look(lua_State *L)
{
    struct sites *sites = check_sites(L);

    lua_pushinteger(L, (lua_Integer)sites->table.used);
    lua_pushinteger(L, (lua_Integer)sites->table.capacity);
    return 2;
}

/* sites:clear() */
static int l_sites_clear(lua_State *L)
{
    sites_clear(check_sites(L));
    return 0;
}

/* core.sites() -> sites */
static int l_sites(lua_State *L)
{
    core_new_object(L, SITES, sizeof(struct sites));
    return 1;
}

/* --------------------------------------------------------------------- text */

/* core.text_escape(bytes, space) -> text */
static int l_escape(lua_State *L)
{
    size_t length, space = core_check_size(L, 2);
    const char *bytes = luaL_checklstring(L, 1, &length);
    char *out = malloc(space > 0 ? space : 1); /* exact, for ASan */

    if (out == NULL)
        return luaL_error(L, "no memory");
    lua_pushlstring(L, out, text_escape(out, space, bytes, length));
    free(out);
    return 1;
}

/* core.text_distance(a, b) -> integer */
static int l_distance(lua_State *L)
{
    int distance =
        text_distance(luaL_checkstring(L, 1), luaL_checkstring(L, 2));

    lua_pushinteger(L, distance);
    return 1;
}

void core_open_base(lua_State *L)
{
    static const luaL_Reg heap_methods[] = {
        {"put", l_heap_put},     {"take", l_heap_take},
        {"first", l_heap_first}, {"clear", l_heap_clear},
        {"__gc", l_heap_clear},  {NULL, NULL},
    };
    static const luaL_Reg wheel_methods[] = {
        {"hang", l_wheel_hang},   {"take", l_wheel_take},
        {"turn", l_wheel_turn},   {"next", l_wheel_next},
        {"count", l_wheel_count}, {NULL, NULL},
    };
    static const luaL_Reg sites_methods[] = {
        {"add", l_sites_add},
        {"remove", l_sites_remove},
        {"count", l_sites_count},
        {"look", l_sites_look},
        {"clear", l_sites_clear},
        {"__gc", l_sites_clear},
        {NULL, NULL},
    };
    static const luaL_Reg functions[] = {
        {"heap", l_heap},
        {"wheel", l_wheel},
        {"sites", l_sites},
        {"text_escape", l_escape},
        {"text_distance", l_distance},
        {NULL, NULL},
    };

    core_new_type(L, HEAP, heap_methods);
    core_new_type(L, WHEEL, wheel_methods);
    core_new_type(L, SITES, sites_methods);
    luaL_setfuncs(L, functions, 0);
}
