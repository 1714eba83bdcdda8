/*
 * stream.h - broadcasts of a server that some connections have not been given
 *
 * Messages of all channels are numbered from 0 for the life of the server, and
 * written once, one behind the other, into bockets that all receivers share:
 *
 *     messages      base                         next
 *                    |  17   | 18 |    19     |   |
 *     bockets     [..AAAAAAAABBBBBCC] [CCCCCCCC.....]
 *                    |                        |
 *     positions     base_at                   at
 *
 * A receiver needs one number: that of the message that it is to be given next.
 * So a broadcast costs the same for one receiver and for ten thousand, until
 * the pass over the subscribers. Messages before `base` have been given to all
 * receivers; their bockets stay out only while queues hold them.
 *
 * A message *waits* while it is in the stream. A position counts bytes from the
 * first message on.
 */
#ifndef FES_MEMORY_STREAM_H
#define FES_MEMORY_STREAM_H

#include "net/memory/queue.h"

#include <stdbool.h>
#include <stdint.h>

enum { STREAM_MESSAGES = 1024 }; /* as many may wait at once; a power of 2 */

struct channel;

/* A message that waits. */
struct stream_message {
    uint64_t ends;     /* position behind its last byte */
    uint64_t sequence; /* its number in the sequence of the whole engine */
    struct channel *channel;
};

struct stream {
    struct pool *pool;
    struct segment *pieces; /* where the bytes lie, in order; each held once */
    uint32_t npieces;
    uint32_t limit;   /* bytes that may wait at once */
    uint64_t base;    /* number of the first message that waits */
    uint64_t next;    /* number of the next message */
    uint64_t base_at; /* position at which `base` begins */
    uint64_t at;      /* position at which `next` will begin */
    struct stream_message *messages; /* n is at [n % STREAM_MESSAGES] */
    struct bocket *tail;             /* written last; held only by pieces */
    uint32_t tail_generation;        /* of `tail` when it was written last */
};

/* Make a stream of at most `bockets` bockets full of bytes. False: no memory;
 * nothing is left to free. */
bool stream_init(struct stream *stream, struct pool *pool, size_t bockets);
void stream_free(struct stream *stream);

/* Raise the limit to `bockets` bockets, also while messages wait. A lower limit
 * than before has no effect. False: no memory. */
bool stream_raise_limit(struct stream *stream, size_t bockets);

/* Does any message wait? */
static inline bool stream_has_messages(const struct stream *stream)
{
    return stream->next > stream->base;
}

/* Do the limits of messages and bytes allow one more of `length` bytes? */
bool stream_fits(const struct stream *stream, size_t length);

/* How many bockets stream_write() would check out for `length` bytes. */
size_t stream_bockets_for(const struct stream *stream, size_t length);

/*
 * Append bytes to the next message; several calls may write its parts. The
 * caller has ensured stream_fits(), and bockets of POOL_RESERVE.
 */
void stream_write(struct stream *stream, const void *bytes, size_t length);

/* Complete the message that has been written: from now on it waits. */
void stream_end_message(struct stream *stream, struct channel *channel,
                        uint64_t sequence);

/* A message that waits, by its number. */
static inline const struct stream_message *
stream_message(const struct stream *stream, uint64_t message)
{
    return &stream->messages[message % STREAM_MESSAGES];
}

/* The position at which a message that waits, or the next one, begins. */
static inline uint64_t stream_position(const struct stream *stream,
                                       uint64_t message)
{
    return message == stream->base ? stream->base_at
                                   : stream_message(stream, message - 1)->ends;
}

/*
 * Where the bytes from position `from` on lie, at most up to `to`, as far as
 * they lie together. base_at <= from < to <= at. The caller gets no hold.
 */
struct segment stream_piece(const struct stream *stream, uint64_t from,
                            uint64_t to);

/* Release the messages before `message`: all receivers have been given them. */
void stream_trim(struct stream *stream, uint64_t message);

#endif
