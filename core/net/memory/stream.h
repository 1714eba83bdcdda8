/*
 * stream.h - what a server has to send and not everybody has been given yet
 *
 * Messages, whatever channel they are of, are numbered from 0 for the life of a
 * server and written once, one behind the other, into bockets that are shared
 * by all receivers:
 *
 *     messages      base                         next
 *                    |  17   | 18 |    19     |   |
 *     bockets     [..AAAAAAAABBBBBCC] [CCCCCCCC.....]
 *                    |                        |
 *     positions     base_at                   at
 *
 * A receiver needs one number: the message that it is to get next. So a
 * broadcast costs the same for one and for ten thousand of them, until they
 * are visited. Messages before `base` have been given to everybody; their
 * bockets live on only as long as somebody's queue holds them.
 */
#ifndef FES_MEMORY_STREAM_H
#define FES_MEMORY_STREAM_H

#include "net/memory/queue.h"

#include <stdbool.h>
#include <stdint.h>

enum { STREAM_MESSAGES = 1024 }; /* as many can wait at once; a power of 2 */

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
    uint32_t limit;                  /* bytes that may wait at once */
    uint64_t base;                   /* the first message that waits */
    uint64_t next;                   /* the number of the next message */
    uint64_t base_at;                /* position at which `base` begins */
    uint64_t at;                     /* position at which `next` will begin */
    struct stream_message *messages; /* n is at [n % STREAM_MESSAGES] */
    struct bocket *tail; /* written last; not held if no piece holds it */
    uint32_t
        tail_generation; /* its generation when it was: else it is another's */
};

/* A stream of at most `bockets` bockets full of bytes. False: no memory. */
bool stream_init(struct stream *stream, struct pool *pool, size_t bockets);
void stream_free(struct stream *stream);

/* Make it one of `bockets` bockets, also while it holds messages. Fewer than
 * it has are no change. False: no memory. */
bool stream_widen(struct stream *stream, size_t bockets);

/* Is there a message that waits? */
static inline bool stream_waits(const struct stream *stream)
{
    return stream->next > stream->base;
}

/* May one more message of `length` bytes wait, as for number and bytes? */
bool stream_takes(const struct stream *stream, size_t length);

/* How many new bockets it would need. */
size_t stream_bockets_for(const struct stream *stream, size_t length);

/* Write the bytes of the next message, part by part; bockets: made sure of. */
void stream_write(struct stream *stream, const void *bytes, size_t length);

/* The message that has been written is complete. */
void stream_end_message(struct stream *stream, struct channel *channel,
                        uint64_t sequence);

/* A message that waits. */
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

/* The bytes from position `from` on, at most up to `to`, in one bocket. */
struct segment stream_piece(const struct stream *stream, uint64_t from,
                            uint64_t to);

/* Messages before `message` have been given to everybody. */
void stream_trim(struct stream *stream, uint64_t message);

#endif
