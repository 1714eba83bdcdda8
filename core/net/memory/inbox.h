/*
 * inbox.h - what has come and is not handed over yet: a chain of bockets
 *
 *     first            ...              last
 *     [....aaaaaaaa] -> [bbbbbbbbbbbb] -> [cccc........]
 *          |                                   |
 *          skip                                read goes on here
 *
 * All bockets but the last are full. Bytes are read behind the last ones; what
 * is handed over leaves at the front, and its bockets with it. What begins in
 * the middle of a full bocket is moved to the beginning of one before more is
 * read: so `n` bytes never lie in more bockets than n bytes need, and a
 * message that fits into one bocket lies in one.
 *
 * The chain is linked by the bockets' own records: an empty inbox is a few
 * zeros. Ownership: it holds each of its bockets once.
 */
#ifndef FES_MEMORY_INBOX_H
#define FES_MEMORY_INBOX_H

#include "net/memory/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inbox {
    uint32_t first;    /* index of a bocket in its pool; good if bytes > 0 */
    uint32_t last;     /* likewise */
    uint32_t skip;     /* bytes of the first bocket that are done with */
    uint32_t bytes;    /* that have come and are not done with */
    uint32_t searched; /* of these, known not to end a line */
};

/* Where the next bytes can be read to, and `*room` of them; NULL: it takes a
 * new bocket, and `*room` stays as it is. */
void *inbox_room(const struct pool *pool, struct inbox *inbox, size_t *room);

/*
 * `n` bytes, at least 1, have been written to where inbox_room() said; or to
 * the beginning of `fresh`, a bocket that the inbox takes over, if not NULL.
 */
void inbox_add(struct pool *pool, struct inbox *inbox, struct bocket *fresh,
               size_t n);

/* How many bockets it holds. */
size_t inbox_bockets(const struct pool *pool, const struct inbox *inbox);

/* Would another byte take more than `most` bockets? */
bool inbox_is_full(const struct pool *pool, const struct inbox *inbox,
                   size_t most);

/* Copy `n` bytes that have come, from position `from` on. */
void inbox_copy(const struct pool *pool, const struct inbox *inbox, size_t from,
                void *out, size_t n);

/* The position of the first `byte` from `from` on; SIZE_MAX: there is none. */
size_t inbox_find(const struct pool *pool, const struct inbox *inbox,
                  size_t from, unsigned char byte);

/*
 * Describe `length` bytes from `from` on, and hold their bockets once more.
 * How many pieces that makes: at most inbox_bockets().
 */
int inbox_pieces(const struct pool *pool, const struct inbox *inbox,
                 size_t from, size_t length, struct segment *pieces);

/* The first `n` bytes are done with: let go of their bockets. */
void inbox_consume(struct pool *pool, struct inbox *inbox, size_t n);

/* Let go of everything. */
void inbox_clear(struct pool *pool, struct inbox *inbox);

#endif
