/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_LIST_H
#define BASE_LIST_H

/* Intrusive doubly linked ring. A node that is in no list points to itself. */

#include "base/compiler.h"
#include <stdbool.h>

struct base_list {
    struct base_list *next, *previous;
};

static inline void base_list_init(struct base_list *node)
{
    node->next = node;
    node->previous = node;
}

static inline bool base_list_is_empty(const struct base_list *head)
{
    return head->next == head;
}

static inline void base_list_append(struct base_list *head, struct base_list *node)
{
    node->previous = head->previous;
    node->next = head;
    head->previous->next = node;
    head->previous = node;
}

static inline void base_list_prepend(struct base_list *head, struct base_list *node)
{
    base_list_append(head->next, node);
}

/* Harmless on a node that is in no list. */
static inline void base_list_remove(struct base_list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    base_list_init(node);
}

#define BASE_LIST_EACH(node, head)                                                     \
    for (struct base_list *node = (head)->next, *node##_next_ = node->next;            \
         node != (head); node = node##_next_, node##_next_ = node->next)

#endif
