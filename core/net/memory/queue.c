#include "net/memory/queue.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

/*
 * A piece that is referred to has at least half a bocket, so there are at most
 * 2 * bockets of them. A segment of copies may lie between each two. The rest
 * is for the two ends.
 */
size_t queue_most_segments(size_t bockets)
{
    return 4 * bockets + 4;
}

/* -------------------------------------------------------------------- rings */

static size_t rings_bytes(const struct queue_store *store)
{
    return (size_t)store->number * store->length * sizeof *store->rings;
}

bool queue_store_init(struct queue_store *store, struct pool *pool,
                      size_t number, size_t bockets)
{
    assert(queue_most_segments(bockets) <= UINT16_MAX);
    *store = (struct queue_store){
        .pool = pool,
        .number = (uint32_t)number,
        .length = (uint16_t)queue_most_segments(bockets),
    };
    store->rings = memory_map(rings_bytes(store));
    store->idle = memory_map(number * sizeof *store->idle);
    if (store->rings == NULL || store->idle == NULL) {
        queue_store_free(store);
        return false;
    }
    return true;
}

void queue_store_free(struct queue_store *store)
{
    memory_unmap(store->rings, rings_bytes(store));
    memory_unmap(store->idle, store->number * sizeof *store->idle);
}

static struct segment *borrow_ring(struct queue_store *store)
{
    uint32_t ring;

    if (store->nidle > 0) {
        ring = store->idle[--store->nidle];
    } else {
        assert(store->fresh < store->number);
        ring = store->fresh++;
    }
    return &store->rings[(size_t)ring * store->length];
}

static void return_ring(struct queue_store *store, struct segment *ring)
{
    assert(store->length > 0);

    size_t index = (size_t)(ring - store->rings) / store->length;

    store->idle[store->nidle++] = (uint32_t)index;
}

/* ----------------------------------------------------------------- segments */

void queue_init(struct queue *queue)
{
    *queue = (struct queue){0};
}

static unsigned ring_length(const struct queue_store *store,
                            const struct queue *queue)
{
    return queue->borrowed ? store->length : QUEUE_OWN_SEGMENTS;
}

/* Segment `i` from the front. A caller that may change the queue may change the
 * segment, hence the cast. */
static struct segment *segment_at(const struct queue_store *store,
                                  const struct queue *queue, unsigned i)
{
    unsigned length = ring_length(store, queue);
    unsigned place = queue->head + i;

    if (place >= length)
        place -= length;
    return queue->borrowed ? &queue->ring[place]
                           : (struct segment *)(uintptr_t)&queue->own[place];
}

static struct segment *last_segment(const struct queue_store *store,
                                    const struct queue *queue)
{
    return queue->count > 0 ? segment_at(store, queue, queue->count - 1u)
                            : NULL;
}

static void move_to_ring(struct queue_store *store, struct queue *queue)
{
    struct segment *ring = borrow_ring(store);

    for (unsigned i = 0; i < queue->count; i++)
        ring[i] = *segment_at(store, queue, i);
    queue->ring = ring;
    queue->borrowed = true;
    queue->head = 0;
}

/* Add a last segment. The caller has held its bocket. */
static void push_segment(struct queue_store *store, struct queue *queue,
                         struct segment piece)
{
    if (!queue->borrowed && queue->count == QUEUE_OWN_SEGMENTS)
        move_to_ring(store, queue);
    assert(queue->count < ring_length(store, queue));
    queue->count++;
    *last_segment(store, queue) = piece;
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
    const struct segment *last = last_segment(store, queue);
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

void queue_add_piece(struct queue_store *store, struct queue *queue,
                     const struct segment *piece)
{
    struct segment *last = last_segment(store, queue);

    if (segment_continues(last, piece)) {
        last->length += piece->length;
        queue->bytes += piece->length;
        return;
    }
    bocket_hold(piece->bocket);
    push_segment(store, queue, *piece);
}

bool queue_should_copy(const struct queue_store *store,
                       const struct queue *queue, const struct segment *piece)
{
    return queue->count > 0 && piece->length < pool_size(store->pool) / 2 &&
           !segment_continues(last_segment(store, queue), piece);
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
size_t queue_bockets(const struct queue_store *store, const struct queue *queue)
{
    const struct bocket *last = NULL, *other = NULL;
    size_t bockets = 0;

    for (unsigned i = 0; i < queue->count; i++) {
        const struct bocket *bocket = segment_at(store, queue, i)->bocket;

        if (bocket == last)
            continue;
        bockets += bocket != other;
        other = last;
        last = bocket;
    }
    return bockets;
}

int queue_gather(const struct queue_store *store, const struct queue *queue,
                 struct iovec *vector, int most)
{
    int n = queue->count < most ? queue->count : most;

    for (int i = 0; i < n; i++) {
        const struct segment *piece = segment_at(store, queue, (unsigned)i);

        vector[i].iov_base = piece->bocket->bytes + piece->offset;
        vector[i].iov_len = piece->length;
    }
    return n;
}

/* Remove the first segment, to which the caller has a pointer. */
static void shift_segment(struct queue_store *store, struct queue *queue,
                          const struct segment *first)
{
    unsigned length = ring_length(store, queue);

    queue->bytes -= first->length;
    pool_checkin(store->pool, first->bocket);
    queue->count--;
    queue->head = (uint16_t)(queue->head + 1u < length ? queue->head + 1u : 0);
    if (queue->count > 0)
        return;
    if (queue->borrowed)
        return_ring(store, queue->ring);
    queue_init(queue);
}

void queue_consume(struct queue_store *store, struct queue *queue,
                   size_t length)
{
    while (length > 0) {
        struct segment *first = segment_at(store, queue, 0);

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
        shift_segment(store, queue, segment_at(store, queue, 0));
}

void queue_move(struct queue_store *from, struct queue_store *to,
                struct queue *queue)
{
    assert(from->length <= to->length);
    if (!queue->borrowed)
        return;

    struct segment *old = queue->ring;
    struct segment *ring = borrow_ring(to);

    for (unsigned i = 0; i < queue->count; i++)
        ring[i] = *segment_at(from, queue, i);
    return_ring(from, old);
    queue->ring = ring;
    queue->head = 0;
}
