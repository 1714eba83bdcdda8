/*
 * fes.pool: pools and bockets as Lua objects. The pool belongs to its object,
 * which frees it when it is closed or collected, and with it all its bockets.
 */
#include "net/memory/pool.h"
#include "script/object/objects.h"
#include "script/object/type.h"
#include "script/vm/options.h"
#include "script/vm/script.h"

#include <lauxlib.h>

enum { OWNER = 1 }; /* the user value of a bocket that holds its pool */

/* The numbers of the fields of pools, and of bockets; see type.h. */
enum { FIELD_NUMBER = 1, FIELD_SIZE };
enum { FIELD_OFFSET = 1 };

struct pool_box {
    struct pool *pool; /* NULL: closed */
    size_t number;     /* bockets */
    size_t size;       /* bytes of each */
};

struct bocket_box {
    struct bocket *bocket;
    uint32_t generation; /* the bocket's when it was checked out for this box */
};

static struct pool_box *check_pool(lua_State *L)
{
    struct pool_box *box = type_check(L, 1, TYPE_POOL);

    if (box->pool == NULL)
        luaL_error(L, "pool: it is closed");
    return box;
}

/* The bocket at `index`, which must be checked out. Pushes its pool, for
 * pool_of_checked(). */
static struct bocket *check_bocket(lua_State *L, int index)
{
    struct bocket_box *box = type_check(L, index, TYPE_BOCKET);

    lua_getiuservalue(L, index, OWNER);

    struct pool_box *owner = lua_touserdata(L, -1);

    if (owner->pool == NULL)
        luaL_error(L, "bocket: its pool is closed");
    if (box->bocket->holders == 0 || box->bocket->generation != box->generation)
        luaL_error(L, "bocket: it is checked in already");
    return box->bocket;
}

/* The pool of the bocket, which check_bocket() has left on top of the stack. */
static struct pool_box *pool_of_checked(lua_State *L)
{
    return lua_touserdata(L, -1);
}

static size_t check_size(lua_State *L, int arg, const char *what)
{
    int exact;
    lua_Integer given = lua_tointegerx(L, arg, &exact);

    if (!exact || given < 1 || given > UINT32_MAX / 2)
        luaL_error(L, "fes.pool: %s must be an integer above 0, got %s", what,
                   options_push_words(L, arg));
    return (size_t)given;
}

/* fes.pool(number, size) -> pool */
int pool_lua(lua_State *L)
{
    size_t number = check_size(L, 1, "number");
    size_t size = check_size(L, 2, "size");
    struct pool_box *box;

    script_check_open(L, "fes.pool");
    box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (struct pool_box){.number = number, .size = size};
    type_set(L, TYPE_POOL);
    box->pool = pool_new(number, size, false);
    if (box->pool == NULL)
        return luaL_error(L, "fes.pool: no room for %I bockets of %I bytes",
                          (lua_Integer)number, (lua_Integer)size);
    return 1;
}

/*
 * pool:checkout() -> bocket | nil
 *
 * Taking memory may run a finalizer, which may close the pool: so here, and in
 * bocket:write, that comes before the check.
 */
static int l_checkout(lua_State *L)
{
    struct bocket_box *box = lua_newuserdatauv(L, sizeof *box, 1);
    struct pool_box *pool = check_pool(L);

    box->bocket = pool_checkout(pool->pool, POOL_RESERVE);
    if (box->bocket == NULL) {
        luaL_pushfail(L);
        return 1;
    }
    box->generation = box->bocket->generation;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, OWNER);
    type_set(L, TYPE_BOCKET);
    return 1;
}

/* pool:checkin(bocket) */
static int l_checkin(lua_State *L)
{
    struct pool_box *pool = check_pool(L);
    lua_settop(L, 2);

    struct bocket *bocket = check_bocket(L, 2);

    if (pool_of_checked(L) != pool)
        return luaL_error(L, "pool:checkin: a bocket of another pool");
    pool_checkin(pool->pool, bocket);
    return 0;
}

