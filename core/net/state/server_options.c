#include "net/state/server_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct socket_options
server_options_socket(const struct server_options *options)
{
    return (struct socket_options){
        .backlog = (int)options->backlog,
        .sndbuf = (int)options->sndbuf,
        .rcvbuf = (int)options->rcvbuf,
        .keepalive = (int)ceil(options->keepalive),
        .nodelay = options->nodelay,
    };
}

/* ------------------------------------------------------------------ copying */

/* Replace `*copy` by an allocated copy; NULL stays NULL. False: no memory, and
 * `*copy` is NULL. */
static bool copy_bytes(const char **copy, size_t length)
{
    char *own = *copy != NULL ? malloc(length + 1) : NULL;

    if (own != NULL) {
        memcpy(own, *copy, length);
        own[length] = '\0';
    }

    bool copied = own != NULL || *copy == NULL;

    *copy = own;
    return copied;
}

static bool copy_text(const char **copy)
{
    return copy_bytes(copy, *copy != NULL ? strlen(*copy) : 0);
}

static void free_bytes(const char *copy)
{
    free((void *)(uintptr_t)copy);
}

/* How to copy a field, by kind; most are copied with the struct. */
#define COPY_TEXT(field) copied = copy_text(&(field)) && copied;
#define COPY_BYTES(field) \
    copied = copy_bytes(&(field).at, (field).length) && copied;
#define COPY_INTEGER(field)
#define COPY_SECONDS(field)
#define COPY_BOOLEAN(field)
#define COPY_MODE(field)
#define COPY_FRAMING(field)
#define COPY_OVERFLOW(field)
#define COPY(name, kind, least, most, initial, scope) COPY_##kind(copy->name)

bool server_options_copy(struct server_options *copy,
                         const struct server_options *given)
{
    bool copied = true;

    *copy = *given;
    OPTIONS(COPY)
    return copied;
}

#define FREE_TEXT(field)  free_bytes(field);
#define FREE_BYTES(field) free_bytes((field).at);
#define FREE_INTEGER(field)
#define FREE_SECONDS(field)
#define FREE_BOOLEAN(field)
#define FREE_MODE(field)
#define FREE_FRAMING(field)
#define FREE_OVERFLOW(field)
#define FREE(name, kind, least, most, initial, scope) FREE_##kind(copy->name)

void server_options_free(struct server_options *copy)
{
    OPTIONS(FREE)
}
