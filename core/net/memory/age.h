/*
 * age.h - how old the oldest byte is that still waits
 *
 * Bytes leave in the order in which they came, so a mark "up to this position,
 * bytes had come by that tick" tells, until the position has left, that some
 * byte is at least so old. A few marks are kept; when there are too many, every
 * second one goes. So the age is known to about a quarter of itself, however
 * old it is, and at no cost for each message.
 */
#ifndef FES_MEMORY_AGE_H
#define FES_MEMORY_AGE_H

#include <stdint.h>

enum { AGE_MARKS = 8 };

struct age {
    struct age_mark {
        uint64_t position;
        uint32_t tick;
    } marks[AGE_MARKS];
    uint32_t count;
};

/* Bytes begin to wait: those before `position` came at `tick` or earlier. */
void age_begin(struct age *age, uint64_t position, uint32_t tick);

/* By `tick`, bytes up to `position` had come. To be told now and then. */
void age_note(struct age *age, uint64_t position, uint32_t tick);

/*
 * Since when the oldest byte waits, at the latest, when those before
 * `position` have left; `tick` if that is not known.
 */
uint32_t age_since(struct age *age, uint64_t position, uint32_t tick);

#endif
