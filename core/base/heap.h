/*
 * heap.h - what is due first: a binary heap of moments
 *
 * The heap holds pointers to nodes that live in their owners; a node knows its
 * place, so any node can be taken out in O(log n). Nodes of the same moment
 * come out in the order in which they were put in.
 */
#ifndef FES_BASE_HEAP_H
#define FES_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    uint64_t due;   /* comes out first if least */
    uint64_t order; /* among equals: who was put in first */
    size_t place;   /* index in the heap + 1; 0: in no heap */
};

struct heap {
    struct heap_node **nodes;
    size_t count;
    size_t room;
    uint64_t order;
};

/* Put in a node that is in no heap, with its `due` set. False: no memory. */
bool heap_put(struct heap *heap, struct heap_node *node);

/* Take a node out, if it is in the heap. */
void heap_take(struct heap *heap, struct heap_node *node);

/* The node that is due first, or NULL. */
struct heap_node *heap_first(const struct heap *heap);

/* Forget all nodes and free what the heap itself took. */
void heap_clear(struct heap *heap);

#endif
