#include "net/memory/age.h"

#include <string.h>

void age_begin(struct age *age, uint64_t position, uint32_t tick)
{
    age->marks[0] = (struct age_mark){.position = position, .tick = tick};
    age->count = 1;
}

/* Drop every second mark. The oldest stays. */
static void thin_out(struct age *age)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < age->count; i += 2)
        age->marks[kept++] = age->marks[i];
    age->count = kept;
}

void age_note(struct age *age, uint64_t position, uint32_t tick)
{
    struct age_mark *last = age->count > 0 ? &age->marks[age->count - 1] : NULL;

    if (last != NULL && last->position == position)
        return;
    if (last != NULL && last->tick == tick) {
        last->position = position;
        return;
    }
    if (age->count == AGE_MARKS)
        thin_out(age);
    age->marks[age->count++] =
        (struct age_mark){.position = position, .tick = tick};
}

uint32_t age_since(struct age *age, uint64_t position, uint32_t tick)
{
    uint32_t passed = 0;

    while (passed < age->count && age->marks[passed].position <= position)
        passed++;
    age->count -= passed;
    memmove(age->marks, age->marks + passed, age->count * sizeof *age->marks);
    return age->count > 0 ? age->marks[0].tick : tick;
}
