#include "net/memory/slab.h"

void slab_init(struct slab *slab)
{
    slab->pool = NULL;
    slab->blocks = (struct blocks){0};
    link_init(&slab->holders);
    link_init(&slab->waiting);
}

bool slab_map(struct slab *slab, size_t number, size_t size)
{
    slab->pool = pool_new(number, size, true);
    if (slab->pool != NULL && blocks_map(&slab->blocks, number * size))
        return true;
    slab_unmap(slab);
    return false;
}

size_t slab_bytes_of(size_t number, size_t size)
{
    return number * (size + sizeof(struct bocket)) +
           blocks_bytes(number * size);
}

size_t slab_bytes(const struct slab *slab)
{
    return slab->pool != NULL
               ? slab_bytes_of(pool_number(slab->pool), pool_size(slab->pool))
               : 0;
}

void slab_unmap(struct slab *slab)
{
    if (slab->pool != NULL)
        pool_free(slab->pool);
    slab->pool = NULL;
    blocks_unmap(&slab->blocks);
}
