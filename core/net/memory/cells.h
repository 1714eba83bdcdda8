/*
 * cells.h - a store of bytes with a bound: small cells, chained
 *
 * What is kept for later (the newest message of each key) has any length. It
 * lies in cells of CELL bytes out of one mapped array, a chain of them for each
 * piece of data, so nothing has to be moved or joined, and what is full is full
 * by the number of cells. A cell may also hold one struct of CELL bytes.
 *
 * Cells that are free go out again last in, first out; one that was never out
 * costs nothing.
 */
#ifndef FES_MEMORY_CELLS_H
#define FES_MEMORY_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CELL = 64, CELL_BYTES = CELL - sizeof(uint32_t) };

#define CELL_NONE UINT32_MAX

struct cells {
    struct cell *all; /* NULL: not yet mapped */
    uint32_t number;
    uint32_t fresh; /* cells from here on were never out */
    uint32_t rest;  /* the free one that goes out next */
    uint32_t free;  /* cells that are free, in all */
};

/* Where one is in a chain. */
struct cell_reader {
    uint32_t cell;
    uint32_t offset; /* in the cell's bytes */
    size_t left;     /* bytes of the chain still to come */
};

/*
 * As many cells as `bytes` hold. They are mapped when the first is taken, or
 * by cells_map().
 */
void cells_init(struct cells *cells, size_t bytes);
void cells_free(struct cells *cells);

/* The bytes of all cells. */
size_t cells_bytes(const struct cells *cells);

/* May the number of bytes be changed to this, and do so. False: some are in
 * use, and it is another. */
bool cells_may_resize(const struct cells *cells, size_t bytes);
bool cells_resize(struct cells *cells, size_t bytes);

/* False, with errno set: the system has no room. */
bool cells_map(struct cells *cells);

/* How many cells a chain of `length` bytes has. */
uint32_t cells_for(size_t length);

/* Take and give back one cell. There must be one; cells_map() has been. */
uint32_t cells_take(struct cells *cells);
void cells_give(struct cells *cells, uint32_t cell);

/* The CELL bytes of a cell. */
void *cells_at(const struct cells *cells, uint32_t cell);

/* A chain of `length` bytes, all of them still to be written. */
uint32_t cells_new_chain(struct cells *cells, size_t length);
void cells_free_chain(struct cells *cells, uint32_t chain);

/* Begin to read or write a chain of `length` bytes. */
struct cell_reader cells_reader(uint32_t chain, size_t length);

/* The next bytes of the chain that lie together; NULL: it has ended. */
void *cells_next(const struct cells *cells, struct cell_reader *reader,
                 size_t most, size_t *length);

/* Write the next bytes of a chain. */
void cells_write(const struct cells *cells, struct cell_reader *writer,
                 const void *bytes, size_t length);

#endif
