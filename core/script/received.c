#include "script/received.h"

#include <lauxlib.h>

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

void received_checkin(const struct received *data)
{
    for (int i = 0; i < data->count; i++)
        pool_checkin(data->pool, data->pieces[i].bocket);
}
