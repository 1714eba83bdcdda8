#include "net/memory/blocks.h"

#include "base/memory.h"

#include <assert.h>

enum {
    PAGE = 4096,
    PAGE_BLOCKS = 33,
    SLAB_DIVISOR = 8, /* an eighth of the slab, but at least LEAST_PAGES: */
    LEAST_PAGES = 32, /* the longest message of the smallest bockets fits */
    RESERVE_DIVISOR = 8,
    KEPT_PAGES = 16 /* unused pages that keep their memory */
};

#define ALL_FREE ((UINT64_C(1) << PAGE_BLOCKS) - 1)

struct blocks_page {
    _Alignas(PAGE) struct link open; /* in the list, unless all are taken */
    uint64_t free;                   /* bit i: block i is free */
    struct block blocks[PAGE_BLOCKS];
};

_Static_assert(sizeof(struct blocks_page) == PAGE, "a page has as many");

static uint32_t pages_for(size_t slab)
{
    size_t pages = slab / SLAB_DIVISOR / PAGE;

    if (pages < LEAST_PAGES)
        return LEAST_PAGES;
    return pages < UINT32_MAX ? (uint32_t)pages : UINT32_MAX;
}

size_t blocks_bytes(size_t slab)
{
    return pages_for(slab) * (sizeof(struct blocks_page) + sizeof(uint32_t));
}

static size_t bytes_of_pages(const struct blocks *blocks)
{
    return blocks->number * sizeof *blocks->pages;
}

bool blocks_map(struct blocks *blocks, size_t slab)
{
    *blocks = (struct blocks){.number = pages_for(slab)};
    link_init(&blocks->open);
    blocks->pages = memory_map(bytes_of_pages(blocks));
    blocks->returned = memory_map(blocks->number * sizeof *blocks->returned);
    if (blocks->pages != NULL && blocks->returned != NULL)
        return true;
    blocks_unmap(blocks);
    return false;
}

void blocks_unmap(struct blocks *blocks)
{
    memory_unmap(blocks->pages, bytes_of_pages(blocks));
    memory_unmap(blocks->returned, blocks->number * sizeof *blocks->returned);
    blocks->pages = NULL;
    blocks->returned = NULL;
}

size_t blocks_most(const struct blocks *blocks, enum pool_share share)
{
    size_t all = (size_t)blocks->number * PAGE_BLOCKS;

    return share == POOL_RESERVE ? all : all - all / RESERVE_DIVISOR;
}

size_t blocks_available(const struct blocks *blocks, enum pool_share share)
{
    size_t most = blocks_most(blocks, share);

    return blocks->taken < most ? most - blocks->taken : 0;
}

/* Begin to use a page that takes no memory. */
static void open_page(struct blocks *blocks)
{
    uint32_t index = blocks->nreturned > 0
                         ? blocks->returned[--blocks->nreturned]
                         : blocks->fresh++;

    assert(index < blocks->number);

    struct blocks_page *page = &blocks->pages[index];

    page->free = ALL_FREE;
    link_init(&page->open);
    link_before(&blocks->open, &page->open);
    blocks->unused++;
}

struct block *blocks_take(struct blocks *blocks)
{
    struct blocks_page *page;
    int bit;

    if (link_alone(&blocks->open))
        open_page(blocks);
    page = link_owner(blocks->open.next, struct blocks_page, open);
    bit = __builtin_ctzll(page->free);
    blocks->unused -= page->free == ALL_FREE;
    blocks->taken++;
    page->free &= page->free - 1;
    if (page->free == 0)
        link_out(&page->open);
    return &page->blocks[bit];
}

/* The last block of a page is free: keep its memory, or return that. */
static void close_page(struct blocks *blocks, struct blocks_page *page)
{
    link_last(&blocks->open, &page->open);
    blocks->unused++;
    if (blocks->unused <= KEPT_PAGES)
        return;
    link_out(&page->open);
    blocks->unused--;
    blocks->returned[blocks->nreturned++] = (uint32_t)(page - blocks->pages);
    memory_discard(page, sizeof *page);
}

void blocks_give(struct blocks *blocks, struct block *block)
{
    size_t offset = (size_t)((char *)block - (char *)blocks->pages);
    struct blocks_page *page = &blocks->pages[offset / PAGE];
    uint64_t bit = UINT64_C(1) << (block - page->blocks);

    assert((page->free & bit) == 0);
    if (page->free == 0)
        link_before(blocks->open.next, &page->open);
    page->free |= bit;
    blocks->taken--;
    if (page->free == ALL_FREE)
        close_page(blocks, page);
}
