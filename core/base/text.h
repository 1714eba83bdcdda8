/*
 * text.h - text that is safe to show, and names that are nearly right
 */
#ifndef FES_BASE_TEXT_H
#define FES_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A run of bytes; whoever made them owns them. */
struct bytes {
    const char *at;
    size_t length;
};

enum { TEXT_DECIMAL_BYTES = 24 }; /* enough for any, with its zero */

/*
 * Copy `length` bytes to `out`, at most `room` bytes, control characters (and
 * what is no text) written as `\n`, `\t`, `\r` or `\x1b`. UTF-8 passes. What
 * does not fit is cut, never inside a letter or an escape. No terminating zero.
 * Gives the number of bytes written.
 */
size_t text_escape(char *out, size_t room, const char *bytes, size_t length);

/*
 * How many letters must be added, left out, replaced or swapped with their
 * neighbour to make `b` of `a` (the optimal string alignment distance). Names
 * over 32 letters are far from everything: INT_MAX.
 */
int text_distance(const char *a, const char *b);

/* The number in decimal, into `out`, which has room for TEXT_DECIMAL_BYTES.
 * May be called in a signal's handler. */
void text_decimal(char *out, uint64_t number);

#endif
