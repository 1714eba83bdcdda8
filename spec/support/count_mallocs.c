/*
 * count_mallocs.c - to be preloaded: who asks the C library for memory?
 *
 * It stands between a program and malloc(3), and counts the calls that do not
 * come from the Lua state. The count stands in the file that FES_MALLOCS
 * names, which is mapped, so that it can be looked at while the program runs:
 *
 *     "1234 /usr/bin/fes+0x5678\n"     calls so far, and who made the last one
 *
 * padded with zeros; addr2line(1) makes a line of source of it.
 *
 * The Lua state asks by way of its allocator, which it calls itself: there is
 * no more than one function between liblua and malloc(3) or realloc(3). Not
 * under ASan, which takes that place for itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    BYTES = 4096,
    ABOVE = 4 /* note_of_lua, malloc, the allocator, Lua */
};

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t number, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static char *told;
static unsigned long calls;
static uintptr_t lua_from, lua_to;

static bool is_lua(const void *caller)
{
    return (uintptr_t)caller >= lua_from && (uintptr_t)caller < lua_to;
}

static void note(const void *caller)
{
    Dl_info where = {0};

    if (told == NULL || is_lua(caller))
        return;
    calls++;
    if (dladdr(caller, &where) == 0)
        where.dli_fname = "?";
    snprintf(told, BYTES, "%lu %s+0x%lx\n", calls, where.dli_fname,
             (unsigned long)((uintptr_t)caller - (uintptr_t)where.dli_fbase));
}

__attribute__((noinline)) static void note_of_lua(const void *caller)
{
    void *above[ABOVE] = {NULL};

    if (told == NULL || is_lua(caller))
        return;
    backtrace(above, ABOVE);
    if (!is_lua(above[ABOVE - 1]))
        note(caller);
}

void *malloc(size_t bytes)
{
    note_of_lua(__builtin_return_address(0));
    return __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes)
{
    note(__builtin_return_address(0));
    return __libc_calloc(number, bytes);
}

void *realloc(void *old, size_t bytes)
{
    note_of_lua(__builtin_return_address(0));
    return __libc_realloc(old, bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    note(__builtin_return_address(0));
    return __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    note(__builtin_return_address(0));
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    note(__builtin_return_address(0));
    *memory = __libc_memalign(alignment, bytes);
    return *memory != NULL ? 0 : ENOMEM;
}

static int find_lua(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size, (void)unused;
    if (strstr(object->dlpi_name, "/liblua") == NULL)
        return 0;
    lua_from = object->dlpi_addr;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];

        if (part->p_type == PT_LOAD)
            lua_to = object->dlpi_addr + part->p_vaddr + part->p_memsz;
    }
    return 1;
}

/* The first backtrace() of a process loads a library. */
__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FES_MALLOCS");
    int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
    void *first[1];

    if (fd < 0)
        return;
    dl_iterate_phdr(find_lua, NULL);
    backtrace(first, 1);
    if (ftruncate(fd, BYTES) == 0)
        told = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (told == MAP_FAILED)
        told = NULL;
    close(fd);
}
