/*
 * memory.h - memory mapped once, for arrays with an upper bound
 *
 * Mapped memory is zero, and a page takes physical memory only once it is
 * touched. So an array can be mapped in the largest size that it may ever need.
 */
#ifndef FES_BASE_MEMORY_H
#define FES_BASE_MEMORY_H

#include <stddef.h>

/* Map `bytes` bytes, more than 0. NULL, with errno set: the system refuses. */
void *memory_map(size_t bytes);

/* Unmap what memory_map(bytes) gave. Does nothing if `at` is NULL. */
void memory_unmap(void *at, size_t bytes);

/*
 * Give the physical memory of a part of it back; its bytes are undefined then.
 * No effect unless the part is made of whole pages of the system.
 */
void memory_discard(void *at, size_t bytes);

#endif
