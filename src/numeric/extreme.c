/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/extreme.h"

#include "base/require.h"

/* Small enough to be in the cache still when the place is looked for. */
enum { CHUNK = 1024 };
/* Up to here a set of instructions for many takes longer to begin than to look. */
enum { FEW = 8 };
#define SIGN (UINT64_C(1) << 63)

/* The order of unsigned integers on the values. NaNs never come here. */
static uint64_t key_of(enum numeric_element element, union numeric_number value)
{
    if (element == NUMERIC_UINT64)
        return value.natural;
    if (element == NUMERIC_INT32 || element == NUMERIC_INT64)
        return (uint64_t)value.integer ^ SIGN;
    uint64_t bits = numeric_bits_of(value.real);
    return bits & SIGN ? ~bits : bits | SIGN;
}

/* No number has these keys, for they would be NaNs. */
static uint64_t key_of_nan(enum numeric_which which)
{
    return which == NUMERIC_MINIMUM ? 0 : UINT64_MAX;
}

static bool is_real(enum numeric_element element)
{
    return element == NUMERIC_DOUBLE || element == NUMERIC_FLOAT;
}

union numeric_number numeric_extreme_value(const struct numeric_extreme *extreme,
                                           enum numeric_element element)
{
    uint64_t key = extreme->key;

    if (element == NUMERIC_UINT64)
        return (union numeric_number){.natural = key};
    if (!is_real(element))
        return (union numeric_number){.integer = (int64_t)(key ^ SIGN)};
    bool is_nan = key == 0 || key == UINT64_MAX;
    uint64_t bits = is_nan ? NUMERIC_NAN_BITS : key & SIGN ? key ^ SIGN : ~key;
    return (union numeric_number){.real = numeric_from_bits(bits)};
}

static union numeric_number
value_at(enum numeric_element element, const void *x, int64_t i)
{
    switch (element) {
    case NUMERIC_DOUBLE:
        return (union numeric_number){.real = ((const double *)x)[i]};
    case NUMERIC_FLOAT:
        return (union numeric_number){.real = (double)((const float *)x)[i]};
    case NUMERIC_INT32:
        return (union numeric_number){.integer = ((const int32_t *)x)[i]};
    case NUMERIC_INT64:
        return (union numeric_number){.integer = ((const int64_t *)x)[i]};
    default:
        return (union numeric_number){.natural = ((const uint64_t *)x)[i]};
    }
}

static const void *item_at(enum numeric_element element, const void *x, int64_t i)
{
    return (const char *)x + (size_t)i * numeric_element_bytes(element);
}

/* Where the key stands first; it does stand somewhere. */
static int64_t
place_of(enum numeric_element element, const void *x, uint64_t key, bool is_nan)
{
    for (int64_t i = 0;; i++) {
        union numeric_number value = value_at(element, x, i);
        bool is_here =
            is_nan ? value.real != value.real : key_of(element, value) == key;
        if (is_here)
            return i;
    }
}

static bool beats(enum numeric_which which, uint64_t key, uint64_t other)
{
    return which == NUMERIC_MINIMUM ? key < other : key > other;
}

/* One after the other. */
static void find_among_few(enum numeric_which which,
                           enum numeric_element element,
                           const void *x,
                           int64_t n,
                           int64_t first,
                           struct numeric_extreme *extreme)
{
    for (int64_t i = 0; i < n; i++) {
        union numeric_number value = value_at(element, x, i);
        bool is_nan = is_real(element) && value.real != value.real;
        uint64_t key = is_nan ? key_of_nan(which) : key_of(element, value);
        if (extreme->index < 0 || beats(which, key, extreme->key))
            *extreme = (struct numeric_extreme){.key = key, .index = first + i};
    }
}

void numeric_extreme_find(const struct numeric_isa *isa,
                          enum numeric_which which,
                          enum numeric_element element,
                          const void *x,
                          int64_t n,
                          int64_t first,
                          struct numeric_extreme *extreme)
{
    *extreme = (struct numeric_extreme){.index = -1};
    if (n <= FEW) {
        find_among_few(which, element, x, n, first, extreme);
        return;
    }
    for (int64_t i = 0; i < n; i += CHUNK) {
        const void *chunk = item_at(element, x, i);
        struct numeric_range range;
        isa->range[element](chunk, n - i < CHUNK ? n - i : CHUNK, &range);
        uint64_t key =
            range.has_nan
                ? key_of_nan(which)
                : key_of(element, which == NUMERIC_MINIMUM ? range.low : range.high);
        if (extreme->index >= 0 && !beats(which, key, extreme->key))
            continue;
        extreme->key = key;
        extreme->index = first + i + place_of(element, chunk, key, range.has_nan);
    }
}

void numeric_extreme_merge(enum numeric_which which,
                           struct numeric_extreme *into,
                           const struct numeric_extreme *from)
{
    if (from->index < 0)
        return;
    bool is_earlier = from->key == into->key && from->index < into->index;
    if (into->index < 0 || is_earlier || beats(which, from->key, into->key))
        *into = *from;
}
