/*
 * packed.h - how plain data is written down (pack.h): a tag, then its bytes
 *
 *     root     STATE value, or FIELD name key value; then the objects that are
 *              new, in the order of their numbers
 *     table    keys and values in turn, END
 *     closed   a struct conn_last
 *     pack     roots, END
 *
 * Numbers are eight bytes in the order of this machine: no pack outlives the
 * process.
 */
#ifndef FES_RELOAD_PACKED_H
#define FES_RELOAD_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packed {
    PACKED_END,
    PACKED_STATE,
    PACKED_FIELD, /* the name of the connection */
    PACKED_NIL,
    PACKED_FALSE,
    PACKED_TRUE,
    PACKED_INTEGER,
    PACKED_FLOAT,
    PACKED_STRING, /* its length, its bytes */
    PACKED_TABLE,  /* its number */
    PACKED_CONN,   /* its name */
    PACKED_CLOSED, /* its number */
    PACKED_SERVER, /* its address: struct server * */
    PACKED_TOPIC   /* its address: struct topic * */
};

/* Bytes, as many as it takes. All zero: none so far. */
struct pack {
    unsigned char *bytes;
    size_t used;
    size_t room;
};

/* Write bytes behind what is there. False: no memory. */
bool packed_put(struct pack *pack, const void *bytes, size_t length);

/* Where a reader of a pack is. */
struct unpacking {
    const unsigned char *at;
};

/* Read what was written; the reader knows what comes. */
void packed_take(struct unpacking *unpacking, void *out, size_t length);
enum packed packed_take_tag(struct unpacking *unpacking);
uint64_t packed_take_number(struct unpacking *unpacking);

void packed_free(struct pack *pack);

#endif
