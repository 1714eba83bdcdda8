#include "net/protocol/framing.h"

#include <assert.h>
#include <string.h>

/* --------------------------------------------------------------- going out */

/* The longest data that a prefix of this width can tell of. */
static uint64_t most_told(unsigned width)
{
    return width < 8 ? (UINT64_C(1) << 8 * width) - 1 : UINT64_MAX;
}

const char *form_refuses(const struct form *form, const char *data,
                         size_t length)
{
    switch (form->kind) {
    case FORM_LINE:
        return length > 0 && memchr(data, '\n', length) != NULL
                   ? "a line cannot hold a \"\\n\""
                   : NULL;
    case FORM_FIXED:
        return length != form->fixed ? "its length is not that of the framing"
                                     : NULL;
    case FORM_LENGTH:
        return length > most_told(form->width)
                   ? "it is longer than its prefix can tell"
                   : NULL;
    default:
        return NULL;
    }
}

static void put_prefix(const struct form *form, struct message *message)
{
    unsigned width = form->width;
    uint64_t value = message->data_length;

    for (unsigned i = 0; i < width; i++) {
        unsigned place = form->little ? i : width - 1 - i;

        message->prefix[place] = (unsigned char)(value >> 8 * i);
    }
    message->prefix_length = (uint8_t)width;
}

static struct message encode_length(const struct form *form, const char *data,
                                    size_t length)
{
    struct message message = {
        .data = data,
        .data_length = length,
        .length = length + form->width,
    };

    put_prefix(form, &message);
    return message;
}

/* The usual ones are written where they are to be, and nowhere before. */
struct message form_encode(const struct form *form, const char *data,
                           size_t length)
{
    bool line = form->kind == FORM_LINE;

    if (form->kind == FORM_LENGTH)
        return encode_length(form, data, length);
    return (struct message){
        .suffix = line ? "\n" : NULL,
        .suffix_length = line,
        .data = data,
        .data_length = length,
        .length = length + line,
    };
}

bool form_equal(const struct form *one, const struct form *other)
{
    return one->kind == other->kind && one->fixed == other->fixed &&
           one->width == other->width && one->little == other->little;
}

size_t form_overhead(const struct form *form)
{
    if (form->kind == FORM_LENGTH)
        return form->width;
    return form->kind == FORM_LINE ? 1 : 0;
}

/* --------------------------------------------------------------- coming in */

static enum form_found decode_raw(const struct inbox *inbox, size_t most,
                                  struct frame *frame)
{
    frame->length = frame->total = inbox->bytes < most ? inbox->bytes : most;
    return FORM_WHOLE;
}

static enum form_found decode_fixed(const struct form *form,
                                    const struct inbox *inbox,
                                    struct frame *frame)
{
    frame->length = frame->total = form->fixed;
    return inbox->bytes >= form->fixed ? FORM_WHOLE : FORM_PART;
}

static uint64_t read_prefix(const struct form *form, const struct pool *pool,
                            const struct inbox *inbox)
{
    unsigned char prefix[8];
    unsigned width = form->width;
    uint64_t value = 0;

    inbox_copy(pool, inbox, 0, prefix, width);
    for (unsigned i = 0; i < width; i++)
        value = value << 8 | prefix[form->little ? width - 1 - i : i];
    return value;
}

static enum form_found decode_length(const struct form *form,
                                     const struct pool *pool,
                                     const struct inbox *inbox, size_t most,
                                     struct frame *frame)
{
    uint64_t told;

    if (inbox->bytes < form->width)
        return FORM_PART;
    told = read_prefix(form, pool, inbox);
    if (told > most)
        return FORM_TOOLONG;
    frame->begins = form->width;
    frame->length = (size_t)told;
    frame->total = form->width + frame->length;
    return inbox->bytes >= frame->total ? FORM_WHOLE : FORM_PART;
}

/* The end of a line that has not come may still be a "\r\n". */
static enum form_found decode_line(const struct pool *pool, struct inbox *inbox,
                                   size_t most, struct frame *frame)
{
    size_t end = inbox_find(pool, inbox, inbox->searched, '\n');
    unsigned char before = 0;

    if (end == SIZE_MAX) {
        inbox->searched = inbox->bytes;
        if (inbox->bytes <= most)
            return FORM_PART;
        inbox_copy(pool, inbox, inbox->bytes - 1, &before, 1);
        return before == '\r' && inbox->bytes == most + 1 ? FORM_PART
                                                          : FORM_TOOLONG;
    }
    if (end > 0)
        inbox_copy(pool, inbox, end - 1, &before, 1);
    frame->length = before == '\r' ? end - 1 : end;
    frame->total = end + 1;
    return frame->length <= most ? FORM_WHOLE : FORM_TOOLONG;
}

enum form_found form_decode(const struct form *form, const struct pool *pool,
                            struct inbox *inbox, size_t most,
                            struct frame *frame)
{
    *frame = (struct frame){0};
    if (inbox->bytes == 0)
        return FORM_PART;
    switch (form->kind) {
    case FORM_LINE:
        return decode_line(pool, inbox, most, frame);
    case FORM_FIXED:
        return decode_fixed(form, inbox, frame);
    case FORM_LENGTH:
        return decode_length(form, pool, inbox, most, frame);
    default:
        return decode_raw(inbox, most, frame);
    }
}
