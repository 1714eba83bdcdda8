#include "net/send/batch.h"

void batch_init(struct batch *batch)
{
    batch->message = batch->next = UINT64_MAX;
}

static void start_batch(struct batch *batch, uint64_t message)
{
    batch->message = batch->next = message;
    batch->bytes = 0;
    batch->messages = 0;
    batch->count = 0;
}

/* Append a piece. False: there is no place for one more. */
static bool add_piece(struct batch *batch, const struct segment *piece)
{
    struct segment *last =
        batch->count > 0 ? &batch->pieces[batch->count - 1] : NULL;

    if (segment_continues(last, piece)) {
        last->length += piece->length;
        batch->vector[batch->count - 1].iov_len += piece->length;
        return true;
    }
    if (batch->count == BATCH_PIECES)
        return false;
    batch->pieces[batch->count] = *piece;
    batch->vector[batch->count].iov_base = piece->bocket->bytes + piece->offset;
    batch->vector[batch->count].iov_len = piece->length;
    batch->count++;
    return true;
}

/* Append the bytes between two positions, all or none. */
static bool add_span(struct batch *batch, const struct stream *stream,
                     uint64_t from, uint64_t to)
{
    int count = batch->count;
    struct segment last =
        count > 0 ? batch->pieces[count - 1] : (struct segment){.length = 0};

    for (uint64_t at = from; at < to;) {
        struct segment piece = stream_piece(stream, at, to);

        if (!add_piece(batch, &piece)) {
            batch->count = count;
            if (count > 0) {
                batch->pieces[count - 1] = last;
                batch->vector[count - 1].iov_len = last.length;
            }
            return false;
        }
        at += piece.length;
    }
    batch->bytes += to - from;
    return true;
}

static bool add_message(struct batch *batch, const struct stream *stream,
                        uint64_t message)
{
    if (!add_span(batch, stream, stream_position(stream, message),
                  stream_position(stream, message + 1)))
        return false;
    batch->messages++;
    batch->next = message + 1;
    return true;
}

void batch_pack(struct batch *batch, const struct stream *stream,
                uint64_t message)
{
    uint64_t from = stream_position(stream, message);

    start_batch(batch, message);
    if (add_span(batch, stream, from, stream->at)) {
        batch->messages = (uint32_t)(stream->next - message);
        batch->next = stream->next;
        return;
    }
    while (message < stream->next && add_message(batch, stream, message))
        message++;
}

void batch_select(struct batch *batch, struct pending *pending)
{
    const struct stream *stream = &pending->conn->server->stream;

    start_batch(batch, pending->next);
    while (pending_next(pending))
        if (!add_message(batch, stream, pending->message))
            return;
    batch->next = stream->next;
}
