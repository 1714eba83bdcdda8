#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

static bool is_due_before(const struct heap_node *a, const struct heap_node *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void set_node(struct heap *heap, size_t i, struct heap_node *node)
{
    heap->nodes[i] = node;
    node->place = i + 1;
}

/* Move the hole at `i` towards the root until `node` fits into it. */
static void sift_up(struct heap *heap, size_t i, struct heap_node *node)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;

        if (!is_due_before(node, heap->nodes[parent]))
            break;
        set_node(heap, i, heap->nodes[parent]);
        i = parent;
    }
    set_node(heap, i, node);
}

/* Move the hole at `i` towards the leaves until `node` fits into it. */
static void sift_down(struct heap *heap, size_t i, struct heap_node *node)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= heap->count)
            break;
        if (child + 1 < heap->count &&
            is_due_before(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (!is_due_before(heap->nodes[child], node))
            break;
        set_node(heap, i, heap->nodes[child]);
        i = child;
    }
    set_node(heap, i, node);
}

static bool grow_if_full(struct heap *heap)
{
    if (heap->count < heap->capacity)
        return true;

    size_t capacity = heap->capacity > 0 ? 2 * heap->capacity : FIRST_CAPACITY;
    struct heap_node **nodes = realloc(heap->nodes, capacity * sizeof *nodes);

    if (nodes == NULL)
        return false;
    heap->nodes = nodes;
    heap->capacity = capacity;
    return true;
}

bool heap_put(struct heap *heap, struct heap_node *node)
{
    assert(node->place == 0);
    if (!grow_if_full(heap))
        return false;
    node->order = heap->order++;
    sift_up(heap, heap->count++, node);
    return true;
}

void heap_take(struct heap *heap, struct heap_node *node)
{
    if (node->place == 0)
        return;

    size_t i = node->place - 1;
    struct heap_node *last = heap->nodes[--heap->count];

    node->place = 0;
    if (last == node)
        return;
    if (i > 0 && is_due_before(last, heap->nodes[(i - 1) / 2]))
        sift_up(heap, i, last);
    else
        sift_down(heap, i, last);
}

struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->nodes[0] : NULL;
}

void heap_clear(struct heap *heap)
{
    for (size_t i = 0; i < heap->count; i++)
        heap->nodes[i]->place = 0;
    free(heap->nodes);
    *heap = (struct heap){0};
}
