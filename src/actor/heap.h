/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_HEAP_H
#define ACTOR_HEAP_H

/* Binary heap of timers by time, then by order of making; nodes know their place. */

#include <stdbool.h>
#include <stdint.h>

struct heap_node {
    int64_t at_ns;
    uint64_t order;
    void (*fire)(struct heap_node *node); /* called when due, out of the heap already */
    uint32_t place;                       /* from 1; 0: in no heap */
};

struct heap {
    struct heap_node **nodes; /* [1..n] */
    uint32_t n_nodes, capacity;
};

void heap_init(struct heap *heap);
void heap_fini(struct heap *heap);
/* False: no memory, nothing changed. */
bool heap_add(struct heap *heap, struct heap_node *node);
void heap_remove(struct heap *heap, struct heap_node *node);

static inline struct heap_node *heap_first(const struct heap *heap)
{
    return heap->n_nodes ? heap->nodes[1] : 0;
}

#endif