/* pool:count() -> number of free bockets */
static int l_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)pool_free_count(check_pool(L)->pool));
    return 1;
}

/* pool:close(); no effect if the pool is closed already */
static int l_close(lua_State *L)
{
    struct pool_box *box = type_check(L, 1, TYPE_POOL);

    if (box->pool != NULL)
        pool_free(box->pool);
    box->pool = NULL;
    return 0;
}

/* An optional offset or length: an integer in 0..most. */
static size_t opt_bytes(lua_State *L, int arg, size_t most, size_t otherwise,
                        const char *what)
{
    int exact;
    lua_Integer given = lua_tointegerx(L, arg, &exact);

    if (lua_isnoneornil(L, arg))
        return otherwise;
    if (!exact || given < 0 || (size_t)given > most)
        luaL_error(L, "bocket: %s must be an integer in 0..%I, got %s", what,
                   (lua_Integer)most, options_push_words(L, arg));
    return (size_t)given;
}

/* bocket:write(data[, offset]) */
static int l_write(lua_State *L)
{
    lua_settop(L, 3);

    size_t length;
    const char *data = luaL_checklstring(L, 2, &length);
    struct bocket *bocket = check_bocket(L, 1);
    size_t size = pool_of_checked(L)->size;
    size_t offset = opt_bytes(L, 3, size, 0, "offset");

    if (length > size - offset)
        return luaL_error(L, "bocket:write: %I bytes at %I do not fit in %I",
                          (lua_Integer)length, (lua_Integer)offset,
                          (lua_Integer)size);
    if (offset > bocket->used)
        memset(bocket->bytes + bocket->used, 0, offset - bocket->used);
    memcpy(bocket->bytes + offset, data, length);
    if (offset + length > bocket->used)
        bocket->used = (uint32_t)(offset + length);
    return 0;
}

/* bocket:read([offset[, n]]) -> the bytes there, as far as they were written */
static int l_read(lua_State *L)
{
    lua_settop(L, 3);

    struct bocket *bocket = check_bocket(L, 1);
    size_t size = pool_of_checked(L)->size;
    size_t offset = opt_bytes(L, 2, size, 0, "offset");
    size_t n = opt_bytes(L, 3, size - offset, size - offset, "n");
    size_t written = offset < bocket->used ? bocket->used - offset : 0;

    lua_pushlstring(L, (const char *)bocket->bytes + offset,
                    n < written ? n : written);
    return 1;
}

static int l_pool_index(lua_State *L)
{
    const struct pool_box *box = lua_touserdata(L, 1);

    switch (type_push_member(L)) {
    case FIELD_NUMBER:
        lua_pushinteger(L, (lua_Integer)box->number);
        break;
    case FIELD_SIZE:
        lua_pushinteger(L, (lua_Integer)box->size);
        break;
    default:
        break;
    }
    return 1;
}

static int l_bocket_index(lua_State *L)
{
    if (type_push_member(L) != FIELD_OFFSET)
        return 1;

    struct bocket *bocket = check_bocket(L, 1);

    lua_pushinteger(L,
                    (lua_Integer)pool_offset(pool_of_checked(L)->pool, bocket));
    return 1;
}

static const luaL_Reg pool_methods[] = {
    {"checkout", l_checkout}, {"checkin", l_checkin}, {"count", l_count},
    {"close", l_close},       {NULL, NULL},
};

static const luaL_Reg bocket_methods[] = {
    {"write", l_write},
    {"read", l_read},
    {NULL, NULL},
};

void pool_open(lua_State *L)
{
    static const char *const pool_fields[] = {"number", "size", NULL};
    static const char *const bocket_fields[] = {"offset", NULL};

    type_new(L, TYPE_POOL, pool_methods, pool_fields, l_pool_index);
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__close");
    type_new(L, TYPE_BOCKET, bocket_methods, bocket_fields, l_bocket_index);
    lua_pop(L, 2);
}
