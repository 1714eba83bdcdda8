/*
 * framing.h - raw, line, fixed and length-prefixed messages
 *
 * A framing says how messages lie in a stream of bytes:
 *
 *     raw        data                  chunks as they come, without boundaries
 *     line       data \n               \r\n is accepted too
 *     fixed      data                  each of the same number of bytes
 *     length     n data                n is the length of the data, in 1, 2, 4
 *                                      or 8 bytes, big or little endian
 *
 * The module makes messages of data to be sent, and finds messages in received
 * bytes.
 */
#ifndef FES_PROTOCOL_FRAMING_H
#define FES_PROTOCOL_FRAMING_H

#include "net/memory/inbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No framing adds more bytes than this to the data of a message. */
enum { FRAMING_MOST_OVERHEAD = 16 };

enum framing_kind { FRAMING_RAW, FRAMING_LINE, FRAMING_FIXED, FRAMING_LENGTH };

struct framing {
    enum framing_kind kind;
    uint32_t fixed; /* FRAMING_FIXED: bytes of a message, at least 1 */
    uint8_t width;  /* FRAMING_LENGTH: bytes of the prefix: 1, 2, 4 or 8 */
    bool little;    /* FRAMING_LENGTH: the prefix is little endian */
};

/* Do they send and receive the same messages in the same bytes? */
bool framing_equal(const struct framing *one, const struct framing *other);

/* ------------------------------------------------------------------ sending */

/* A message to be sent: prefix, data, suffix. */
struct message {
    unsigned char prefix[8];
    uint8_t prefix_length;
    uint8_t suffix_length;
    const char *suffix; /* static, or NULL */
    const char *data;   /* the caller's; must outlive the message */
    size_t data_length;
    size_t length; /* of all three, bytes */
};

/*
 * NULL if the framing can carry this data, else the reason: static text that
 * goes on after "...: ". `data` may be NULL unless the framing is FRAMING_LINE.
 */
const char *framing_refuses(const struct framing *framing, const char *data,
                            size_t length);

/* The message that carries the data, which the framing does not refuse. */
struct message framing_encode(const struct framing *framing, const char *data,
                              size_t length);

/* Bytes that the framing adds to the data of each message it sends. */
size_t framing_overhead(const struct framing *framing);

/* ---------------------------------------------------------------- receiving */

enum framing_found {
    FRAMING_INCOMPLETE, /* no byte, or an incomplete message */
    FRAMING_COMPLETE,   /* a complete message */
    FRAMING_TOOLONG     /* the beginning of a message that is too long */
};

/* Where the message at the front of an inbox lies. */
struct frame {
    size_t begins; /* position of its data */
    size_t length; /* of its data */
    size_t total;  /* of all of it, to be consumed with it */
};

/*
 * What lies at the front of an inbox? `*frame` is valid if it is
 * FRAMING_COMPLETE. The data of a message may be `most` bytes long; of a raw
 * stream, as many bytes as there are, up to `most`, are a message. Nothing is
 * consumed; the inbox notes how far it has been searched.
 */
enum framing_found framing_decode(const struct framing *framing,
                                  const struct pool *pool, struct inbox *inbox,
                                  size_t most, struct frame *frame);

#endif
