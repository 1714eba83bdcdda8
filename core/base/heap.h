/*
 * heap.h - a binary heap of nodes, ordered by the time at which they are due
 *
 * The heap holds pointers to nodes that are embedded in their owners' structs.
 * A node stores its index, so any node can be removed in O(log n). Nodes with
 * the same `due` come out in the order in which they were inserted.
 */
#ifndef FES_BASE_HEAP_H
#define FES_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    uint64_t due;   /* the smallest comes out first */
    uint64_t order; /* of insertion; decides between nodes with equal `due` */
    size_t place;   /* index in `nodes` + 1; 0: in no heap */
};

/* All zero: an empty heap, nothing allocated. */
struct heap {
    struct heap_node **nodes;
    size_t count;    /* nodes in the heap */
    size_t capacity; /* of the array `nodes` */
    uint64_t order;  /* of the next node that is inserted */
};

/*
 * Insert a node that is in no heap and whose `due` is set. False: no memory,
 * and the node is not inserted.
 */
bool heap_put(struct heap *heap, struct heap_node *node);

/* Remove a node. Does nothing if the node is in no heap. */
void heap_take(struct heap *heap, struct heap_node *node);

/* The node that is due first, which stays in the heap; NULL: empty. */
struct heap_node *heap_first(const struct heap *heap);

/* Remove all nodes and free the array. The nodes belong to their owners. */
void heap_clear(struct heap *heap);

#endif
