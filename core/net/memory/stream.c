#include "net/memory/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A full bocket is one piece. Three more: the first may begin and the last may
 * end inside a bocket, and the next message may need one. */
static size_t pieces_for(size_t bockets)
{
    return bockets + 3;
}

bool stream_init(struct stream *stream, struct pool *pool, size_t bockets)
{
    *stream = (struct stream){
        .pool = pool,
        .limit = (uint32_t)(bockets * pool_size(pool)),
    };
    stream->pieces = calloc(pieces_for(bockets), sizeof *stream->pieces);
    stream->messages = calloc(STREAM_MESSAGES, sizeof *stream->messages);
    if (stream->pieces != NULL && stream->messages != NULL)
        return true;
    stream_free(stream);
    return false;
}

void stream_free(struct stream *stream)
{
    if (stream->pieces != NULL && stream->messages != NULL)
        stream_trim(stream, stream->next);
    free(stream->pieces);
    free(stream->messages);
    *stream = (struct stream){0};
}

bool stream_raise_limit(struct stream *stream, size_t bockets)
{
    uint32_t limit = (uint32_t)(bockets * pool_size(stream->pool));
    struct segment *pieces;

    if (limit <= stream->limit)
        return true;
    pieces =
        realloc(stream->pieces, pieces_for(bockets) * sizeof *stream->pieces);
    if (pieces == NULL)
        return false;
    stream->pieces = pieces;
    stream->limit = limit;
    return true;
}

bool stream_fits(const struct stream *stream, size_t length)
{
    return stream->next - stream->base < STREAM_MESSAGES &&
           stream->at - stream->base_at + length <= stream->limit;
}

/*
 * The bocket written last, if it has space and has been out ever since; else
 * NULL. It is filled up even if only queues hold it: what follows in it makes
 * the last segment of those queues longer.
 */
static struct bocket *writable_tail(const struct stream *stream)
{
    struct bocket *tail = stream->tail;

    if (tail == NULL || tail->holders == 0 ||
        tail->generation != stream->tail_generation ||
        tail->used == pool_size(stream->pool))
        return NULL;
    return tail;
}

size_t stream_bockets_for(const struct stream *stream, size_t length)
{
    const struct bocket *tail = writable_tail(stream);
    size_t size = pool_size(stream->pool);
    size_t space = tail != NULL ? size - tail->used : 0;

    return length > space ? (length - space + size - 1) / size : 0;
}

static struct segment *last_piece(const struct stream *stream)
{
    return stream->npieces > 0 ? &stream->pieces[stream->npieces - 1] : NULL;
}

/* Write as many bytes as fit into a bocket, which the stream's pieces hold
 * then. Returns how many. */
static size_t append_bytes(struct stream *stream, struct bocket *bocket,
                           const void *bytes, size_t length)
{
    struct segment piece = pool_append(stream->pool, bocket, bytes, length);
    struct segment *last = last_piece(stream);

    assert(stream->pieces != NULL);
    stream->at += piece.length;
    if (segment_continues(last, &piece)) {
        last->length += piece.length;
    } else {
        bocket_hold(bocket);
        stream->pieces[stream->npieces++] = piece;
    }
    return piece.length;
}

void stream_write(struct stream *stream, const void *bytes, size_t length)
{
    const unsigned char *from = bytes;
    struct bocket *tail = writable_tail(stream);

    if (tail != NULL && length > 0) {
        size_t n = append_bytes(stream, tail, from, length);

        from += n;
        length -= n;
    }
    while (length > 0) {
        tail = pool_checkout(stream->pool, POOL_RESERVE);
        assert(tail != NULL);

        size_t n = append_bytes(stream, tail, from, length);

        pool_checkin(stream->pool, tail); /* its piece holds it now */
        stream->tail = tail;
        stream->tail_generation = tail->generation;
        from += n;
        length -= n;
    }
}

void stream_end_message(struct stream *stream, struct channel *channel,
                        uint64_t sequence)
{
    stream->messages[stream->next % STREAM_MESSAGES] = (struct stream_message){
        .ends = stream->at,
        .sequence = sequence,
        .channel = channel,
    };
    stream->next++;
}

struct segment stream_piece(const struct stream *stream, uint64_t from,
                            uint64_t to)
{
    const struct segment *piece = stream->pieces;
    uint64_t begins = stream->base_at;

    while (from >= begins + piece->length) {
        begins += piece->length;
        piece++;
    }

    uint32_t skip = (uint32_t)(from - begins);
    uint64_t length = piece->length - skip;

    return (struct segment){
        .bocket = piece->bocket,
        .offset = piece->offset + skip,
        .length = (uint32_t)(length < to - from ? length : to - from),
    };
}

/* Release the bytes before position `to`. */
static void release_pieces(struct stream *stream, uint64_t to)
{
    uint64_t bytes = to - stream->base_at;
    uint32_t n = 0;

    while (n < stream->npieces && bytes >= stream->pieces[n].length) {
        bytes -= stream->pieces[n].length;
        pool_checkin(stream->pool, stream->pieces[n].bocket);
        n++;
    }
    stream->npieces -= n;
    memmove(stream->pieces, stream->pieces + n,
            stream->npieces * sizeof *stream->pieces);
    if (stream->npieces > 0) {
        stream->pieces[0].offset += (uint32_t)bytes;
        stream->pieces[0].length -= (uint32_t)bytes;
    }
}

void stream_trim(struct stream *stream, uint64_t message)
{
    uint64_t to = stream_position(stream, message);

    release_pieces(stream, to);
    stream->base = message;
    stream->base_at = to;
}
