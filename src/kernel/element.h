/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_ELEMENT_H
#define KERNEL_ELEMENT_H

/* Elements of arrays as those that numeric knows. */

#include "kernel/kernel.h"

enum { KERNEL_PIECE = 4096 }; /* elements at a time */

static inline bool kernel_is_real(enum troupe_element element)
{
    return element == TROUPE_DOUBLE || element == TROUPE_FLOAT;
}

static inline bool kernel_is_number(enum troupe_element element)
{
    return (unsigned)element < TROUPE_BYTES;
}

enum numeric_element kernel_element_of(enum troupe_element element);

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

#endif
