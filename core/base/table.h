/*
 * table.h - a hash table whose nodes are embedded in the items
 *
 * The table stores hashes, not keys. To find an item, the caller compares the
 * keys of all nodes with the hash of the key; usually that is one node.
 *
 *     for (node = table_first(table, hash); node != NULL;
 *          node = table_next(node))
 *         if (the item of node has the key)
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

/*
 * All zero: an empty table, nothing allocated. It grows by one chain with each
 * node that is inserted, so no single call takes long, however large it is
 * (linear hashing: Litwin, "Linear hashing: a new tool for file and table
 * addressing", 1980). The chains lie in segments of 4, 4, 8, 16, ... chains.
 */
struct table {
    struct table_node ***segments; /* of chains; NULL: nothing allocated */
    size_t capacity;               /* number of chains */
    size_t used;                   /* number of nodes */
};

/*
 * The hash of `length` bytes and of `more`, a number that belongs to the key.
 * It depends on a random seed of the process, so a peer that chooses the keys
 * cannot choose them to collide.
 * Source: FNV-1a of 64 bits, http://www.isthe.com/chongo/tech/comp/fnv/, whose
 * result is then mixed.
 */
uint64_t table_hash(const void *bytes, size_t length, uint64_t more);

/* The first node with this hash, and the next one with the hash of `node`;
 * NULL: there is none. */
struct table_node *table_first(const struct table *table, uint64_t hash);
struct table_node *table_next(const struct table_node *node);

/* Insert a node that is in no table. False: no memory, and the node is not
 * inserted; this can happen only while nothing is allocated. */
bool table_put(struct table *table, struct table_node *node, uint64_t hash);

/* Remove a node, which must be in the table. */
void table_take(struct table *table, struct table_node *node);

/* Call fn(node, context) for each node, in no particular order. `fn` must not
 * insert or remove nodes. */
typedef void table_fn(struct table_node *node, void *context);
void table_each(const struct table *table, table_fn *fn, void *context);

/* Remove all nodes, call fn(node, context) for each, which may free it, and
 * free the table's own memory. */
void table_remove_all(struct table *table, table_fn *fn, void *context);

/* Remove all nodes and free the table's own memory. The nodes belong to their
 * owners. */
void table_clear(struct table *table);

#endif
