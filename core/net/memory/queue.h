/*
 * queue.h - what one connection still owes its peer: a ring of segments
 *
 * A segment is a piece of a bocket. Bytes that a peer has not taken lie in
 * bockets that others may hold too (a broadcast lies in one place for all its
 * receivers), so a queue copies as little as it can:
 *
 *     bockets   [....AAAA]   [AABBBBBBBB]   [cccc......]
 *                    |        |              |
 *     segments       0        1              2            0 leaves next
 *
 * A piece that goes on where the last segment ends only makes that longer, so
 * a burst of messages is one segment. Bytes are written at `used` of a bocket
 * that has room; a piece of somebody else's bocket is taken over as it is when
 * it is at least half a bocket long, or when the queue is empty, and is copied
 * otherwise. So pieces are few: a queue of `limit` bytes never has more than
 * queue_most_segments(limit).
 *
 * One segment stands in the queue itself. Only a queue that has more borrows a
 * ring from a store, one for each queue that may exist, mapped once.
 *
 * Ownership: a queue holds each of its segments' bockets once.
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
    uint16_t head;       /* the segment that leaves next */
    uint16_t count : 15; /* segments in use */
    uint16_t borrowed : 1;
};

/* The rings that queues borrow, and what all queues of a server have alike. */
struct queue_store {
    struct pool *pool;
    struct segment *rings;
    uint32_t *idle; /* rings that came back, a stack */
    uint32_t nidle;
    uint32_t fresh;  /* rings never borrowed so far begin here */
    uint32_t number; /* of rings */
    uint16_t length; /* of each ring, in segments */
};

/* The most segments that `bockets` bockets full of bytes can be cut into. */
size_t queue_most_segments(size_t bockets);

/*
 * Prepare a store of `number` rings for queues of at most `bockets` bockets
 * full of bytes from `pool`. False, with errno set: no room.
 */
bool queue_store_init(struct queue_store *store, struct pool *pool,
                      size_t number, size_t bockets);
void queue_store_free(struct queue_store *store);

/* Make an empty queue. */
void queue_init(struct queue *queue);

/*
 * How many new bockets queue_write() would check out for `length` bytes.
 * `shared` is the bocket that the server fills with what goes to queues that
 * are empty, or NULL.
 */
size_t queue_bockets_for(const struct queue_store *store,
                         const struct queue *queue, size_t length,
                         struct bocket *shared);

/*
 * Copy bytes to the end of the queue: behind the last segment where its bocket
 * has room; if the queue is empty, into `*shared`; then into new bockets of
 * `share`, of which the caller has made sure. A bocket that takes the place of
 * `*shared` is held by it, and the one before it is let go.
 */
void queue_write(struct queue_store *store, struct queue *queue,
                 const void *bytes, size_t length, struct bocket **shared,
                 enum pool_share share);

/* Would queue_refer() of this piece copy it? */
bool queue_copies(const struct queue_store *store, const struct queue *queue,
                  const struct segment *piece);

/* Take over a piece of a bocket as it is. */
void queue_refer(struct queue_store *store, struct queue *queue,
                 const struct segment *piece);

/* How many bockets its segments lie in. */
size_t queue_bockets(const struct queue_store *store,
                     const struct queue *queue);

/* The queue borrows its ring of another store, whose rings are not shorter. */
void queue_move(struct queue_store *from, struct queue_store *to,
                struct queue *queue);

/* Describe the first segments, at most `most`, for sendmsg(2). Their number. */
int queue_gather(const struct queue_store *store, const struct queue *queue,
                 struct iovec *vector, int most);

/* The first `length` bytes have gone: let go of their bockets. */
void queue_consume(struct queue_store *store, struct queue *queue,
                   size_t length);

/* Let go of everything. */
void queue_clear(struct queue_store *store, struct queue *queue);

#endif
