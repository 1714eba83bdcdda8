#include "net/memory/slab.h"

void slab_init(struct slab *slab)
{
    slab->pool = NULL;
    link_init(&slab->holders);
    link_init(&slab->waiting);
}

bool slab_map(struct slab *slab, size_t number, size_t size)
{
    slab->pool = pool_new(number, size, true);
    return slab->pool != NULL;
}

size_t slab_bytes(const struct slab *slab)
{
    return slab->pool != NULL ? pool_number(slab->pool) * pool_size(slab->pool)
                              : 0;
}

void slab_unmap(struct slab *slab)
{
    if (slab->pool != NULL)
        pool_free(slab->pool);
    slab->pool = NULL;
}
