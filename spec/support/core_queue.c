/*
 * core_queue.c - net/memory/queue, for specs
 *
 * A store keeps its pool alive, and a queue its store. Their finalizers do not
 * check in bockets, so a spec can see that it has forgotten to clear a queue.
 */
#include "core.h"
#include "net/memory/queue.h"

#define STORE "core.queue_store"
#define QUEUE "core.queue"

enum { MOST_PIECES = 1024 };

struct l_store {
    struct queue_store store;
    struct blocks blocks;
    struct bocket *shared;
};

struct l_queue {
    struct queue queue;
    struct l_store *store;
};

static struct l_store *check_store(lua_State *L, int arg)
{
    return luaL_checkudata(L, arg, STORE);
}

static struct l_queue *check_queue(lua_State *L)
{
    return luaL_checkudata(L, 1, QUEUE);
}

/* Three arguments as a segment: bocket, offset, length. */
static struct segment check_piece(lua_State *L, int arg)
{
    return (struct segment){
        .bocket = core_check_bocket(L, arg),
        .offset = (uint32_t)core_check_size(L, arg + 1),
        .length = (uint32_t)core_check_size(L, arg + 2),
    };
}

/* -------------------------------------------------------------------- queue */

/* queue:write(bytes[, share[, apart]]); `apart`: not into the bocket that is
 * shared for writing, as when pieces of a stream are copied */
static int l_write(lua_State *L)
{
    struct l_queue *self = check_queue(L);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    struct bocket *none = NULL;
    struct bocket **shared = lua_toboolean(L, 4) ? &none : &self->store->shared;

    queue_write(&self->store->store, &self->queue, bytes, length, shared,
                core_opt_share(L, 3));
    return 0;
}

/* queue:bockets_for(length[, apart]) -> integer */
static int l_bockets_for(lua_State *L)
{
    struct l_queue *self = check_queue(L);
    struct bocket *shared = lua_toboolean(L, 3) ? NULL : self->store->shared;
    size_t n = queue_bockets_for(&self->store->store, &self->queue,
                                 core_check_size(L, 2), shared);

    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/* queue:has_blocks(segments) -> boolean */
static int l_has_blocks(lua_State *L)
{
    struct l_queue *self = check_queue(L);

    lua_pushboolean(L, queue_has_blocks(&self->store->store, &self->queue,
                                        core_check_size(L, 2)));
    return 1;
}

/* queue:refer(bocket, offset, length) */
static int l_refer(lua_State *L)
{
    struct l_queue *self = check_queue(L);
    struct segment piece = check_piece(L, 2);

    queue_add_piece(&self->store->store, &self->queue, &piece);
    return 0;
}

/* queue:copies(bocket, offset, length) -> boolean */
static int l_copies(lua_State *L)
{
    struct l_queue *self = check_queue(L);
    struct segment piece = check_piece(L, 2);

    lua_pushboolean(
        L, queue_should_copy(&self->store->store, &self->queue, &piece));
    return 1;
}

/* queue:gather([most]) -> table of the first segments' bytes, strings */
static int l_gather(lua_State *L)
{
    struct l_queue *self = check_queue(L);
    struct iovec pieces[MOST_PIECES];
    lua_Integer most = luaL_optinteger(L, 2, MOST_PIECES);

    luaL_argcheck(L, most >= 0 && most <= MOST_PIECES, 2, "too many");

    int n = queue_gather(&self->queue, pieces, (int)most);

    lua_newtable(L);
    for (int i = 0; i < n; i++) {
        lua_pushlstring(L, pieces[i].iov_base, pieces[i].iov_len);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* queue:consume(length) */
static int l_consume(lua_State *L)
{
    struct l_queue *self = check_queue(L);

    queue_consume(&self->store->store, &self->queue, core_check_size(L, 2));
    return 0;
}

/* queue:clear() */
static int l_clear(lua_State *L)
{
    struct l_queue *self = check_queue(L);

    queue_clear(&self->store->store, &self->queue);
    return 0;
}

/* queue:bytes() -> integer */
static int l_bytes(lua_State *L)
{
    lua_pushinteger(L, check_queue(L)->queue.bytes);
    return 1;
}

/* queue:segments() -> integer */
static int l_segments(lua_State *L)
{
    lua_pushinteger(L, check_queue(L)->queue.count);
    return 1;
}

/* -------------------------------------------------------------------- store */

/* store:queue() -> queue */
static int l_queue(lua_State *L)
{
    struct l_store *store = check_store(L, 1);
    struct l_queue *self = core_new_object(L, QUEUE, sizeof *self);

    self->store = store;
    queue_init(&self->queue);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    return 1;
}

/* store:end_turn(): check in the bocket that is shared for writing */
static int l_end_turn(lua_State *L)
{
    struct l_store *self = check_store(L, 1);

    if (self->shared != NULL)
        pool_checkin(self->store.pool, self->shared);
    self->shared = NULL;
    return 0;
}

/* store:blocks_taken() -> integer */
static int l_blocks_taken(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_store(L, 1)->blocks.taken);
    return 1;
}

/* store:blocks_available([share]) -> integer */
static int l_blocks_available(lua_State *L)
{
    size_t n =
        blocks_available(&check_store(L, 1)->blocks, core_opt_share(L, 2));

    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/* store:free() */
static int l_free(lua_State *L)
{
    blocks_unmap(&check_store(L, 1)->blocks);
    return 0;
}

/* core.queue_store(pool[, bytes]) -> store, with the blocks for a slab of so
 * many bytes */
static int l_queue_store(lua_State *L)
{
    struct pool *pool = core_check_pool(L, 1);
    size_t bytes = (size_t)luaL_optinteger(L, 2, 0);
    struct l_store *self = core_new_object(L, STORE, sizeof *self);

    if (!blocks_map(&self->blocks, bytes))
        return luaL_error(L, "no memory");
    self->store = (struct queue_store){pool, &self->blocks};
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    return 1;
}

void core_open_queue(lua_State *L)
{
    static const luaL_Reg queue_methods[] = {
        {"write", l_write},
        {"bockets_for", l_bockets_for},
        {"refer", l_refer},
        {"copies", l_copies},
        {"gather", l_gather},
        {"consume", l_consume},
        {"clear", l_clear},
        {"bytes", l_bytes},
        {"segments", l_segments},
        {"has_blocks", l_has_blocks},
        {NULL, NULL},
    };
    static const luaL_Reg store_methods[] = {
        {"queue", l_queue},
        {"end_turn", l_end_turn},
        {"blocks_taken", l_blocks_taken},
        {"blocks_available", l_blocks_available},
        {"free", l_free},
        {"__gc", l_free},
        {NULL, NULL},
    };

    core_new_type(L, QUEUE, queue_methods);
    core_new_type(L, STORE, store_methods);
    lua_pushcfunction(L, l_queue_store);
    lua_setfield(L, -2, "queue_store");
    lua_pushinteger(L, BLOCK_SEGMENTS);
    lua_setfield(L, -2, "BLOCK_SEGMENTS");
}
