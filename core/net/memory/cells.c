#include "net/memory/cells.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

struct cell {
    uint32_t next;
    unsigned char bytes[CELL_BYTES];
};

_Static_assert(sizeof(struct cell) == CELL, "a cell has no padding");

static uint32_t cells_in(size_t bytes)
{
    size_t number = bytes / CELL + (bytes % CELL > 0);

    return number < CELL_NONE ? (uint32_t)number : CELL_NONE - 1;
}

void cells_init(struct cells *cells, size_t bytes)
{
    *cells = (struct cells){
        .number = cells_in(bytes),
        .rest = CELL_NONE,
    };
    cells->free = cells->number;
}

size_t cells_bytes(const struct cells *cells)
{
    return (size_t)cells->number * sizeof *cells->all;
}

bool cells_may_resize(const struct cells *cells, size_t bytes)
{
    return cells_in(bytes) == cells->number || cells->free == cells->number;
}

bool cells_resize(struct cells *cells, size_t bytes)
{
    if (cells_in(bytes) == cells->number)
        return true;
    if (!cells_may_resize(cells, bytes))
        return false;
    cells_free(cells);
    cells_init(cells, bytes);
    return true;
}

void cells_free(struct cells *cells)
{
    memory_unmap(cells->all, cells_bytes(cells));
    cells->all = NULL;
}

bool cells_map(struct cells *cells)
{
    if (cells->all == NULL && cells->number > 0)
        cells->all = memory_map(cells_bytes(cells));
    return cells->all != NULL;
}

uint32_t cells_for(size_t length)
{
    return (uint32_t)((length + CELL_BYTES - 1) / CELL_BYTES);
}

uint32_t cells_take(struct cells *cells)
{
    uint32_t cell = cells->rest;

    assert(cells->all != NULL && cells->free > 0);
    cells->free--;
    if (cell == CELL_NONE)
        return cells->fresh++;
    cells->rest = cells->all[cell].next;
    return cell;
}

void cells_give(struct cells *cells, uint32_t cell)
{
    cells->all[cell].next = cells->rest;
    cells->rest = cell;
    cells->free++;
}

void *cells_at(const struct cells *cells, uint32_t cell)
{
    return &cells->all[cell];
}

/* Taken from the last cell to the first, so that each is linked at once. */
uint32_t cells_new_chain(struct cells *cells, size_t length)
{
    uint32_t chain = CELL_NONE;

    for (uint32_t left = cells_for(length); left > 0; left--) {
        uint32_t cell = cells_take(cells);

        cells->all[cell].next = chain;
        chain = cell;
    }
    return chain;
}

void cells_free_chain(struct cells *cells, uint32_t chain)
{
    while (chain != CELL_NONE) {
        uint32_t next = cells->all[chain].next;

        cells_give(cells, chain);
        chain = next;
    }
}

struct cell_reader cells_reader(uint32_t chain, size_t length)
{
    return (struct cell_reader){.cell = chain, .left = length};
}

void *cells_next(const struct cells *cells, struct cell_reader *reader,
                 size_t most, size_t *length)
{
    struct cell *cell;
    size_t n = CELL_BYTES - reader->offset;

    if (reader->left == 0)
        return NULL;
    if (n == 0) {
        reader->cell = cells->all[reader->cell].next;
        reader->offset = 0;
        n = CELL_BYTES;
    }
    n = n < reader->left ? n : reader->left;
    n = n < most ? n : most;
    cell = &cells->all[reader->cell];
    *length = n;

    void *bytes = cell->bytes + reader->offset;

    reader->offset += (uint32_t)n;
    reader->left -= n;
    return bytes;
}

void cells_write(const struct cells *cells, struct cell_reader *writer,
                 const void *bytes, size_t length)
{
    const unsigned char *from = bytes;
    size_t n;

    while (length > 0) {
        void *to = cells_next(cells, writer, length, &n);

        assert(to != NULL);
        memcpy(to, from, n);
        from += n;
        length -= n;
    }
}
