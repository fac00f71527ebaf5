/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_ELEMENT_H
#define KERNEL_ELEMENT_H

/* Elements of arrays as those that numeric knows. */

#include "kernel/kernel.h"

enum {
    KERNEL_PIECE = 4096,            /* elements at a time */
    KERNEL_TASK = 16 * KERNEL_PIECE /* and of a task */
};

static inline bool kernel_is_real(enum troupe_element element)
{
    return element == TROUPE_DOUBLE || element == TROUPE_FLOAT;
}

static inline bool kernel_is_number(enum troupe_element element)
{
    return (unsigned)element < TROUPE_BYTES;
}

enum numeric_element kernel_element_of(enum troupe_element element);
/* What sums and extremes are of; TROUPE_BYTES: there are none. */
enum troupe_element kernel_result_of(enum troupe_element element);
/* Is it none of numeric's own, but an integer that is widened to one? */
bool kernel_is_widened(enum troupe_element element);

/* The elements as such: x itself, or n <= KERNEL_PIECE of them in `room`. */
struct kernel_room {
    int64_t numbers[KERNEL_PIECE];
};
const void *
kernel_widen(enum troupe_element element, const void *x, int64_t n, void *room);

/* Calls of each(context, elements, n, first index) for the pieces of a range. */
typedef void kernel_piece_fn(void *context, const void *x, int64_t n, int64_t first);
static inline void kernel_each_piece(const struct array *array,
                                     int64_t begin,
                                     int64_t end,
                                     kernel_piece_fn *each,
                                     void *context)
{
    struct kernel_room room;

    for (int64_t i = begin; i < end; i += KERNEL_PIECE) {
        int64_t n = end - i < KERNEL_PIECE ? end - i : KERNEL_PIECE;

        each(context, kernel_widen(array->element, array_at(array, i), n, &room), n, i);
    }
}

/* The caller's part in tasks, and the pieces of one. */
static inline int64_t kernel_n_tasks(const struct array *array)
{
    return (array_mine_length(array) + KERNEL_TASK - 1) / KERNEL_TASK;
}

static inline void kernel_each_of_task(const struct array *array,
                                       int64_t task,
                                       kernel_piece_fn *each,
                                       void *context)
{
    int64_t first = array_mine_first(array), end = first + array_mine_length(array);
    int64_t begin = first + task * KERNEL_TASK;

    kernel_each_piece(array, begin,
                      end - begin > KERNEL_TASK ? begin + KERNEL_TASK : end, each,
                      context);
}

#endif
