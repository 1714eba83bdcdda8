#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

enum { ROOM_AT_FIRST = 64 };

static bool before(const struct heap_node *a, const struct heap_node *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void set(struct heap *heap, size_t i, struct heap_node *node)
{
    heap->nodes[i] = node;
    node->place = i + 1;
}

static void sift_up(struct heap *heap, size_t i, struct heap_node *node)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;

        if (!before(node, heap->nodes[parent]))
            break;
        set(heap, i, heap->nodes[parent]);
        i = parent;
    }
    set(heap, i, node);
}

static void sift_down(struct heap *heap, size_t i, struct heap_node *node)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= heap->count)
            break;
        if (child + 1 < heap->count &&
            before(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (!before(heap->nodes[child], node))
            break;
        set(heap, i, heap->nodes[child]);
        i = child;
    }
    set(heap, i, node);
}

static bool make_room(struct heap *heap)
{
    if (heap->count < heap->room)
        return true;

    size_t room = heap->room > 0 ? 2 * heap->room : ROOM_AT_FIRST;
    struct heap_node **nodes = realloc(heap->nodes, room * sizeof *nodes);

    if (nodes == NULL)
        return false;
    heap->nodes = nodes;
    heap->room = room;
    return true;
}

bool heap_put(struct heap *heap, struct heap_node *node)
{
    assert(node->place == 0);
    if (!make_room(heap))
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
    if (i > 0 && before(last, heap->nodes[(i - 1) / 2]))
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
