/*
 * core_stream.c - net/memory/stream, for specs
 */
#include "core.h"
#include "net/memory/stream.h"

#define TYPE "core.stream"

static struct stream *check_stream(lua_State *L)
{
    return luaL_checkudata(L, 1, TYPE);
}

/* stream:takes(length) -> boolean */
static int l_takes(lua_State *L)
{
    lua_pushboolean(L, stream_fits(check_stream(L), core_check_size(L, 2)));
    return 1;
}

/* stream:bockets_for(length) -> integer */
static int l_bockets_for(lua_State *L)
{
    size_t n = stream_bockets_for(check_stream(L), core_check_size(L, 2));

    lua_pushinteger(L, (lua_Integer)n);
    return 1;
}

/* stream:write(bytes, ...): write one message that consists of these parts */
static int l_write(lua_State *L)
{
    struct stream *stream = check_stream(L);

    for (int i = 2; i <= lua_gettop(L); i++) {
        size_t length;
        const char *bytes = luaL_checklstring(L, i, &length);

        stream_write(stream, bytes, length);
    }
    stream_end_message(stream, NULL, 0);
    return 0;
}

static uint64_t check_message(lua_State *L, const struct stream *stream,
                              int arg)
{
    uint64_t message = core_check_size(L, arg);

    luaL_argcheck(L, message >= stream->base && message <= stream->next, arg,
                  "does not wait");
    return message;
}

/* stream:position(message) -> integer */
static int l_position(lua_State *L)
{
    struct stream *stream = check_stream(L);
    uint64_t message = check_message(L, stream, 2);

    lua_pushinteger(L, (lua_Integer)stream_position(stream, message));
    return 1;
}

/* stream:piece(from, to) -> bocket, offset, length, bytes */
static int l_piece(lua_State *L)
{
    struct stream *stream = check_stream(L);
    uint64_t from = core_check_size(L, 2);
    uint64_t to = core_check_size(L, 3);

    luaL_argcheck(L, from >= stream->base_at && from < to && to <= stream->at,
                  2, "does not wait");

    struct segment piece = stream_piece(stream, from, to);

    lua_pushlightuserdata(L, piece.bocket);
    lua_pushinteger(L, piece.offset);
    lua_pushinteger(L, piece.length);
    lua_pushlstring(L, (char *)piece.bocket->bytes + piece.offset,
                    piece.length);
    return 4;
}

/* stream:gather(from[, most]) -> table of the pieces' bytes, strings */
static int l_gather(lua_State *L)
{
    struct stream *stream = check_stream(L);
    uint64_t from = core_check_size(L, 2);
    lua_Integer most = luaL_optinteger(L, 3, INT32_MAX);

    lua_newtable(L);
    for (lua_Integer n = 1; from < stream->at && n <= most; n++) {
        struct segment piece = stream_piece(stream, from, stream->at);

        lua_pushlstring(L, (char *)piece.bocket->bytes + piece.offset,
                        piece.length);
        lua_rawseti(L, -2, n);
        from += piece.length;
    }
    return 1;
}

/* stream:trim(message) */
static int l_trim(lua_State *L)
{
    struct stream *stream = check_stream(L);

    stream_trim(stream, check_message(L, stream, 2));
    return 0;
}

/* stream:look() -> base, next, base_at, at, pieces */
static int l_look(lua_State *L)
{
    struct stream *stream = check_stream(L);

    lua_pushinteger(L, (lua_Integer)stream->base);
    lua_pushinteger(L, (lua_Integer)stream->next);
    lua_pushinteger(L, (lua_Integer)stream->base_at);
    lua_pushinteger(L, (lua_Integer)stream->at);
    lua_pushinteger(L, stream->npieces);
    return 5;
}

/* stream:waits() -> boolean */
static int l_waits(lua_State *L)
{
    lua_pushboolean(L, stream_has_messages(check_stream(L)));
    return 1;
}

/* stream:free(): to be called before pool:free() */
static int l_free(lua_State *L)
{
    struct stream *stream = check_stream(L);

    if (stream->pool != NULL)
        stream_free(stream);
    *stream = (struct stream){0};
    return 0;
}

/* core.stream(pool, bockets) -> stream */
static int l_stream(lua_State *L)
{
    struct pool *pool = core_check_pool(L, 1);
    size_t bockets = core_check_size(L, 2);
    struct stream *stream = core_new_object(L, TYPE, sizeof *stream);

    if (!stream_init(stream, pool, bockets))
        return luaL_error(L, "no memory");
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    return 1;
}

void core_open_stream(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"takes", l_takes}, {"bockets_for", l_bockets_for},
        {"write", l_write}, {"position", l_position},
        {"piece", l_piece}, {"gather", l_gather},
        {"trim", l_trim},   {"look", l_look},
        {"waits", l_waits}, {"free", l_free},
        {NULL, NULL},
    };

    core_new_type(L, TYPE, methods);
    lua_pushcfunction(L, l_stream);
    lua_setfield(L, -2, "stream");
    lua_pushinteger(L, STREAM_MESSAGES);
    lua_setfield(L, -2, "STREAM_MESSAGES");
}
