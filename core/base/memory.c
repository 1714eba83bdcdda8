#include "base/memory.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void *memory_map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

void memory_unmap(void *at, size_t bytes)
{
    if (at != NULL)
        munmap(at, bytes);
}

void memory_discard(void *at, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if ((uintptr_t)at % page == 0 && bytes % page == 0)
        madvise(at, bytes, MADV_DONTNEED);
}
