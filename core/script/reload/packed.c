#include "script/reload/packed.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4096 };

static bool make_room(struct pack *pack, size_t length)
{
    size_t room = 2 * pack->room + length + FIRST_ROOM;
    unsigned char *more;

    if (pack->bytes != NULL && pack->room - pack->used >= length)
        return true;
    more = realloc(pack->bytes, room);
    if (more == NULL)
        return false;
    pack->bytes = more;
    pack->room = room;
    return true;
}

bool packed_put(struct pack *pack, const void *bytes, size_t length)
{
    if (!make_room(pack, length))
        return false;
    memcpy(pack->bytes + pack->used, bytes, length);
    pack->used += length;
    return true;
}

void packed_take(struct unpacking *unpacking, void *out, size_t length)
{
    memcpy(out, unpacking->at, length);
    unpacking->at += length;
}

enum packed packed_take_tag(struct unpacking *unpacking)
{
    return (enum packed) * unpacking->at++;
}

uint64_t packed_take_number(struct unpacking *unpacking)
{
    uint64_t number;

    packed_take(unpacking, &number, sizeof number);
    return number;
}

void packed_free(struct pack *pack)
{
    free(pack->bytes);
}
