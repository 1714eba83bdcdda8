/*
 * inbox.h - received bytes that are not consumed yet: a chain of bockets
 *
 *     first            ...              last
 *     [....aaaaaaaa] -> [bbbbbbbbbbbb] -> [cccc........]
 *          |                                   |
 *          skip                                the next bytes are read to here
 *
 * All bockets but the last are full. Bytes are added at the end and consumed at
 * the front; a bocket without unconsumed bytes is checked in.
 *
 * Before more is read, bytes that begin in the middle of a full bocket, the
 * only one, are moved to its beginning, unless something else holds it. So as
 * long as each message is consumed as soon as it is complete, a message that
 * fits into one bocket lies in one.
 *
 * The chain is linked by `next` of the bockets; an inbox of zeros is empty.
 * Positions count the unconsumed bytes from 0.
 *
 * Ownership: an inbox holds each of its bockets once.
 */
#ifndef FES_MEMORY_INBOX_H
#define FES_MEMORY_INBOX_H

#include "net/memory/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inbox {
    uint32_t first;    /* index of a bocket in its pool; valid if bytes > 0 */
    uint32_t last;     /* likewise */
    uint32_t skip;     /* consumed bytes of the first bocket */
    uint32_t bytes;    /* unconsumed bytes */
    uint32_t searched; /* of these, how many have been searched for a '\n' */
};

/*
 * Where the next bytes are to be read to, and in `*space` how many fit there.
 * NULL: that needs a new bocket; `*space` is not changed.
 */
void *inbox_space(const struct pool *pool, struct inbox *inbox, size_t *space);

/*
 * Add `n` bytes, at least 1, which the caller has written to where
 * inbox_space() said; or, if `fresh` is not NULL, to the beginning of that new
 * bocket, whose hold passes to the inbox.
 */
void inbox_add(struct pool *pool, struct inbox *inbox, struct bocket *fresh,
               size_t n);

/* How many bockets it holds. */
size_t inbox_bockets(const struct pool *pool, const struct inbox *inbox);

/* Would one more byte need more than `most` bockets? */
bool inbox_is_full(const struct pool *pool, const struct inbox *inbox,
                   size_t most);

/* Copy `n` bytes, which the inbox has from position `from` on, to `out`. */
void inbox_copy(const struct pool *pool, const struct inbox *inbox, size_t from,
                void *out, size_t n);

/* The position of the first `byte` from `from` on; SIZE_MAX: there is none. */
size_t inbox_find(const struct pool *pool, const struct inbox *inbox,
                  size_t from, unsigned char byte);

/*
 * Write to `pieces` where `length` bytes from position `from` on lie, and hold
 * the bocket of each piece once more. Returns the number of pieces, at most
 * inbox_bockets().
 */
int inbox_pieces(const struct pool *pool, const struct inbox *inbox,
                 size_t from, size_t length, struct segment *pieces);

/* Consume the first `n` bytes. */
void inbox_consume(struct pool *pool, struct inbox *inbox, size_t n);

/* Consume everything. */
void inbox_clear(struct pool *pool, struct inbox *inbox);

#endif
