#include "net/memory/queue.h"

#include <assert.h>
#include <string.h>

/* A queue that lacked blocks goes on when a sixteenth of all are free. */
enum { PLENTY_DIVISOR = 16 };

void queue_init(struct queue *queue)
{
    *queue = (struct queue){0};
}

/* ------------------------------------------------------------------- blocks */

/* How many blocks it takes to add segments. */
static size_t blocks_for(const struct queue *queue, size_t segments)
{
    size_t end = queue->head + queue->count + segments;
    size_t present =
        queue->chained ? (queue->head + queue->count - 1u) / BLOCK_SEGMENTS + 1u
                       : 0;

    if (!queue->chained && end <= 1)
        return 0;
    return (end + BLOCK_SEGMENTS - 1) / BLOCK_SEGMENTS - present;
}

bool queue_has_blocks(const struct queue_store *store,
                      const struct queue *queue, size_t segments)
{
    return blocks_for(queue, segments) <=
           blocks_available(store->blocks,
                            queue->count == 0 ? POOL_RESERVE : POOL_COMMON);
}

bool queue_lacks_blocks(const struct queue_store *store,
                        const struct queue *queue)
{
    return queue->count > 0 &&
           blocks_available(store->blocks, POOL_COMMON) <
               blocks_most(store->blocks, POOL_COMMON) / PLENTY_DIVISOR;
}

/* ----------------------------------------------------------------- segments */

/* Iterates over the segments from the front. */
struct walk {
    const struct block *block; /* NULL: the queue's own segment */
    const struct segment *at;
    unsigned left;
};

static struct walk walk_begin(const struct queue *queue)
{
    const struct block *block = queue->chained ? queue->chain.first : NULL;

    return (struct walk){
        .block = block,
        .at = block != NULL ? &block->segments[queue->head] : &queue->own,
        .left = queue->count,
    };
}

static const struct segment *walk_next(struct walk *walk)
{
    const struct segment *segment = walk->at++;

    if (walk->left == 0)
        return NULL;
    walk->left--;
    if (walk->left > 0 && walk->at == walk->block->segments + BLOCK_SEGMENTS) {
        walk->block = walk->block->next;
        walk->at = walk->block->segments;
    }
    return segment;
}

static struct segment *first_segment(struct queue *queue)
{
    return queue->chained ? &queue->chain.first->segments[queue->head]
                          : &queue->own;
}

/* A caller that may change the queue may change the segment, hence the cast. */
static struct segment *last_segment(const struct queue *queue)
{
    unsigned place = queue->head + queue->count - 1u;

    if (queue->count == 0)
        return NULL;
    return queue->chained ? &queue->chain.last->segments[place % BLOCK_SEGMENTS]
                          : (struct segment *)(uintptr_t)&queue->own;
}

static void begin_chain(struct queue_store *store, struct queue *queue)
{
    struct block *block = blocks_take(store->blocks);

    block->next = NULL;
    block->segments[0] = queue->own;
    queue->chain.first = queue->chain.last = block;
    queue->chained = true;
}

static void append_block(struct queue_store *store, struct queue *queue)
{
    struct block *block = blocks_take(store->blocks);

    block->next = NULL;
    queue->chain.last->next = block;
    queue->chain.last = block;
}

/* Add a last segment. The caller has held its bocket. */
static void push_segment(struct queue_store *store, struct queue *queue,
                         struct segment piece)
{
    if (!queue->chained && queue->count == 1)
        begin_chain(store, queue);
    else if (queue->chained &&
             (queue->head + queue->count) % BLOCK_SEGMENTS == 0)
        append_block(store, queue);
    queue->count++;
    assert(queue->count > 0);
    *last_segment(queue) = piece;
    queue->bytes += piece.length;
}

/*
 * The bocket that the next bytes can be written into; NULL: a new one is
 * needed. No other holder may be writing behind the last segment: either only
 * this queue holds its bocket, or it is the one that is shared for writing.
 */
static struct bocket *writable_bocket(const struct queue_store *store,
                                      const struct queue *queue,
                                      struct bocket *shared)
{
    const struct segment *last = last_segment(queue);
    struct bocket *tail = last != NULL ? last->bocket : shared;

    if (tail == NULL || tail->used == pool_size(store->pool))
        return NULL;
    if (last != NULL && (last->offset + last->length != tail->used ||
                         (tail->holders > 1 && tail != shared)))
        return NULL;
    return tail;
}

size_t queue_bockets_for(const struct queue_store *store,
                         const struct queue *queue, size_t length,
                         struct bocket *shared)
{
    const struct bocket *tail = writable_bocket(store, queue, shared);
    size_t size = pool_size(store->pool);
    size_t space = tail != NULL ? size - tail->used : 0;

