/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of body.h: which slot of a histogram each element falls into. */
typedef int32_t numbers __attribute__((vector_size(4 * BODY_WIDTH)));

/* As numeric_bins_slot(), but for all cases at once: the slot of one that does not hold
 * is computed as well, and not taken. */
INLINE numbers slots_of(const struct numeric_bins *bins, vector v)
{
    vector low = splat(bins->low), high = splat(bins->high);
    vector n_bins = splat((double)bins->n_bins), last = n_bins - 1;
    vector distance = v - low;
    vector slot = distance * bins->scale;

    slot = choose(slot < last, slot, last);
    slot = choose(v < low, n_bins + NUMERIC_BELOW, slot);
    slot = choose(v > high, n_bins + NUMERIC_ABOVE, slot);
    /* True of NaNs. */
    slot = choose(v != v, /* NOLINT(misc-redundant-expression) */
                  n_bins + NUMERIC_NO_NUMBER, slot);
    return __builtin_convertvector(slot, numbers);
}

/* Machines convert to signed numbers; of so many bins few know the difference. */
#define SLOTS(name, type)                                                              \
    static void slots_##name(const struct numeric_bins *bins, const void *x,           \
                             int64_t n, uint32_t *slots)                               \
    {                                                                                  \
        typedef type elements __attribute__((vector_size(sizeof(type) * BODY_WIDTH))); \
        const type *from = x;                                                          \
        bool are_signed = bins->n_bins <= INT32_MAX - NUMERIC_NO_NUMBER;               \
        int64_t n_whole = are_signed ? n - n % WIDTH : 0;                              \
        for (int64_t i = 0; i < n_whole; i += WIDTH) {                                 \
            elements v;                                                                \
            numbers found;                                                             \
            memcpy(&v, from + i, sizeof v);                                            \
            found = slots_of(bins, __builtin_convertvector(v, vector));                \
            memcpy(slots + i, &found, sizeof found);                                   \
        }                                                                              \
        for (int64_t i = n_whole; i < n; i++)                                          \
            slots[i] = (uint32_t)numeric_bins_slot(bins, (double)from[i]);             \
    }
SLOTS(double, double)
SLOTS(float, float)

/*
 * Integers find bins that are one integer wide, all of which the type holds, without
 * doubles and at half the cost. Compilers make vectors of this.
 */
#define SLOTS_OF_INTEGERS(name, type, natural, least, most)                            \
    SLOTS(name##_as_doubles, type)                                                     \
    static void find_by_ones_##name(const struct numeric_bins *bins,                   \
                                    const type *restrict x, int64_t n,                 \
                                    uint32_t *restrict slots)                          \
    {                                                                                  \
        type low = (type)bins->low, high = (type)bins->high;                           \
        uint32_t n_bins = (uint32_t)bins->n_bins, last = n_bins - 1;                   \
        for (int64_t i = 0; i < n; i++) {                                              \
            natural distance = (natural)x[i] - (natural)low;                           \
            uint32_t slot = distance < last ? (uint32_t)distance : last;               \
            slot = x[i] < low ? n_bins + NUMERIC_BELOW : slot;                         \
            slots[i] = x[i] > high ? n_bins + NUMERIC_ABOVE : slot;                    \
        }                                                                              \
    }                                                                                  \
    static void slots_##name(const struct numeric_bins *bins, const void *x,           \
                             int64_t n, uint32_t *slots)                               \
    {                                                                                  \
        if (bins->is_by_ones && bins->low >= (least) && bins->high <= (most))          \
            find_by_ones_##name(bins, x, n, slots);                                    \
        else                                                                           \
            slots_##name##_as_doubles(bins, x, n, slots);                              \
    }
SLOTS_OF_INTEGERS(int32, int32_t, uint32_t, -0x1p31, 0x1p31 - 1)
SLOTS_OF_INTEGERS(int64, int64_t, uint64_t, -0x1p63, 0x1p63)
SLOTS_OF_INTEGERS(uint64, uint64_t, uint64_t, 0, 0x1p64)
