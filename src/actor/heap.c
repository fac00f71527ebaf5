/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/heap.h"
#include "base/alloc.h"

void heap_init(struct heap *heap)
{
    *heap = (struct heap){0};
}

void heap_fini(struct heap *heap)
{
    base_free(heap->nodes);
    *heap = (struct heap){0};
}

static bool is_before(const struct heap_node *a, const struct heap_node *b)
{
    if (a->at_ns != b->at_ns)
        return a->at_ns < b->at_ns;
    return a->order < b->order;
}

static void put(struct heap *heap, uint32_t place, struct heap_node *node)
{
    heap->nodes[place] = node;
    node->place = place;
}

static void sift_up(struct heap *heap, uint32_t place, struct heap_node *node)
{
    while (place > 1 && is_before(node, heap->nodes[place / 2])) {
        put(heap, place, heap->nodes[place / 2]);
        place /= 2;
    }
    put(heap, place, node);
}

static void sift_down(struct heap *heap, uint32_t place, struct heap_node *node)
{
    for (;;) {
        uint32_t child = place * 2;

        if (child > heap->n_nodes)
            break;
        if (child < heap->n_nodes &&
            is_before(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (!is_before(heap->nodes[child], node))
            break;
        put(heap, place, heap->nodes[child]);
        place = child;
    }
    put(heap, place, node);
}

static bool grow(struct heap *heap)
{
    uint32_t capacity = heap->capacity ? heap->capacity * 2 : 16;
    struct heap_node **nodes =
        base_try_realloc(heap->nodes, (capacity + 1) * sizeof *nodes);

    if (!nodes)
        return false;
    heap->nodes = nodes;
    heap->capacity = capacity;
    return true;
}

bool heap_add(struct heap *heap, struct heap_node *node)
{
    if (heap->n_nodes == heap->capacity && !grow(heap))
        return false;
    sift_up(heap, ++heap->n_nodes, node);
    return true;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    uint32_t place = node->place;
    struct heap_node *last;

    if (!place)
        return;
    node->place = 0;
    last = heap->nodes[heap->n_nodes--];
    if (last == node)
        return;
    if (place > 1 && is_before(last, heap->nodes[place / 2]))
        sift_up(heap, place, last);
    else
        sift_down(heap, place, last);
}
