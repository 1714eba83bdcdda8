#include "net/send/batch.h"

void parcel_init(struct parcel *parcel)
{
    parcel->message = parcel->next = UINT64_MAX;
}

static void begin(struct parcel *parcel, uint64_t message)
{
    parcel->message = parcel->next = message;
    parcel->bytes = 0;
    parcel->messages = 0;
    parcel->count = 0;
}

/* A piece that goes on where the last one ends only makes that longer. */
static bool add_piece(struct parcel *parcel, const struct segment *piece)
{
    struct segment *last =
        parcel->count > 0 ? &parcel->pieces[parcel->count - 1] : NULL;

    if (last != NULL && last->bocket == piece->bocket &&
        last->offset + last->length == piece->offset) {
        last->length += piece->length;
        parcel->vector[parcel->count - 1].iov_len += piece->length;
        return true;
    }
    if (parcel->count == PARCEL_PIECES)
        return false;
    parcel->pieces[parcel->count] = *piece;
    parcel->vector[parcel->count].iov_base =
        piece->bocket->bytes + piece->offset;
    parcel->vector[parcel->count].iov_len = piece->length;
    parcel->count++;
    return true;
}

/* The bytes between two positions, all or none. */
static bool add_span(struct parcel *parcel, const struct stream *stream,
                     uint64_t from, uint64_t to)
{
    int count = parcel->count;
    struct segment last =
        count > 0 ? parcel->pieces[count - 1] : (struct segment){.length = 0};

    for (uint64_t at = from; at < to;) {
        struct segment piece = stream_piece(stream, at, to);

        if (!add_piece(parcel, &piece)) {
            parcel->count = count;
            if (count > 0) {
                parcel->pieces[count - 1] = last;
                parcel->vector[count - 1].iov_len = last.length;
            }
            return false;
        }
        at += piece.length;
    }
    parcel->bytes += to - from;
    return true;
}

static bool add_message(struct parcel *parcel, const struct stream *stream,
                        uint64_t message)
{
    if (!add_span(parcel, stream, stream_position(stream, message),
                  stream_position(stream, message + 1)))
        return false;
    parcel->messages++;
    parcel->next = message + 1;
    return true;
}

void parcel_pack(struct parcel *parcel, const struct stream *stream,
                 uint64_t message)
{
    uint64_t from = stream_position(stream, message);

    begin(parcel, message);
    if (add_span(parcel, stream, from, stream->at)) {
        parcel->messages = (uint32_t)(stream->next - message);
        parcel->next = stream->next;
        return;
    }
    while (message < stream->next && add_message(parcel, stream, message))
        message++;
}

void parcel_select(struct parcel *parcel, struct pending *pending)
{
    const struct stream *stream = &pending->conn->server->stream;

    begin(parcel, pending->next);
    while (pending_next(pending))
        if (!add_message(parcel, stream, pending->message))
            return;
    parcel->next = stream->next;
}
