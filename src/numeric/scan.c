/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/scan.h"

#include "base/require.h"

/* ---- one operation on values of eight bytes
 * ------------------------------------------- */

static double sum_of_reals(double a, double b)
{
    return numeric_canonical(a + b);
}

/* Zeros compare equal, so their signs decide: either's for the minimum, both for the
 * maximum. */
static double lower_real(double a, double b)
{
    if (a != a || b != b)
        return numeric_from_bits(NUMERIC_NAN_BITS);
    if (a == b)
        return numeric_from_bits(numeric_bits_of(a) | numeric_bits_of(b));
    return a < b ? a : b;
}

static double higher_real(double a, double b)
{
    if (a != a || b != b)
        return numeric_from_bits(NUMERIC_NAN_BITS);
    if (a == b)
        return numeric_from_bits(numeric_bits_of(a) & numeric_bits_of(b));
    return a > b ? a : b;
}

static uint64_t sum_of_integers(uint64_t a, uint64_t b)
{
    return a + b;
}

static int64_t lower_integer(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t higher_integer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static uint64_t lower_natural(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t higher_natural(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

struct operation {
    /* Left fold in place. */
    void (*fold)(void *values, int64_t n);
    /* What stands before all of them is put before each. */
    void (*put_before)(const void *prefix, void *values, int64_t n);
    numeric_merge_fn *merge;
};

#define OPERATION(combine, type)                                                       \
    static void combine##_fold(void *values, int64_t n)                                \
    {                                                                                  \
        type *value = values;                                                          \
        for (int64_t i = 1; i < n; i++)                                                \
            value[i] = combine(value[i - 1], value[i]);                                \
    }                                                                                  \
    static void combine##_put_before(const void *prefix, void *values, int64_t n)      \
    {                                                                                  \
        type *value = values, before = *(const type *)prefix;                          \
        for (int64_t i = 0; i < n; i++)                                                \
            value[i] = combine(before, value[i]);                                      \
    }                                                                                  \
    static void combine##_merge(void *left, const void *right, const void *argument)   \
    {                                                                                  \
        (void)argument;                                                                \
        *(type *)left = combine(*(type *)left, *(const type *)right);                  \
    }
OPERATION(sum_of_reals, double)
OPERATION(lower_real, double)
OPERATION(higher_real, double)
OPERATION(sum_of_integers, uint64_t)
OPERATION(lower_integer, int64_t)
OPERATION(higher_integer, int64_t)
OPERATION(lower_natural, uint64_t)
OPERATION(higher_natural, uint64_t)

enum class { REAL, INTEGER, NATURAL, N_CLASSES };

static enum class class_of(enum numeric_element element) {
    if (element == NUMERIC_DOUBLE || element == NUMERIC_FLOAT) return REAL;
    return element == NUMERIC_UINT64 ? NATURAL : INTEGER;
}

#define ENTRY(combine)                                                                 \
    {                                                                                  \
        combine##_fold, combine##_put_before, combine##_merge                          \
    }
static const struct operation operations[][N_CLASSES] = {
    [NUMERIC_SCAN_SUM] = {ENTRY(sum_of_reals), ENTRY(sum_of_integers),
                          ENTRY(sum_of_integers)},
    [NUMERIC_SCAN_MINIMUM] = {ENTRY(lower_real), ENTRY(lower_integer),
                              ENTRY(lower_natural)},
    [NUMERIC_SCAN_MAXIMUM] = {ENTRY(higher_real), ENTRY(higher_integer),
                              ENTRY(higher_natural)},
};

/* ---- a block
 * --------------------------------------------------------------------------- */

static void widen(enum numeric_element element, const void *x, int64_t n, void *results)
{
    if (element == NUMERIC_FLOAT)
        for (int64_t i = 0; i < n; i++)
            ((double *)results)[i] = (double)((const float *)x)[i];
    else if (element == NUMERIC_INT32)
        for (int64_t i = 0; i < n; i++)
            ((int64_t *)results)[i] = ((const int32_t *)x)[i];
    else if (x != results)
        memcpy(results, x, (size_t)n * 8);
}

static void scan_locally(const struct numeric_isa *isa,
                         enum numeric_scan_kind kind,
                         enum numeric_element element,
                         const void *x,
                         int64_t n,
                         void *results)
{
    enum class class = class_of(element);

    if (kind != NUMERIC_SCAN_SUM || class != REAL) {
        widen(element, x, n, results);
        operations[kind][class].fold(results, n);
    } else if (element == NUMERIC_DOUBLE) {
        isa->scan_doubles(x, n, results);
    } else {
        widen(element, x, n, results);
        isa->scan_doubles(results, n, results);
    }
}

static void canonical_all(double *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        values[i] = numeric_canonical(values[i]);
}

void numeric_scan_block(const struct numeric_isa *isa,
                        enum numeric_scan_kind kind,
                        enum numeric_element element,
                        const struct numeric_scan *scan,
                        const void *prefix,
                        const void *x,
                        int64_t n,
                        void *results)
{
    const struct operation *operation = &operations[kind][class_of(element)];

    if (n == 0)
        return;
    scan_locally(isa, kind, element, x, n, results);
    if (prefix != NULL)
        operation->put_before(prefix, results, n);
    else if (class_of(element) == REAL)
        canonical_all(results, n);
    if (scan->is_exclusive) {
        memmove((char *)results + 8, results, (size_t)(n - 1) * 8);
        memcpy(results, prefix != NULL ? prefix : scan->initial, 8);
    }
}

/* Row by row: the fold of the rows' totals is what scan_doubles carries along. */
void numeric_scan_total(const struct numeric_isa *isa,
                        enum numeric_scan_kind kind,
                        enum numeric_element element,
                        const void *x,
                        int64_t n,
                        void *total)
{
    numeric_merge_fn *merge = operations[kind][class_of(element)].merge;
    size_t item_bytes = numeric_element_bytes(element);
    union numeric_number results[NUMERIC_LANES];

    base_assert(n > 0);
    for (int64_t i = 0; i < n; i += NUMERIC_LANES) {
        int64_t n_piece = n - i < NUMERIC_LANES ? n - i : NUMERIC_LANES;
        const char *piece = (const char *)x + (size_t)i * item_bytes;
        union numeric_number *last = &results[n_piece - 1];
        scan_locally(isa, kind, element, piece, n_piece, results);
        if (i == 0 && class_of(element) == REAL)
            last->real = numeric_canonical(last->real);
        if (i == 0)
            memcpy(total, last, 8);
        else
            merge(total, last, NULL);
    }
}

/* ---- TREE_DD ------------------------------------------------------------------ */

void numeric_scan_merge_dd(void *left, const void *right, const void *argument)
{
    struct numeric_dd a, b;

    (void)argument;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    a = numeric_dd_add(a, b);
    memcpy(left, &a, sizeof a);
}

void numeric_scan_block_dd(const struct numeric_isa *isa,
                           enum numeric_element element,
                           const struct numeric_scan *scan,
                           const struct numeric_dd *prefix,
                           const void *x,
                           int64_t n,
                           double *results)
{
    const double *doubles = x;

    if (n == 0)
        return;
    if (element == NUMERIC_FLOAT) {
        widen(element, x, n, results);
        doubles = results;
    }
    isa->scan_doubles_dd(doubles, n, prefix, results);
    if (scan->is_exclusive) {
        memmove(results + 1, results, (size_t)(n - 1) * sizeof *results);
        results[0] = prefix != NULL ? numeric_dd_finish(*prefix)
                                    : *(const double *)scan->initial;
    }
}

/* Of floats row by row, as numeric_scan_total() does it. */
struct numeric_dd numeric_scan_total_dd(const struct numeric_isa *isa,
                                        enum numeric_element element,
                                        const void *x,
                                        int64_t n)
{
    struct numeric_dd total = {0, 0};
    double row[NUMERIC_LANES];

    base_assert(n > 0);
    if (element == NUMERIC_DOUBLE)
        return isa->scan_total_dd(x, n);
    for (int64_t i = 0; i < n; i += NUMERIC_LANES) {
        int64_t n_row = n - i < NUMERIC_LANES ? n - i : NUMERIC_LANES;
        struct numeric_dd here;

        widen(element, (const float *)x + i, n_row, row);
        here = isa->scan_total_dd(row, n_row);
        total = i == 0 ? here : numeric_dd_add(total, here);
    }
    return total;
}

numeric_merge_fn *numeric_scan_merge(enum numeric_scan_kind kind,
                                     enum numeric_element element)
{
    return operations[kind][class_of(element)].merge;
}
