/*
 * text.h - text that is safe to show, and the distance between names
 */
#ifndef FES_BASE_TEXT_H
#define FES_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A run of bytes, not owned by this struct. */
struct bytes {
    const char *at;
    size_t length;
};

enum { TEXT_DECIMAL_BYTES = 24 }; /* enough for any uint64_t and its zero */

/*
 * Copy `length` bytes to `out`, which has `capacity` bytes. Control characters
 * and bytes that are not valid UTF-8 are written as `\n`, `\t`, `\r` or `\x1b`.
 * Text that does not fit is cut, never inside a character or an escape; an
 * escape needs 5 bytes of space. Gives the number of bytes written. There is no
 * terminating zero.
 */
size_t text_escape(char *out, size_t capacity, const char *bytes,
                   size_t length);

/*
 * The number of bytes to insert, delete, replace or swap with their neighbour
 * to turn `a` into `b` (the optimal string alignment distance). INT_MAX if one
 * of them is longer than 32 bytes.
 */
int text_distance(const char *a, const char *b);

/* Write the number in decimal and a zero to `out`, which has
 * TEXT_DECIMAL_BYTES. Async-signal-safe. */
void text_decimal(char *out, uint64_t number);

#endif
