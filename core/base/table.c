#include "base/table.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

enum { FIRST_CAPACITY = 4, FIRST_BITS = 2, MIX_SHIFT = 32, WORD_BITS = 64 };

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/*
 * The same number for the life of the process, and odd: multiplying by it loses
 * no bits. If the kernel has no random bytes, it is FNV_BASIS.
 */
static uint64_t process_seed(void)
{
    static uint64_t seed;

    if (seed == 0 &&
        getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = FNV_BASIS;
    return seed | 1;
}

uint64_t table_hash(const void *bytes, size_t length, uint64_t more)
{
    const unsigned char *at = bytes;
    uint64_t hash = (FNV_BASIS ^ process_seed()) + more * FNV_PRIME;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * FNV_PRIME;
    hash ^= hash >> MIX_SHIFT;
    hash *= process_seed();
    return hash ^ hash >> MIX_SHIFT;
}

/* The exponent of the largest power of two that is not above `number`. */
static unsigned log_of(size_t number)
{
    return WORD_BITS - 1 - (unsigned)__builtin_clzll(number);
}

/* Segment 0 has the chains 0..3, segment s the chains 2^(s+1) .. 2^(s+2)-1. */
static struct table_node **chain_at(const struct table *table, size_t index)
{
    unsigned log;

    if (index < FIRST_CAPACITY)
        return &table->segments[0][index];
    log = log_of(index);
    return &table->segments[log - FIRST_BITS + 1][index - ((size_t)1 << log)];
}

/* The chains from the largest power of two on have come since the last
 * doubling: their nodes were split off the chains so many below. */
static struct table_node **chain_of(const struct table *table, uint64_t hash)
{
    size_t half = (size_t)1 << log_of(table->capacity);
    size_t index = hash & (2 * half - 1);

    return chain_at(table, index < table->capacity ? index : index - half);
}

/* The first node of a chain, from `node` on, that has this hash; or NULL. */
static struct table_node *skip_to_hash(struct table_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash)
        node = node->next;
    return node;
}

struct table_node *table_first(const struct table *table, uint64_t hash)
{
    return table->capacity > 0 ? skip_to_hash(*chain_of(table, hash), hash)
                               : NULL;
}

struct table_node *table_next(const struct table_node *node)
{
    return skip_to_hash(node->next, node->hash);
}

static void push_node(struct table_node **chain, struct table_node *node)
{
    node->next = *chain;
    *chain = node;
}

/* Allocate segment `index`, of `chains` chains, which are not set. */
static bool add_segment(struct table *table, unsigned index, size_t chains)
{
    struct table_node ***segments =
        realloc(table->segments, (index + 1) * sizeof *segments);

    if (segments == NULL)
        return false;
    table->segments = segments;
    segments[index] = malloc(chains * sizeof **segments);
    return segments[index] != NULL;
}

/* False: no memory, and no chain was made. */
static bool make_first_chains(struct table *table)
{
    if (!add_segment(table, 0, FIRST_CAPACITY)) {
        table_clear(table);
        return false;
    }
    for (size_t i = 0; i < FIRST_CAPACITY; i++)
        table->segments[0][i] = NULL;
    table->capacity = FIRST_CAPACITY;
    return true;
}

/* Move the nodes that belong to chain `index` there, from the one `half` below.
 */
static void split_chain(struct table *table, size_t index, size_t half)
{
    struct table_node *at = *chain_at(table, index - half);
    struct table_node *stay = NULL, *move = NULL, *next;

    for (; at != NULL; at = next) {
        next = at->next;
        push_node(at->hash & half ? &move : &stay, at);
    }
    *chain_at(table, index - half) = stay;
    *chain_at(table, index) = move;
}

/* Add one chain. Does nothing without memory. */
static void grow(struct table *table)
{
    size_t index = table->capacity;
    unsigned log = log_of(index);
    size_t half = (size_t)1 << log;

    if (index == half && !add_segment(table, log - FIRST_BITS + 1, half))
        return;
    table->capacity++;
    split_chain(table, index, half);
}

/* Without memory to grow, the chains that exist get longer. */
bool table_put(struct table *table, struct table_node *node, uint64_t hash)
{
    if (table->capacity == 0 && !make_first_chains(table))
        return false;
    if (table->used >= table->capacity)
        grow(table);
    node->hash = hash;
    push_node(chain_of(table, hash), node);
    table->used++;
    return true;
}

void table_take(struct table *table, struct table_node *node)
{
    struct table_node **at = chain_of(table, node->hash);

    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    node->next = NULL;
    table->used--;
}

void table_each(const struct table *table, table_fn *fn, void *context)
{
    for (size_t i = 0; i < table->capacity; i++) {
        struct table_node *next;

        for (struct table_node *at = *chain_at(table, i); at != NULL;
             at = next) {
            next = at->next;
            fn(at, context);
        }
    }
}

void table_remove_all(struct table *table, table_fn *fn, void *context)
{
    struct table all = *table;

    *table = (struct table){0};
    table_each(&all, fn, context);
    table_clear(&all);
}

void table_clear(struct table *table)
{
    size_t segments =
        table->capacity > 0 ? log_of(table->capacity - 1) - FIRST_BITS + 2 : 1;

    for (size_t i = 0; table->capacity > 0 && i < segments; i++)
        free(table->segments[i]);
    free(table->segments);
    *table = (struct table){0};
}