    return length > space ? (length - space + size - 1) / size : 0;
}

/* The first bytes in an empty queue are a segment, also in a shared bocket. */
size_t queue_segments_for(const struct queue_store *store,
                          const struct queue *queue, size_t length,
                          struct bocket *shared)
{
    bool into_shared =
        queue->count == 0 && writable_bocket(store, queue, shared) != NULL;

    return queue_bockets_for(store, queue, length, shared) + into_shared;
}

void queue_add_piece(struct queue_store *store, struct queue *queue,
                     const struct segment *piece)
{
    struct segment *last = last_segment(queue);

    if (segment_continues(last, piece)) {
        last->length += piece->length;
        queue->bytes += piece->length;
        return;
    }
    bocket_hold(piece->bocket);
    push_segment(store, queue, *piece);
}

bool queue_continues(const struct queue *queue, const struct segment *piece)
{
    return segment_continues(last_segment(queue), piece);
}

bool queue_should_copy(const struct queue_store *store,
                       const struct queue *queue, const struct segment *piece)
{
    return queue->count > 0 && piece->length < pool_size(store->pool) / 2 &&
           !queue_continues(queue, piece);
}

/* Share a fresh bocket for writing from now on, in place of another. */
static void replace_shared(struct pool *pool, struct bocket *fresh,
                           struct bocket **shared)
{
    if (*shared != NULL)
        pool_checkin(pool, *shared);
    *shared = fresh;
}

void queue_write(struct queue_store *store, struct queue *queue,
                 const void *bytes, size_t length, struct bocket **shared,
                 enum pool_share share)
{
    const unsigned char *from = bytes;
    bool into_shared = queue->count == 0;
    struct bocket *bocket = writable_bocket(store, queue, *shared);

    while (length > 0) {
        bool fresh = bocket == NULL;

        if (fresh)
            bocket = pool_checkout(store->pool, share);
        assert(bocket != NULL);

        struct segment piece = pool_append(store->pool, bocket, from, length);

        queue_add_piece(store, queue, &piece);
        if (fresh && into_shared)
            replace_shared(store->pool, bocket, shared);
        else if (fresh)
            pool_checkin(store->pool, bocket); /* the queue holds it now */
        from += piece.length;
        length -= piece.length;
        bocket = NULL;
    }
}

/* If a bocket comes again, it is one of the last two: the one with copies, or
 * the one referred to last. */
size_t queue_bockets(const struct queue *queue)
{
    const struct bocket *last = NULL, *other = NULL;
    struct walk walk = walk_begin(queue);
    const struct segment *segment;
    size_t bockets = 0;

    while ((segment = walk_next(&walk)) != NULL) {
        if (segment->bocket == last)
            continue;
        bockets += segment->bocket != other;
        other = last;
        last = segment->bocket;
    }
    return bockets;
}

int queue_gather(const struct queue *queue, struct iovec *vector, int most)
{
    struct walk walk = walk_begin(queue);
    const struct segment *piece;
    int n = 0;

    while (n < most && (piece = walk_next(&walk)) != NULL) {
        vector[n].iov_base = piece->bocket->bytes + piece->offset;
        vector[n].iov_len = piece->length;
        n++;
    }
    return n;
}

/* The first segment of the chain has been removed: advance. */
static void shift_chain(struct queue_store *store, struct queue *queue)
{
    struct block *block = queue->chain.first;

    if (queue->count > 0 && ++queue->head < BLOCK_SEGMENTS)
        return;
    queue->chain.first = block->next;
    queue->head = 0;
    blocks_give(store->blocks, block);
}

/* Remove the first segment, to which the caller has a pointer. */
static void shift_segment(struct queue_store *store, struct queue *queue,
                          const struct segment *first)
{
    queue->bytes -= first->length;
    pool_checkin(store->pool, first->bocket);
    queue->count--;
    if (queue->chained)
        shift_chain(store, queue);
    if (queue->count == 0)
        queue_init(queue);
}

void queue_consume(struct queue_store *store, struct queue *queue,
                   size_t length)
{
    while (length > 0) {
        struct segment *first = first_segment(queue);

        assert(queue->count > 0);
        if (length < first->length) {
            first->offset += (uint32_t)length;
            first->length -= (uint32_t)length;
            queue->bytes -= (uint32_t)length;
            return;
        }
        length -= first->length;
        shift_segment(store, queue, first);
    }
}

void queue_clear(struct queue_store *store, struct queue *queue)
{
    while (queue->count > 0)
        shift_segment(store, queue, first_segment(queue));
}
