/*
 * framing.c - a fuzz target: decoding a stream that is received in pieces
 *
 * The first bytes of the input choose a framing, the size of a bocket and the
 * longest message; the others are a stream that is received in pieces of
 * changing length. The decoder must find in the inbox the same messages as a
 * reference decoder that reads the stream as one array, and no bocket may stay
 * checked out.
 *
 * The corpus that a run begins with is in spec/fuzz/framing.
 */
#include "net/protocol/framing.h"
#include "net/memory/inbox.h"
#include "net/memory/pool.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BOCKETS = 256, PARAMETERS = 4 };

/* The stream as one array. */
struct stream {
    const uint8_t *bytes;
    size_t length; /* received so far */
    size_t at;     /* decoded so far */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* -------------------------------------------------------- reference decoder */

static enum framing_found reference_line(const struct stream *stream,
                                         size_t most, struct frame *frame)
{
    const uint8_t *from = stream->bytes + stream->at;
    size_t left = stream->length - stream->at;
    const uint8_t *end = left > 0 ? memchr(from, '\n', left) : NULL;
    size_t length = end != NULL ? (size_t)(end - from) : left;

    frame->total = length + 1;
    if (length > 0 && from[length - 1] == '\r')
        length--;
    frame->length = length;
    if (end == NULL)
        return left > most + 1 || (left > most && length == left)
                   ? FRAMING_TOOLONG
                   : FRAMING_INCOMPLETE;
    return length > most ? FRAMING_TOOLONG : FRAMING_COMPLETE;
}

static enum framing_found reference_length(const struct framing *framing,
                                           const struct stream *stream,
                                           size_t most, struct frame *frame)
{
    const uint8_t *from = stream->bytes + stream->at;
    size_t left = stream->length - stream->at;
    uint64_t length = 0;

    if (left < framing->width)
        return FRAMING_INCOMPLETE;
    for (unsigned i = 0; i < framing->width; i++)
        length |= (uint64_t)from[i]
                  << 8 * (framing->little ? i : framing->width - 1u - i);
    if (length > most)
        return FRAMING_TOOLONG;
    frame->begins = framing->width;
    frame->length = (size_t)length;
    frame->total = framing->width + frame->length;
    return frame->total <= left ? FRAMING_COMPLETE : FRAMING_INCOMPLETE;
}

static enum framing_found reference_decode(const struct framing *framing,
                                           const struct stream *stream,
                                           size_t most, struct frame *frame)
{
    size_t left = stream->length - stream->at;

    *frame = (struct frame){0};
    if (left == 0)
        return FRAMING_INCOMPLETE;
    if (framing->kind == FRAMING_LINE)
        return reference_line(stream, most, frame);
    if (framing->kind == FRAMING_LENGTH)
        return reference_length(framing, stream, most, frame);
    frame->length = frame->total = framing->fixed;
    return left >= framing->fixed ? FRAMING_COMPLETE : FRAMING_INCOMPLETE;
}

/* ------------------------------------------------------- decoding in pieces */

static void add_piece(struct pool *pool, struct inbox *inbox,
                      const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        size_t space = pool_size(pool);
        void *to = inbox_space(pool, inbox, &space);
        struct bocket *fresh =
            to == NULL ? pool_checkout(pool, POOL_COMMON) : NULL;
        size_t n = length < space ? length : space;

        assert(to != NULL || fresh != NULL);
        memcpy(to != NULL ? to : fresh->bytes, bytes, n);
        inbox_add(pool, inbox, fresh, n);
        bytes += n;
        length -= n;
    }
}

/* Check the bytes that the decoder found. */
static void compare_bytes(struct pool *pool, const struct inbox *inbox,
                          const struct stream *stream,
                          const struct frame *frame)
{
    struct segment pieces[BOCKETS];
    const uint8_t *wanted = stream->bytes + stream->at + frame->begins;
    int count = inbox_pieces(pool, inbox, frame->begins, frame->length, pieces);

    assert((size_t)count <= inbox_bockets(pool, inbox));
    for (int i = 0; i < count; i++) {
        const struct segment *piece = &pieces[i];

        assert(memcmp(piece->bocket->bytes + piece->offset, wanted,
                      piece->length) == 0);
        wanted += piece->length;
        pool_checkin(pool, piece->bocket);
    }
    assert(wanted ==
           stream->bytes + stream->at + frame->begins + frame->length);
}

/* Take all messages that are complete. False: one is too long, and what follows
 * it cannot be decoded. */
static bool take_messages(const struct framing *framing, struct pool *pool,
                          struct inbox *inbox, struct stream *stream,
                          size_t most)
{
    for (;;) {
        struct frame found, wanted;
        enum framing_found result =
            framing_decode(framing, pool, inbox, most, &found);

        assert(result == reference_decode(framing, stream, most, &wanted));
        if (result != FRAMING_COMPLETE)
            return result == FRAMING_INCOMPLETE;
        assert(memcmp(&found, &wanted, sizeof found) == 0);
        compare_bytes(pool, inbox, stream, &found);
        inbox_consume(pool, inbox, found.total);
        stream->at += found.total;
    }
}

static void run_stream(const struct framing *framing, size_t size, size_t most,
                       const uint8_t *bytes, size_t length)
{
    struct pool *pool = pool_new(BOCKETS, size, false);
    struct inbox inbox = {0};
    struct stream stream = {.bytes = bytes};
    size_t piece = 1;

    assert(pool != NULL);
    while (stream.length < length) {
        size_t left = length - stream.length;
        size_t n = piece < left ? piece : left;

        add_piece(pool, &inbox, bytes + stream.length, n);
        stream.length += n;
        piece = piece * 5 % 23 + 1;
        if (!take_messages(framing, pool, &inbox, &stream, most))
            break;
    }
    inbox_clear(pool, &inbox);
    assert(pool_free_count(pool) == BOCKETS);
    pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t widths[] = {1, 2, 4, 8};
    struct framing framing = {0};

    if (size < PARAMETERS || size > BOCKETS * 8)
        return 0;
    framing.kind = (enum framing_kind)(FRAMING_LINE + data[0] % 3);
    framing.width = widths[data[1] % 4];
    framing.little = data[1] >= 128;
    framing.fixed = data[1] % 40 + 1u;
    run_stream(&framing, 16 + data[2] % 32, 1 + data[3] % 100,
               data + PARAMETERS, size - PARAMETERS);
    return 0;
}
