#include "base/table.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

enum { FIRST_CAPACITY = 4, MIX_SHIFT = 32 };

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

static struct table_node **chain_of(const struct table *table, uint64_t hash)
{
    return &table->chains[hash & (table->capacity - 1)];
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

static void push_node(struct table *table, struct table_node *node)
{
    struct table_node **chain = chain_of(table, node->hash);

    node->next = *chain;
    *chain = node;
}

/* Double the number of chains. False: no memory, and nothing has changed. */
static bool double_chains(struct table *table)
{
    struct table bigger = {
        .capacity = table->capacity > 0 ? 2 * table->capacity : FIRST_CAPACITY,
        .used = table->used,
    };

    bigger.chains = calloc(bigger.capacity, sizeof(struct table_node *));
    if (bigger.chains == NULL)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        struct table_node *next;

        for (struct table_node *at = table->chains[i]; at != NULL; at = next) {
            next = at->next;
            push_node(&bigger, at);
        }
    }
    free(table->chains);
    *table = bigger;
    return true;
}

/* Without memory to grow, the chains that exist get longer. */
bool table_put(struct table *table, struct table_node *node, uint64_t hash)
{
    if (table->used >= table->capacity && !double_chains(table) &&
        table->capacity == 0)
        return false;
    node->hash = hash;
    push_node(table, node);
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

        for (struct table_node *at = table->chains[i]; at != NULL; at = next) {
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
    free(table->chains);
    *table = (struct table){0};
}
