/*
 * count_mallocs.c - counts a program's calls of malloc(3); to be preloaded
 *
 * It replaces malloc(3) and its kin, and counts the calls that do not come from
 * the Lua state. FES_MALLOCS names the file that the count is written to. The
 * file is mapped, so it can be read while the program runs:
 *
 *     "1234 /usr/bin/fes+0x5678\n"     calls so far, and the caller of the last
 *
 * padded with zeros; addr2line(1) finds the line of source.
 *
 * A call comes from the Lua state if at most one function, the state's
 * allocator, lies between liblua and malloc(3) or realloc(3). This does not
 * work under ASan, which replaces malloc(3) itself.
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
    FRAMES = 4 /* count_unless_lua, malloc, the allocator, Lua */
};

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t number, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static char *report;
static unsigned long calls;
static uintptr_t lua_from, lua_to;

static bool is_lua(const void *caller)
{
    return (uintptr_t)caller >= lua_from && (uintptr_t)caller < lua_to;
}

static void count_call(const void *caller)
{
    Dl_info where = {0};

    if (report == NULL || is_lua(caller))
        return;
    calls++;
    if (dladdr(caller, &where) == 0)
        where.dli_fname = "?";
    snprintf(report, BYTES, "%lu %s+0x%lx\n", calls, where.dli_fname,
             (unsigned long)((uintptr_t)caller - (uintptr_t)where.dli_fbase));
}

__attribute__((noinline)) static void count_unless_lua(const void *caller)
{
    void *frames[FRAMES] = {NULL};

    if (report == NULL || is_lua(caller))
        return;
    backtrace(frames, FRAMES);
    if (!is_lua(frames[FRAMES - 1]))
        count_call(caller);
}

void *malloc(size_t bytes)
{
    count_unless_lua(__builtin_return_address(0));
    return __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes)
{
    count_call(__builtin_return_address(0));
    return __libc_calloc(number, bytes);
}

void *realloc(void *old, size_t bytes)
{
    count_unless_lua(__builtin_return_address(0));
    return __libc_realloc(old, bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    count_call(__builtin_return_address(0));
    return __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    count_call(__builtin_return_address(0));
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    count_call(__builtin_return_address(0));
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

/* The first backtrace() of a process loads a library: so call it here. */
__attribute__((constructor)) static void open_report(void)
{
    const char *path = getenv("FES_MALLOCS");
    int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
    void *first[1];

    if (fd < 0)
        return;
    dl_iterate_phdr(find_lua, NULL);
    backtrace(first, 1);
    if (ftruncate(fd, BYTES) == 0)
        report = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (report == MAP_FAILED)
        report = NULL;
    close(fd);
}
