/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/element.h"

static const struct {
    const char *name;
    size_t size_bytes;
} elements[TROUPE_N_ELEMENTS] = {
    [TROUPE_INT64] = {"int64", 8},   [TROUPE_UINT64] = {"uint64", 8},
    [TROUPE_DOUBLE] = {"double", 8}, [TROUPE_FLOAT] = {"float", 4},
    [TROUPE_INT8] = {"int8", 1},     [TROUPE_UINT8] = {"uint8", 1},
    [TROUPE_INT16] = {"int16", 2},   [TROUPE_UINT16] = {"uint16", 2},
    [TROUPE_INT32] = {"int32", 4},   [TROUPE_UINT32] = {"uint32", 4},
    [TROUPE_BYTES] = {"bytes", 0},
};

size_t troupe_element_bytes(enum troupe_element element)
{
    return (unsigned)element < TROUPE_N_ELEMENTS ? elements[element].size_bytes : 0;
}

const char *troupe_element_name(enum troupe_element element)
{
    return (unsigned)element < TROUPE_N_ELEMENTS ? elements[element].name : "?";
}
