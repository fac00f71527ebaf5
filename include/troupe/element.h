/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_ELEMENT_H
#define TROUPE_ELEMENT_H

/* What the elements of arrays and of reductions are. */

#include "troupe/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum troupe_element {
    TROUPE_INT64,
    TROUPE_UINT64,
    TROUPE_DOUBLE,
    TROUPE_FLOAT,
    TROUPE_INT8,
    TROUPE_UINT8,
    TROUPE_INT16,
    TROUPE_UINT16,
    TROUPE_INT32,
    TROUPE_UINT32,
    TROUPE_BYTES, /**< opaque: moved, never read; the size is told beside it */
    TROUPE_N_ELEMENTS
};

/**
 * The size of one element in bytes; 0 for TROUPE_BYTES and for what is no element.
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \errors   none
 */
TROUPE_API size_t troupe_element_bytes(enum troupe_element element);

/**
 * The name of an element, such as "double".
 *
 * \call     local
 * \blocks   never
 * \threads  any
 * \errors   none; an unknown value gives "?"
 */
TROUPE_API const char *troupe_element_name(enum troupe_element element);

#ifdef __cplusplus
}
#endif
#endif
