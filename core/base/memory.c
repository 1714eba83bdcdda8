#include "base/memory.h"

#include <sys/mman.h>

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
