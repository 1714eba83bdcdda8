/*
 * cells.h - a bounded store of bytes in small chained cells
 *
 * Retained messages have any length and change often. Each lies in a chain of
 * cells of CELL bytes, out of one mapped array: nothing is moved or joined when
 * one is freed, and the store is full when no cell is free. A cell may also
 * hold one struct of at most CELL bytes.
 *
 * Free cells are taken again last in, first out. A cell that was never taken
 * takes no memory.
 */
#ifndef FES_MEMORY_CELLS_H
#define FES_MEMORY_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a cell; how many of a chain lie in one, beside the link. */
enum { CELL = 64, CELL_BYTES = CELL - sizeof(uint32_t) };

#define CELL_NONE UINT32_MAX

struct cells {
    struct cell *all; /* NULL: not mapped yet */
    uint32_t number;
    uint32_t fresh; /* cells from this index on were never taken */
    uint32_t rest;  /* the first of the list of free cells, or CELL_NONE */
    uint32_t free;  /* free cells in all, also those never taken */
};

/* A position in a chain. */
struct cell_reader {
    uint32_t cell;
    uint32_t offset; /* in the cell's bytes */
    size_t left;     /* bytes of the chain still to come */
};

/*
 * Make a store of `bytes` bytes, rounded up to cells; at most CELL_NONE - 1
 * cells. It is mapped only by cells_map().
 */
void cells_init(struct cells *cells, size_t bytes);

/* Unmap the store. Only cells_init() may follow. */
void cells_free(struct cells *cells);

/* The bytes of all cells. */
size_t cells_bytes(const struct cells *cells);

/*
 * Make it a store of `bytes` bytes. False: cells are taken, and their number
 * would change. cells_may_resize() only answers whether that would be so.
 */
bool cells_may_resize(const struct cells *cells, size_t bytes);
bool cells_resize(struct cells *cells, size_t bytes);

/* Map the store, unless it is mapped. False: no memory (errno is set), or the
 * store has no cells. */
bool cells_map(struct cells *cells);

/* How many cells a chain of `length` bytes has. */
uint32_t cells_for(size_t length);

/* Take a cell, or give it back. The store is mapped and has a free one. */
uint32_t cells_take(struct cells *cells);
void cells_give(struct cells *cells, uint32_t cell);

/* The CELL bytes of a cell. */
void *cells_at(const struct cells *cells, uint32_t cell);

/* Take the cells of a chain of `length` bytes, which are still to be written.
 * Returns its first cell; CELL_NONE if `length` is 0. */
uint32_t cells_new_chain(struct cells *cells, size_t length);
void cells_free_chain(struct cells *cells, uint32_t chain);

/* Begin to read or write a chain of `length` bytes. */
struct cell_reader cells_reader(uint32_t chain, size_t length);

/*
 * The next bytes of the chain that lie together, and in `*length` how many: at
 * least 1, at most `most`. NULL: the chain has ended.
 */
void *cells_next(const struct cells *cells, struct cell_reader *reader,
                 size_t most, size_t *length);

/* Write the next bytes of a chain. */
void cells_write(const struct cells *cells, struct cell_reader *writer,
                 const void *bytes, size_t length);

#endif
