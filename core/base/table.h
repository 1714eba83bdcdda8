/*
 * table.h - a hash table of nodes that live inside what they stand for
 *
 * It knows hashes only: whoever looks something up compares the keys of all
 * nodes of one hash, which as a rule is one.
 *
 *     for (node = table_first(table, hash); node != NULL;
 *          node = table_next(node))
 *         if (the owner of node has the key)
 *             ...
 */
#ifndef FES_BASE_TABLE_H
#define FES_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_node {
    struct table_node *next; /* in the same chain */
    uint64_t hash;
};

struct table {
    struct table_node **chains; /* NULL: empty, and nothing allocated */
    size_t room;                /* chains; a power of two */
    size_t used;                /* nodes */
};

/*
 * The hash of some bytes, another one in each process: who chooses the keys
 * cannot choose them to collide. `more` tells apart keys of the same bytes.
 * (FNV-1a of 64 bits, http://www.isthe.com/chongo/tech/comp/fnv/, mixed.)
 */
uint64_t table_hash(const void *bytes, size_t length, uint64_t more);

struct table_node *table_first(const struct table *table, uint64_t hash);
struct table_node *table_next(const struct table_node *node);

/* Put in a node that is in no table. False: no memory, and it is not in. */
bool table_put(struct table *table, struct table_node *node, uint64_t hash);

/* Take out a node that is in the table. */
void table_take(struct table *table, struct table_node *node);

/* Call fn(node, context) for each node, in no order. It may not change the
 * table. */
typedef void table_fn(struct table_node *node, void *context);
void table_each(const struct table *table, table_fn *fn, void *context);

/* Likewise, but take all nodes out, so that `fn` may free them, and free what
 * the table itself took. */
void table_empty(struct table *table, table_fn *fn, void *context);

/* Forget all nodes and free what the table itself took. */
void table_clear(struct table *table);

#endif
