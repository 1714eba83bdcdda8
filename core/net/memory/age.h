/*
 * age.h - the age of the oldest unsent byte
 *
 * Bytes leave in the order in which they came. So a mark "bytes up to this
 * position had come by that tick" says, until the bytes up to it have left,
 * that some unsent byte is at least that old. At most AGE_MARKS marks are
 * stored; when one more comes, every second one is dropped. So the age is known
 * to about a quarter of itself, however great it is.
 *
 * A position counts all bytes that were ever queued for the connection.
 */
#ifndef FES_MEMORY_AGE_H
#define FES_MEMORY_AGE_H

#include <stdint.h>

enum { AGE_MARKS = 8 };

struct age {
    struct age_mark {
        uint64_t position;
        uint32_t tick;
    } marks[AGE_MARKS]; /* oldest first */
    uint32_t count;
};

/* Begin anew: the bytes before `position` came at `tick` or earlier. */
void age_begin(struct age *age, uint64_t position, uint32_t tick);

/* Note that bytes up to `position` had come by `tick`. Call when some came. */
void age_note(struct age *age, uint64_t position, uint32_t tick);

/*
 * The tick by which the oldest unsent byte had come, when those before
 * `position` have been sent; `tick` if no mark says. Marks that have been
 * passed are dropped.
 */
uint32_t age_since(struct age *age, uint64_t position, uint32_t tick);

#endif
