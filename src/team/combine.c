/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/environment.h"
#include "numeric/numeric.h"
#include "team/internal.h"
#include <math.h>
#include <string.h>

/*
 * The operations of a reduction. The lower members' value always stands on the left, so
 * a fold gives the same bits wherever it is done, in the floating-point modes that IEEE
 * 754 starts with. Integers wrap around. A NaN that comes out is always the same one,
 * -0 is less than +0, and a minimum or maximum with a NaN in it is NaN, as in the
 * kernels' numeric/extreme.h. AND and OR are those of the bits.
 */

static double least(double a, double b)
{
    bool is_second = b < a || b != b || (a == b && signbit(b));

    return is_second ? b : a;
}

static double greatest(double a, double b)
{
    bool is_second = b > a || b != b || (a == b && signbit(a));

    return is_second ? b : a;
}

#define COMBINE(name, type, expression)                                                \
    static void name(void *into, const void *lower, const void *upper, size_t n_bytes) \
    {                                                                                  \
        type *out = into;                                                              \
        const type *low = lower, *high = upper;                                        \
                                                                                       \
        for (size_t i = 0; i < n_bytes / sizeof(type); i++) {                          \
            type a = low[i], b = high[i];                                              \
            out[i] = (expression);                                                     \
        }                                                                              \
    }

COMBINE(integer_sum, uint64_t, a + b)
COMBINE(integer_product, uint64_t, a *b)
COMBINE(integer_and, uint64_t, a &b)
COMBINE(integer_or, uint64_t, a | b)
COMBINE(signed_min, int64_t, b < a ? b : a)
COMBINE(signed_max, int64_t, b > a ? b : a)
COMBINE(unsigned_min, uint64_t, b < a ? b : a)
COMBINE(unsigned_max, uint64_t, b > a ? b : a)
COMBINE(double_sum, double, numeric_canonical(a + b))
COMBINE(double_product, double, numeric_canonical(a *b))
COMBINE(double_min, double, numeric_canonical(least(a, b)))
COMBINE(double_max, double, numeric_canonical(greatest(a, b)))

team_combine_fn *team_combine_find(enum troupe_element element,
                                   enum troupe_combine combine)
{
    static team_combine_fn *const table[][TROUPE_OR + 1] = {
        [TROUPE_INT64] = {integer_sum, signed_min, signed_max, integer_product,
                          integer_and, integer_or},
        [TROUPE_UINT64] = {integer_sum, unsigned_min, unsigned_max, integer_product,
                           integer_and, integer_or},
        [TROUPE_DOUBLE] = {double_sum, double_min, double_max, double_product, NULL,
                           NULL},
    };

    if ((unsigned)element >= ARRAY_LENGTH(table) || (unsigned)combine > TROUPE_OR)
        return NULL;
    return table[element][combine];
}

/* The user's fold knows only `into` and what follows it. */
static void fold_by_user(struct team_operation *op,
                         void *into,
                         const void *lower,
                         const void *upper)
{
    struct actor_rank *home = op->team->here->home;
    size_t size_bytes = op->what.size_bytes;
    void *left = into == upper ? op->spare.bytes : into;

    if (left != lower)
        memcpy(left, lower, size_bytes);
    home->no_fail_depth++;
    op->what.fold(left, upper, size_bytes, op->what.context);
    home->no_fail_depth--;
    if (left != into)
        memcpy(into, left, size_bytes);
}

void team_fold(struct team_operation *op,
               void *into,
               const void *lower,
               const void *upper)
{
    struct numeric_environment environment;

    if (op->what.size_bytes == 0)
        return;
    /* Whoever folds is the thread of some rank, whatever modes it has been left in. */
    (void)numeric_environment_enter(&environment);
    if (op->what.fold)
        fold_by_user(op, into, lower, upper);
    else
        op->what.combine(into, lower, upper, op->what.size_bytes);
    (void)numeric_environment_leave(&environment);
}
