#include "net/memory/inbox.h"

#include <assert.h>
#include <string.h>

static struct bocket *first_bocket(const struct pool *pool,
                                   const struct inbox *inbox)
{
    return pool_bocket(pool, inbox->first);
}

static struct bocket *last_bocket(const struct pool *pool,
                                  const struct inbox *inbox)
{
    return pool_bocket(pool, inbox->last);
}

/* ------------------------------------------------------------------ filling */

/* Move the unconsumed bytes over the consumed ones. */
static void move_to_front(struct bocket *bocket, struct inbox *inbox)
{
    memmove(bocket->bytes, bocket->bytes + inbox->skip, inbox->bytes);
    bocket->used = inbox->bytes;
    inbox->skip = 0;
}

/*
 * Not while something else holds the bocket. As it costs a copy, only when the
 * bocket is full, or when no more bytes are moved than have been consumed.
 */
static bool should_move_to_front(const struct pool *pool,
                                 const struct inbox *inbox,
                                 const struct bocket *last)
{
    return inbox->skip > 0 && inbox->first == inbox->last &&
           last->holders == 1 &&
           (last->used == pool_size(pool) || inbox->skip >= inbox->bytes);
}

void *inbox_space(const struct pool *pool, struct inbox *inbox, size_t *space)
{
    struct bocket *last;

    if (inbox->bytes == 0)
        return NULL;
    last = last_bocket(pool, inbox);
    if (should_move_to_front(pool, inbox, last))
        move_to_front(last, inbox);
    if (last->used == pool_size(pool))
        return NULL;
    *space = pool_size(pool) - last->used;
    return last->bytes + last->used;
}

void inbox_add(struct pool *pool, struct inbox *inbox, struct bocket *fresh,
               size_t n)
{
    if (fresh != NULL) {
        uint32_t index = pool_index(pool, fresh);

        if (inbox->bytes == 0)
            inbox->first = index;
        else
            last_bocket(pool, inbox)->next = index;
        inbox->last = index;
    }
    last_bocket(pool, inbox)->used += (uint32_t)n;
    inbox->bytes += (uint32_t)n;
}

size_t inbox_bockets(const struct pool *pool, const struct inbox *inbox)
{
    size_t size = pool_size(pool);

    return inbox->bytes > 0 ? (inbox->skip + inbox->bytes + size - 1) / size
                            : 0;
}

bool inbox_is_full(const struct pool *pool, const struct inbox *inbox,
                   size_t most)
{
    return inbox->skip + inbox->bytes >= most * pool_size(pool);
}

/* -------------------------------------------------- walking along the bytes */

/* A walk along the bytes, bocket by bocket. */
struct walk {
    const struct pool *pool;
    struct bocket *bocket;
    size_t offset; /* in the bocket */
    size_t left;   /* bytes still to come, from `offset` on */
};

static struct walk begin_walk(const struct pool *pool,
                              const struct inbox *inbox, size_t from,
                              size_t length)
{
    struct walk walk = {
        .pool = pool,
        .bocket = first_bocket(pool, inbox),
        .offset = inbox->skip + from,
        .left = length,
    };

    assert(from + length <= inbox->bytes);
    while (walk.left > 0 && walk.offset >= walk.bocket->used) {
        walk.offset -= walk.bocket->used;
        walk.bocket = pool_bocket(pool, walk.bocket->next);
    }
    return walk;
}

/* The bytes of the walk that lie in its bocket. */
static struct segment walk_piece(const struct walk *walk)
{
    size_t length = walk->bocket->used - walk->offset;

    return (struct segment){
        .bocket = walk->bocket,
        .offset = (uint32_t)walk->offset,
        .length = (uint32_t)(length < walk->left ? length : walk->left),
    };
}

static void walk_on(struct walk *walk, const struct segment *piece)
{
    walk->left -= piece->length;
    walk->offset = 0;
    if (walk->left > 0)
        walk->bocket = pool_bocket(walk->pool, walk->bocket->next);
}

void inbox_copy(const struct pool *pool, const struct inbox *inbox, size_t from,
                void *out, size_t n)
{
    struct walk walk = begin_walk(pool, inbox, from, n);
    unsigned char *to = out;

    while (walk.left > 0) {
        struct segment piece = walk_piece(&walk);

        memcpy(to, piece.bocket->bytes + piece.offset, piece.length);
        to += piece.length;
        walk_on(&walk, &piece);
    }
}

size_t inbox_find(const struct pool *pool, const struct inbox *inbox,
                  size_t from, unsigned char byte)
{
    struct walk walk = begin_walk(pool, inbox, from, inbox->bytes - from);

    while (walk.left > 0) {
        struct segment piece = walk_piece(&walk);
        const unsigned char *bytes = piece.bocket->bytes + piece.offset;
        const unsigned char *found = memchr(bytes, byte, piece.length);

        if (found != NULL)
            return inbox->bytes - walk.left + (size_t)(found - bytes);
        walk_on(&walk, &piece);
    }
    return SIZE_MAX;
}

int inbox_pieces(const struct pool *pool, const struct inbox *inbox,
                 size_t from, size_t length, struct segment *pieces)
{
    struct walk walk = begin_walk(pool, inbox, from, length);
    int count = 0;

    while (walk.left > 0) {
        struct segment piece = walk_piece(&walk);

        bocket_hold(piece.bocket);
        pieces[count++] = piece;
        walk_on(&walk, &piece);
    }
    return count;
}

/* ---------------------------------------------------------------- consuming */

void inbox_consume(struct pool *pool, struct inbox *inbox, size_t n)
{
    assert(n <= inbox->bytes);
    inbox->searched = 0;
    while (n > 0) {
        struct bocket *first = first_bocket(pool, inbox);
        size_t length = first->used - inbox->skip;

        if (n < length) {
            inbox->skip += (uint32_t)n;
            inbox->bytes -= (uint32_t)n;
            return;
        }
        n -= length;
        inbox->bytes -= (uint32_t)length;
        inbox->skip = 0;
        inbox->first = first->next;
        pool_checkin(pool, first);
    }
}

void inbox_clear(struct pool *pool, struct inbox *inbox)
{
    inbox_consume(pool, inbox, inbox->bytes);
}
