/*
 * queue.h - unsent bytes of one connection: a list of segments
 *
 * The bytes lie in bockets that other queues may hold too, since a broadcast
 * is written once for all its receivers. A queue copies as little as it can:
 *
 *     bockets   [....AAAA]   [AABBBBBBBB]   [cccc......]
 *                    |        |              |
 *     segments       0        1              2            0 is sent next
 *
 * - A piece that begins where the last segment ends makes that segment longer,
 *   so a burst of messages is one segment.
 * - A piece of a bocket that others hold is referred to as it is when the queue
 *   is empty, or when the piece is at least half a bocket long.
 * - A shorter piece is copied to the end of the last segment's bocket, or into
 *   a new one.
 *
 * So segments are few: of pieces that are referred to, `bockets` bockets full
 * of bytes have at most 2 * bockets. A segment of copies may lie between each
 * two, and the rest is for the two ends: in all at most 4 * bockets + 4.
 *
 * One segment lies in the queue itself. A queue with more takes a chain of
 * blocks:
 *
 *     first            ...              last
 *     [..aaaaa] -> [aaaaaaa] -> [aaa....]
 *        |                           |
 *        head                        the next segment is added here
 *
 * Blocks may run short (blocks.h) while bockets do not, because many queues can
 * refer to the same bockets. The caller ensures that there are enough of them
 * before it adds anything (queue_has_blocks).
 *
 * Ownership: a queue holds the bocket of each of its segments once.
 */
#ifndef FES_MEMORY_QUEUE_H
#define FES_MEMORY_QUEUE_H

#include "net/memory/blocks.h"
#include "net/memory/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct queue {
    union {
        struct segment own; /* with at most one segment */
        struct {
            struct block *first;
            struct block *last;
        } chain;
    };
    uint32_t bytes;      /* in all segments */
    uint16_t head;       /* index in the first block: is sent next */
    uint16_t count : 15; /* segments in use */
    uint16_t chained : 1;
};

/* Where the queues of one server take bockets and blocks. */
struct queue_store {
    struct pool *pool;
    struct blocks *blocks;
};

/* Make an empty queue. */
void queue_init(struct queue *queue);

/* Are there enough blocks to add `segments` segments? An empty queue may use
 * the reserve. */
bool queue_has_blocks(const struct queue_store *store,
                      const struct queue *queue, size_t segments);

/* Does the queue hold something while blocks are short? It is full then,
 * however few bytes it has, until it is empty or many blocks are free again. */
bool queue_lacks_blocks(const struct queue_store *store,
                        const struct queue *queue);

/*
 * How many bockets queue_write() would check out for `length` bytes. `shared`
 * is the bocket that all empty queues of the server are written into, or NULL.
 * queue_segments_for(): how many segments it would add.
 */
size_t queue_bockets_for(const struct queue_store *store,
                         const struct queue *queue, size_t length,
                         struct bocket *shared);
size_t queue_segments_for(const struct queue_store *store,
                          const struct queue *queue, size_t length,
                          struct bocket *shared);

/*
 * Copy bytes to the end of the queue: into the last segment's bocket as far as
 * it has space, or, if the queue is empty, into `*shared`; then into new
 * bockets of `share`, which the caller has ensured (queue_bockets_for). If the
 * queue was empty, a new bocket replaces `*shared`: the caller holds the new
 * one, and the old one is checked in.
 */
void queue_write(struct queue_store *store, struct queue *queue,
                 const void *bytes, size_t length, struct bocket **shared,
                 enum pool_share share);

/* Should this piece be copied, with queue_write(), and not be referred to? */
bool queue_should_copy(const struct queue_store *store,
                       const struct queue *queue, const struct segment *piece);

/* Does the piece begin where the queue ends? Then it needs no segment. */
bool queue_continues(const struct queue *queue, const struct segment *piece);

/* Add a piece to the end of the queue as it is, and hold its bocket. */
void queue_add_piece(struct queue_store *store, struct queue *queue,
                     const struct segment *piece);

/* How many bockets its segments lie in. */
size_t queue_bockets(const struct queue *queue);

/* Fill `vector` with the first segments, at most `most`, for sendmsg(2).
 * Returns their number. */
int queue_gather(const struct queue *queue, struct iovec *vector, int most);

/* Remove the first `length` bytes, which have been sent. */
void queue_consume(struct queue_store *store, struct queue *queue,
                   size_t length);

/* Remove everything. */
void queue_clear(struct queue_store *store, struct queue *queue);

#endif
