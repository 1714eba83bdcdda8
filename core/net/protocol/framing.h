/*
 * framing.h - how messages lie in a stream of bytes
 *
 *     raw        data                  no messages: chunks, as they come
 *     line       data \n               when received, \r\n too
 *     fixed      data                  always so many bytes
 *     length     n data                n in 1, 2, 4 or 8 bytes, big or little
 *                                      endian, itself not counted
 *
 * A form knows no sockets: it turns data into a message to be sent, and finds
 * messages in what has come.
 */
#ifndef FES_PROTOCOL_FRAMING_H
#define FES_PROTOCOL_FRAMING_H

#include "net/memory/inbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FORM_MOST_OVERHEAD = 16 }; /* bytes that any form adds, at most */

enum form_kind { FORM_RAW, FORM_LINE, FORM_FIXED, FORM_LENGTH };

struct form {
    enum form_kind kind;
    uint32_t fixed; /* FORM_FIXED: bytes of a message, at least 1 */
    uint8_t width;  /* FORM_LENGTH: bytes of the prefix: 1, 2, 4 or 8 */
    bool little;    /* FORM_LENGTH: the least byte comes first */
};

bool form_equal(const struct form *one, const struct form *other);

/* --------------------------------------------------------------- going out */

/* A message as it goes out: the data, and what its form puts around it. */
struct message {
    unsigned char prefix[8];
    uint8_t prefix_length;
    uint8_t suffix_length;
    const char *suffix;
    const char *data; /* of whoever made the message; must outlive it */
    size_t data_length;
    size_t length; /* of all of it */
};

/* NULL if the form can carry this data, else why not, in words. */
const char *form_refuses(const struct form *form, const char *data,
                         size_t length);

/* The message that carries the data, which the form does not refuse. */
struct message form_encode(const struct form *form, const char *data,
                           size_t length);

/* Bytes that the form adds to each message. */
size_t form_overhead(const struct form *form);

/* --------------------------------------------------------------- coming in */

enum form_found {
    FORM_PART,   /* no message, or only its beginning */
    FORM_WHOLE,  /* a message stands at the front */
    FORM_TOOLONG /* one that is longer than allowed begins there */
};

/* Where the message at the front lies. */
struct frame {
    size_t begins; /* the bytes before its data */
    size_t length; /* of its data */
    size_t total;  /* of all of it */
};

/*
 * Look for the message at the front of an inbox, whose data may be `most` bytes
 * long. FORM_RAW: all there is, `most` bytes at most.
 */
enum form_found form_decode(const struct form *form, const struct pool *pool,
                            struct inbox *inbox, size_t most,
                            struct frame *frame);

#endif
