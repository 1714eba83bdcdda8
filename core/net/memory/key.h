/*
 * key.h - the key under which a topic retains a message
 *
 * Messages published without a key share the key of kind KEY_NONE.
 */
#ifndef FES_MEMORY_KEY_H
#define FES_MEMORY_KEY_H

#include <stdint.h>

enum { KEY_MOST_BYTES = 255 };

enum key_kind { KEY_NONE, KEY_STRING, KEY_INTEGER };

struct key {
    enum key_kind kind;
    uint8_t length;    /* of the string, or of the integer: 8 */
    const void *bytes; /* owned by the caller */
};

#endif
