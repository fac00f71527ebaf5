/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/whole.h"

struct looking {
    const struct numeric_isa *isa;
    enum numeric_element element;
    struct kernel_whole found;
};

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static uint64_t most_of(const struct looking *looking, const void *x, int64_t n)
{
    struct numeric_range range;
    uint64_t low, high;

    looking->isa->range[looking->element](x, n, &range);
    if (looking->element == NUMERIC_UINT64)
        return range.high.natural;
    low = magnitude(range.low.integer);
    high = magnitude(range.high.integer);
    return low > high ? low : high;
}

static void look_at_piece(void *context, const void *x, int64_t n, int64_t first)
{
    struct looking *looking = context;
    uint64_t most = most_of(looking, x, n);

    (void)first;
    looking->found.sum += looking->isa->sum_integers(looking->element, x, n);
    if (most > looking->found.most)
        looking->found.most = most;
}

struct kernel_whole kernel_whole_of(const struct kernel_run *run,
                                    const struct array *x,
                                    int64_t begin,
                                    int64_t end)
{
    struct looking looking = {.isa = run->here->isa,
                              .element = kernel_element_of(x->element)};

    kernel_each_piece(x, begin, end, look_at_piece, &looking);
    return looking.found;
}

/* ---- one by one --------------------------------------------------------------- */

struct following {
    enum numeric_element element;
    numeric_wide sum;
    bool has_sign, is_exclusive, fits;
};

static int64_t whole_at(enum numeric_element element, const void *x, int64_t i)
{
    return element == NUMERIC_INT32 ? ((const int32_t *)x)[i] : ((const int64_t *)x)[i];
}

static void follow_piece(void *context, const void *x, int64_t n, int64_t first)
{
    struct following *following = context;
    bool is_natural = following->element == NUMERIC_UINT64;

    (void)first;
    for (int64_t i = 0; i < n; i++) {
        int64_t value = whole_at(following->element, x, i);
        numeric_wide before = following->sum;

        following->sum += is_natural ? (numeric_wide)(uint64_t)value : value;
        following->fits &= numeric_wide_fits(
            following->is_exclusive ? before : following->sum, following->has_sign);
    }
}

bool kernel_whole_fits(const struct array *x,
                       int64_t begin,
                       int64_t end,
                       numeric_wide before,
                       uint64_t most,
                       bool is_exclusive)
{
    numeric_wide reach = (numeric_wide)(end - begin) * most;
    struct following following = {.element = kernel_element_of(x->element),
                                  .sum = before,
                                  .has_sign =
                                      kernel_result_of(x->element) == TROUPE_INT64,
                                  .is_exclusive = is_exclusive,
                                  .fits = true};
    numeric_wide least = following.has_sign ? before - reach : before;

    if (numeric_wide_fits(least, following.has_sign) &&
        numeric_wide_fits(before + reach, following.has_sign))
        return true;
    kernel_each_piece(x, begin, end, follow_piece, &following);
    return following.fits;
}
