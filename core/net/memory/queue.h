/*
 * queue.h - unsent bytes of one connection: a ring of segments
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
 * So segments are few: a queue of `bockets` bockets full of bytes has at most
 * queue_most_segments(bockets).
 *
 * One segment lies in the queue itself. A queue with more borrows a ring from
 * a store that has one for each queue, mapped once.
 *
 * Ownership: a queue holds the bocket of each of its segments once.
 */
#ifndef FES_MEMORY_QUEUE_H
#define FES_MEMORY_QUEUE_H

#include "net/memory/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { QUEUE_OWN_SEGMENTS = 1 };

struct queue {
    union {
        struct segment own[QUEUE_OWN_SEGMENTS];
        struct segment *ring; /* borrowed from the store */
    };
    uint32_t bytes;      /* in all segments */
    uint16_t head;       /* index of the segment that is sent next */
    uint16_t count : 15; /* segments in use */
    uint16_t borrowed : 1;
};

/* The rings that the queues of one server borrow, and the pool of all. */
struct queue_store {
    struct pool *pool;
    struct segment *rings;
    uint32_t *idle;  /* a stack: indices of rings that were returned */
    uint32_t nidle;  /* its height */
    uint32_t fresh;  /* rings from this index on were never borrowed */
    uint32_t number; /* of rings */
    uint16_t length; /* of each ring, in segments */
};

/* The most segments that `bockets` bockets full of bytes can be cut into. */
size_t queue_most_segments(size_t bockets);

/*
 * Make a store of `number` rings, for queues of at most `bockets` bockets full
 * of bytes from `pool`. False, with errno set: no memory.
 */
bool queue_store_init(struct queue_store *store, struct pool *pool,
                      size_t number, size_t bockets);
void queue_store_free(struct queue_store *store);

/* Make an empty queue. */
void queue_init(struct queue *queue);

/*
 * How many bockets queue_write() would check out for `length` bytes. `shared`
 * is the bocket that all empty queues of the server are written into, or NULL.
 */
size_t queue_bockets_for(const struct queue_store *store,
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

/* Add a piece to the end of the queue as it is, and hold its bocket. */
void queue_add_piece(struct queue_store *store, struct queue *queue,
                     const struct segment *piece);

/* How many bockets its segments lie in. */
size_t queue_bockets(const struct queue_store *store,
                     const struct queue *queue);

/* Exchange the ring that a queue has borrowed, if any, for one of the store
 * `to`, whose rings are not shorter. */
void queue_move(struct queue_store *from, struct queue_store *to,
                struct queue *queue);

/* Fill `vector` with the first segments, at most `most`, for sendmsg(2).
 * Returns their number. */
int queue_gather(const struct queue_store *store, const struct queue *queue,
                 struct iovec *vector, int most);

/* Remove the first `length` bytes, which have been sent. */
void queue_consume(struct queue_store *store, struct queue *queue,
                   size_t length);

/* Remove everything. */
void queue_clear(struct queue_store *store, struct queue *queue);

#endif
