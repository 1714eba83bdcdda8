#include "base/text.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    ESCAPE_BYTES = 5, /* of the longest escape, with the zero of snprintf */
    NAME_MAX_BYTES = 32
};

/* Write the escape of a byte to `out`. Gives its length without the zero. */
static size_t escape_byte(char *out, unsigned char byte)
{
    switch (byte) {
    case '\n':
        return (size_t)snprintf(out, ESCAPE_BYTES, "\\n");
    case '\r':
        return (size_t)snprintf(out, ESCAPE_BYTES, "\\r");
    case '\t':
        return (size_t)snprintf(out, ESCAPE_BYTES, "\\t");
    default:
        return (size_t)snprintf(out, ESCAPE_BYTES, "\\x%02x", byte);
    }
}

/*
 * The number of bytes of the character at `at`; `length` bytes are left. 0 if
 * it is not well-formed UTF-8 (RFC 3629) or is a control character: U+0000 to
 * U+001F, U+007F, or, in two bytes, U+0080 to U+009F.
 */
static size_t character_bytes(const unsigned char *at, size_t length)
{
    static const uint32_t smallest[] = {0, 0, 0xa0, 0x800, 0x10000};

    if (*at < 0x80)
        return *at >= ' ' && *at != 0x7f;
    if (*at < 0xc2 || *at > 0xf4)
        return 0;

    size_t n = *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    uint32_t code = *at & (0x7fu >> n);

    if (n > length)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    if (code < smallest[n] || code > 0x10ffff || (code >> 11) == 0xd800 >> 11)
        return 0;
    return n;
}

size_t text_escape(char *out, size_t capacity, const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    const unsigned char *end = at + length;
    size_t used = 0;

    while (at < end) {
        size_t n = character_bytes(at, (size_t)(end - at));

        if (used + (n > 0 ? n : ESCAPE_BYTES) > capacity)
            break;
        if (n > 0)
            memcpy(out + used, at, n);
        used += n > 0 ? n : escape_byte(out + used, *at);
        at += n > 0 ? n : 1;
    }
    return used;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/*
 * Compute, row by row, the distances between each prefix of `a` and each
 * prefix of `b`. A row depends only on the two rows above it, so three rows are
 * stored. https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance
 */
int text_distance(const char *a, const char *b)
{
    size_t an = strlen(a);
    size_t bn = strlen(b);
    int rows[3][NAME_MAX_BYTES + 1];

    if (an > NAME_MAX_BYTES || bn > NAME_MAX_BYTES)
        return INT_MAX;
    for (size_t j = 0; j <= bn; j++)
        rows[0][j] = (int)j;

    for (size_t i = 1; i <= an; i++) {
        int *above2 = rows[(i + 1) % 3];
        int *above = rows[(i + 2) % 3];
        int *row = rows[i % 3];

        row[0] = (int)i;
        for (size_t j = 1; j <= bn; j++) {
            int replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], above2[j - 2] + 1);
        }
    }
    return rows[an % 3][bn];
}

void text_decimal(char *out, uint64_t number)
{
    char digits[TEXT_DECIMAL_BYTES];
    int n = 0;

    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (n > 0)
        *out++ = digits[--n];
    *out = '\0';
}
