#include "script/object/received.h"

#include "script/vm/script.h"

#include <lauxlib.h>

enum { STRING_OVERHEAD = 64 }; /* bytes; more than Lua adds to the data */

void received_push(lua_State *L, const struct received *data)
{
    luaL_Buffer buffer;

    if (data->count == 1) {
        const struct segment *piece = data->pieces;

        lua_pushlstring(L, (char *)piece->bocket->bytes + piece->offset,
                        piece->length);
        return;
    }
    luaL_buffinitsize(L, &buffer, data->length);
    for (int i = 0; i < data->count; i++) {
        const struct segment *piece = &data->pieces[i];

        luaL_addlstring(&buffer, (char *)piece->bocket->bytes + piece->offset,
                        piece->length);
    }
    luaL_pushresult(&buffer);
}

bool received_push_at_once(lua_State *L, const struct received *data)
{
    struct allocator *allocator = &script_of(L)->limits.allocator;

    if (data->count != 1 ||
        !allocator_assure(allocator, data->length + STRING_OVERHEAD))
        return false;
    received_push(L, data);
    allocator_relax(allocator);
    return true;
}

void received_checkin(const struct received *data)
{
    for (int i = 0; i < data->count; i++)
        pool_checkin(data->pool, data->pieces[i].bocket);
}
