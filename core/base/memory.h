/*
 * memory.h - memory mapped once, for what has a bound
 *
 * Mapped memory is zero, and a page of it costs nothing until it is touched:
 * an array may be as long as its bound without anybody paying for it.
 */
#ifndef FES_BASE_MEMORY_H
#define FES_BASE_MEMORY_H

#include <stddef.h>

/* Map `bytes` bytes. NULL, with errno set, if the system has no room. */
void *memory_map(size_t bytes);

/* Give back what memory_map(bytes) gave; NULL is no harm. */
void memory_unmap(void *at, size_t bytes);

#endif
