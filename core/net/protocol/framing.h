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

enum { FRAMING_MOST_OVERHEAD = 16 }; /* bytes that any form adds, at most */

enum framing_kind { FRAMING_RAW, FRAMING_LINE, FRAMING_FIXED, FRAMING_LENGTH };

struct framing {
    enum framing_kind kind;
    uint32_t fixed; /* FRAMING_FIXED: bytes of a message, at least 1 */
    uint8_t width;  /* FRAMING_LENGTH: bytes of the prefix: 1, 2, 4 or 8 */
    bool little;    /* FRAMING_LENGTH: the least byte comes first */
};

bool framing_equal(const struct framing *one, const struct framing *other);

/* ---------------------------------------------------------------- going out */

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
const char *framing_refuses(const struct framing *framing, const char *data,
                            size_t length);

/* The message that carries the data, which the form does not refuse. */
struct message framing_encode(const struct framing *framing, const char *data,
                              size_t length);

/* Bytes that the form adds to each message. */
size_t framing_overhead(const struct framing *framing);

/* ---------------------------------------------------------------- coming in */

enum framing_found {
    FRAMING_PART,   /* no message, or only its beginning */
    FRAMING_WHOLE,  /* a message stands at the front */
    FRAMING_TOOLONG /* one that is longer than allowed begins there */
};

/* Where the message at the front lies. */
struct frame {
    size_t begins; /* the bytes before its data */
    size_t length; /* of its data */
    size_t total;  /* of all of it */
};

/*
 * Look for the message at the front of an inbox, whose data may be `most` bytes
 * long. FRAMING_RAW: all there is, `most` bytes at most.
 */
enum framing_found framing_decode(const struct framing *framing,
                                  const struct pool *pool, struct inbox *inbox,
                                  size_t most, struct frame *frame);

#endif
