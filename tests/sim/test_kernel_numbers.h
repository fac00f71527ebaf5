/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_KERNEL_NUMBERS_H
#define TEST_KERNEL_NUMBERS_H

/* Elements of every kind as numbers that plain loops work on. */

#include "troupe/troupe.h"
#include <string.h>

enum family { REAL, SIGNED, UNSIGNED };

static inline enum family family_of(enum troupe_element element)
{
    switch (element) {
    case TROUPE_DOUBLE:
    case TROUPE_FLOAT:
        return REAL;
    case TROUPE_INT8:
    case TROUPE_INT16:
    case TROUPE_INT32:
    case TROUPE_INT64:
        return SIGNED;
    default:
        return UNSIGNED;
    }
}

/* The number that the bits are. */
static inline troupe_number number_of(enum troupe_element element, uint64_t bits)
{
    int n_unused = 64 - 8 * (int)troupe_element_bytes(element);
    troupe_number number = {.natural = bits};
    float narrow;

    if (element == TROUPE_FLOAT) {
        memcpy(&narrow, &bits, sizeof narrow);
        number.real = (double)narrow;
    } else if (family_of(element) == SIGNED) {
        number.integer = (int64_t)(bits << n_unused) >> n_unused;
    }
    return number;
}

static inline int compare(enum family family, troupe_number a, troupe_number b)
{
    switch (family) {
    case REAL:
        return (a.real > b.real) - (a.real < b.real);
    case SIGNED:
        return (a.integer > b.integer) - (a.integer < b.integer);
    default:
        return (a.natural > b.natural) - (a.natural < b.natural);
    }
}

#endif
