#include "script/reload/packed.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4096 };

static bool reserve(struct pack *pack, size_t length)
{
    size_t capacity = 2 * pack->capacity + length + FIRST_CAPACITY;
    unsigned char *more;

    if (pack->bytes != NULL && pack->capacity - pack->used >= length)
        return true;
    more = realloc(pack->bytes, capacity);
    if (more == NULL)
        return false;
    pack->bytes = more;
    pack->capacity = capacity;
    return true;
}

bool packed_put(struct pack *pack, const void *bytes, size_t length)
{
    if (!reserve(pack, length))
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
