#include "base/sites.h"

#include <assert.h>
#include <stdlib.h>

enum { ROOM_AT_FIRST = 64 };

struct site {
    uint64_t key; /* 0: the place is free */
    uint32_t count;
};

/* Fibonacci hashing: Knuth, The Art of Computer Programming, 6.4. */
static size_t home_of(const struct sites *sites, uint64_t key)
{
    return (size_t)((key * UINT64_C(11400714819323198485)) >> 32) &
           (sites->room - 1);
}

/* The place of a key, or the free one where it belongs. */
static size_t place_of(const struct sites *sites, uint64_t key)
{
    size_t i = home_of(sites, key);

    while (sites->table[i].key != 0 && sites->table[i].key != key)
        i = (i + 1) & (sites->room - 1);
    return i;
}

uint32_t sites_count(const struct sites *sites, uint64_t key)
{
    return sites->room > 0 ? sites->table[place_of(sites, key)].count : 0;
}

static bool grow(struct sites *sites)
{
    struct sites bigger = {
        .room = sites->room > 0 ? 2 * sites->room : ROOM_AT_FIRST,
        .used = sites->used,
    };

    bigger.table = calloc(bigger.room, sizeof *bigger.table);
    if (bigger.table == NULL)
        return false;
    for (size_t i = 0; i < sites->room; i++)
        if (sites->table[i].key != 0)
            bigger.table[place_of(&bigger, sites->table[i].key)] =
                sites->table[i];
    free(sites->table);
    *sites = bigger;
    return true;
}

bool sites_add(struct sites *sites, uint64_t key)
{
    assert(key != 0);
    if (4 * (sites->used + 1) > 3 * sites->room && !grow(sites))
        return false;

    struct site *site = &sites->table[place_of(sites, key)];

    sites->used += site->count == 0;
    site->key = key;
    site->count++;
    return true;
}

/* Close the gap: whoever stands behind it and would rather be there moves. */
static void free_place(struct sites *sites, size_t gap)
{
    size_t mask = sites->room - 1;

    for (size_t i = (gap + 1) & mask; sites->table[i].key != 0;
         i = (i + 1) & mask) {
        size_t home = home_of(sites, sites->table[i].key);

        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        sites->table[gap] = sites->table[i];
        gap = i;
    }
    sites->table[gap] = (struct site){0};
    sites->used--;
}

void sites_remove(struct sites *sites, uint64_t key)
{
    size_t i = place_of(sites, key);

    assert(sites->table[i].count > 0);
    if (--sites->table[i].count == 0)
        free_place(sites, i);
}

void sites_clear(struct sites *sites)
{
    free(sites->table);
    *sites = (struct sites){0};
}
