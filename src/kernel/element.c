/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/element.h"

/*
 * numeric knows five elements. The others are widened a piece at a time, which changes
 * no value and no order.
 */

#define WIDEN(from_, to_)                                                              \
    static void from_##_to_##to_(const void *x, int64_t n, void *wide)                 \
    {                                                                                  \
        const from_ *items = x;                                                        \
        to_ *out = wide;                                                               \
                                                                                       \
        for (int64_t i = 0; i < n; i++)                                                \
            out[i] =                                                                   \
                items[i]; /* NOLINT(bugprone-signed-char-misuse): they are numbers */  \
    }
WIDEN(int8_t, int32_t)
WIDEN(uint8_t, int32_t)
WIDEN(int16_t, int32_t)
WIDEN(uint16_t, int32_t)
WIDEN(uint32_t, int64_t)

static const struct {
    enum numeric_element element;
    void (*widen)(const void *x, int64_t n, void *wide); /* NULL: it is that element */
} table[] = {
    [TROUPE_INT64] = {NUMERIC_INT64, NULL},
    [TROUPE_UINT64] = {NUMERIC_UINT64, NULL},
    [TROUPE_DOUBLE] = {NUMERIC_DOUBLE, NULL},
    [TROUPE_FLOAT] = {NUMERIC_FLOAT, NULL},
    [TROUPE_INT8] = {NUMERIC_INT32, int8_t_to_int32_t},
    [TROUPE_UINT8] = {NUMERIC_INT32, uint8_t_to_int32_t},
    [TROUPE_INT16] = {NUMERIC_INT32, int16_t_to_int32_t},
    [TROUPE_UINT16] = {NUMERIC_INT32, uint16_t_to_int32_t},
    [TROUPE_INT32] = {NUMERIC_INT32, NULL},
    [TROUPE_UINT32] = {NUMERIC_INT64, uint32_t_to_int64_t},
};

enum numeric_element kernel_element_of(enum troupe_element element)
{
    return table[element].element;
}

enum troupe_element kernel_result_of(enum troupe_element element)
{
    switch (element) {
    case TROUPE_DOUBLE:
    case TROUPE_FLOAT:
        return TROUPE_DOUBLE;
    case TROUPE_INT8:
    case TROUPE_INT16:
    case TROUPE_INT32:
    case TROUPE_INT64:
        return TROUPE_INT64;
    case TROUPE_UINT8:
    case TROUPE_UINT16:
    case TROUPE_UINT32:
    case TROUPE_UINT64:
        return TROUPE_UINT64;
    default:
        return TROUPE_BYTES;
    }
}

bool kernel_is_widened(enum troupe_element element)
{
    return table[element].widen != NULL;
}

const void *
kernel_widen(enum troupe_element element, const void *x, int64_t n, void *room)
{
    if (!kernel_is_widened(element))
        return x;
    table[element].widen(x, n, room);
    return room;
}
