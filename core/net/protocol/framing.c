#include "net/protocol/framing.h"

#include <assert.h>
#include <string.h>

/* ------------------------------------------------------------------ sending */

/* The greatest length that a prefix of `width` bytes can express. */
static uint64_t most_in_prefix(unsigned width)
{
    return width < 8 ? (UINT64_C(1) << 8 * width) - 1 : UINT64_MAX;
}

const char *framing_refuses(const struct framing *framing, const char *data,
                            size_t length)
{
    switch (framing->kind) {
    case FRAMING_LINE:
        return length > 0 && memchr(data, '\n', length) != NULL
                   ? "a line cannot hold a \"\\n\""
                   : NULL;
    case FRAMING_FIXED:
        return length != framing->fixed
                   ? "its length is not that of the framing"
                   : NULL;
    case FRAMING_LENGTH:
        return length > most_in_prefix(framing->width)
                   ? "it is longer than its prefix can tell"
                   : NULL;
    default:
        return NULL;
    }
}

static void put_prefix(const struct framing *framing, struct message *message)
{
    unsigned width = framing->width;
    uint64_t value = message->data_length;

    for (unsigned i = 0; i < width; i++) {
        unsigned place = framing->little ? i : width - 1 - i;

        message->prefix[place] = (unsigned char)(value >> 8 * i);
    }
    message->prefix_length = (uint8_t)width;
}

static struct message encode_length(const struct framing *framing,
                                    const char *data, size_t length)
{
    struct message message = {
        .data = data,
        .data_length = length,
        .length = length + framing->width,
    };

    put_prefix(framing, &message);
    return message;
}

/* Each return builds the message where the caller has it: it is not copied. */
struct message framing_encode(const struct framing *framing, const char *data,
                              size_t length)
{
    bool line = framing->kind == FRAMING_LINE;

    if (framing->kind == FRAMING_LENGTH)
        return encode_length(framing, data, length);
    return (struct message){
        .suffix = line ? "\n" : NULL,
        .suffix_length = line,
        .data = data,
        .data_length = length,
        .length = length + line,
    };
}

bool framing_equal(const struct framing *one, const struct framing *other)
{
    return one->kind == other->kind && one->fixed == other->fixed &&
           one->width == other->width && one->little == other->little;
}

size_t framing_overhead(const struct framing *framing)
{
    if (framing->kind == FRAMING_LENGTH)
        return framing->width;
    return framing->kind == FRAMING_LINE ? 1 : 0;
}

/* ---------------------------------------------------------------- receiving */

static enum framing_found decode_raw(const struct inbox *inbox, size_t most,
                                     struct frame *frame)
{
    frame->length = frame->total = inbox->bytes < most ? inbox->bytes : most;
    return FRAMING_COMPLETE;
}

static enum framing_found decode_fixed(const struct framing *framing,
                                       const struct inbox *inbox,
                                       struct frame *frame)
{
    frame->length = frame->total = framing->fixed;
    return inbox->bytes >= framing->fixed ? FRAMING_COMPLETE
                                          : FRAMING_INCOMPLETE;
}

static uint64_t read_prefix(const struct framing *framing,
                            const struct pool *pool, const struct inbox *inbox)
{
    unsigned char prefix[8];
    unsigned width = framing->width;
    uint64_t value = 0;

    inbox_copy(pool, inbox, 0, prefix, width);
    for (unsigned i = 0; i < width; i++)
        value = value << 8 | prefix[framing->little ? width - 1 - i : i];
    return value;
}

static enum framing_found decode_length(const struct framing *framing,
                                        const struct pool *pool,
                                        const struct inbox *inbox, size_t most,
                                        struct frame *frame)
{
    uint64_t length;

    if (inbox->bytes < framing->width)
        return FRAMING_INCOMPLETE;
    length = read_prefix(framing, pool, inbox);
    if (length > most)
        return FRAMING_TOOLONG;
    frame->begins = framing->width;
    frame->length = (size_t)length;
    frame->total = framing->width + frame->length;
    return inbox->bytes >= frame->total ? FRAMING_COMPLETE : FRAMING_INCOMPLETE;
}

/* A line that is one byte too long is not yet refused if that byte is a '\r':
 * it may belong to a "\r\n". */
static enum framing_found decode_line(const struct pool *pool,
                                      struct inbox *inbox, size_t most,
                                      struct frame *frame)
{
    size_t end = inbox_find(pool, inbox, inbox->searched, '\n');
    unsigned char before = 0;

    if (end == SIZE_MAX) {
        inbox->searched = inbox->bytes;
        if (inbox->bytes <= most)
            return FRAMING_INCOMPLETE;
        inbox_copy(pool, inbox, inbox->bytes - 1, &before, 1);
        return before == '\r' && inbox->bytes == most + 1 ? FRAMING_INCOMPLETE
                                                          : FRAMING_TOOLONG;
    }
    if (end > 0)
        inbox_copy(pool, inbox, end - 1, &before, 1);
    frame->length = before == '\r' ? end - 1 : end;
    frame->total = end + 1;
    return frame->length <= most ? FRAMING_COMPLETE : FRAMING_TOOLONG;
}

enum framing_found framing_decode(const struct framing *framing,
                                  const struct pool *pool, struct inbox *inbox,
                                  size_t most, struct frame *frame)
{
    *frame = (struct frame){0};
    if (inbox->bytes == 0)
        return FRAMING_INCOMPLETE;
    switch (framing->kind) {
    case FRAMING_LINE:
        return decode_line(pool, inbox, most, frame);
    case FRAMING_FIXED:
        return decode_fixed(framing, inbox, frame);
    case FRAMING_LENGTH:
        return decode_length(framing, pool, inbox, most, frame);
    default:
        return decode_raw(inbox, most, frame);
    }
}
