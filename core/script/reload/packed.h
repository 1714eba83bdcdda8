/*
 * packed.h - the format in which plain data is serialized (pack.h)
 *
 * A value is a tag of one byte, and what the enum says after it. Objects are
 * tables and closed conns. They are numbered from 1, in the order in which a
 * value first refers to them, and their contents follow the root:
 *
 *     pack     roots, END
 *     root     STATE value, or FIELD name key value; then the contents of the
 *              objects that are new, in the order of their numbers
 *     contents of a table: keys and values in turn, END
 *              of a closed conn: a struct conn_last
 *
 * Numbers and lengths are uint64_t in the byte order of the machine. A pack has
 * pointers in it, and is valid in this process and this turn of the loop only.
 */
#ifndef FES_RELOAD_PACKED_H
#define FES_RELOAD_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packed {
    PACKED_END,
    PACKED_STATE,
    PACKED_FIELD, /* the conn_name; key and value follow */
    PACKED_NIL,
    PACKED_FALSE,
    PACKED_TRUE,
    PACKED_INTEGER, /* its 8 bytes */
    PACKED_FLOAT,   /* a lua_Number */
    PACKED_STRING,  /* its length, its bytes */
    PACKED_TABLE,   /* the object's number */
    PACKED_CONN,    /* the conn_name */
    PACKED_CLOSED,  /* a conn that is closed: the object's number */
    PACKED_SERVER,  /* a struct server * */
    PACKED_TOPIC    /* a struct topic * */
};

/* A buffer that grows; all zero: empty. Free it with packed_free(). */
struct pack {
    unsigned char *bytes;
    size_t used;     /* bytes */
    size_t capacity; /* bytes */
};

/* Append bytes. False: no memory; the pack is as it was. */
bool packed_put(struct pack *pack, const void *bytes, size_t length);

/* The position of a reader in a pack. */
struct unpacking {
    const unsigned char *at;
};

/* Read and move on: `length` bytes, a tag, a number. The end of the pack is not
 * checked; the reader must stop at the last PACKED_END. */
void packed_take(struct unpacking *unpacking, void *out, size_t length);
enum packed packed_take_tag(struct unpacking *unpacking);
uint64_t packed_take_number(struct unpacking *unpacking);

/* Free the bytes of a pack. */
void packed_free(struct pack *pack);

#endif
