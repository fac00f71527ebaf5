/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_ISA_H
#define NUMERIC_ISA_H

/*
 * The inner loops, once for each instruction set, as tables of functions. All tables
 * give the same bits; they differ in speed alone. The one body is body.h, compiled by
 * isa_*.c with the flags that CMakeLists.txt gives to each.
 */

#include "numeric/dd.h"
#include "numeric/numeric.h"
#include "numeric/wide.h"
#include <stdbool.h>

/* What the tree of a sum adds up: elements or products of two arrays' elements, of
 * doubles or of floats widened to double. A sum of squares is a product with itself. */
enum numeric_term {
    NUMERIC_SUM_DOUBLE,
    NUMERIC_SUM_FLOAT,
    NUMERIC_DOT_DOUBLE,
    NUMERIC_DOT_FLOAT,
    NUMERIC_N_TERMS
};

/* Both ends of some elements; NaNs are not counted among them, only seen. */
struct numeric_range {
    union numeric_number {
        double real;
        int64_t integer;
        uint64_t natural;
    } low, high;
    bool has_nan;
};

/* Elements whose sum is exact in two parts, see exact.c. */
enum { NUMERIC_EXACT_CHUNK = 1024, NUMERIC_EXACT_CHUNK_LOG = 10 };

struct numeric_sure;
struct numeric_bins;

struct numeric_isa {
    const char *name;

    /* The lanes of the full tree over 2^level rows of 16 elements. */
    void (*tree[NUMERIC_N_TERMS])(const void *x,
                                  const void *y,
                                  int level,
                                  double *lanes);
    /* The same in double-double: 16 high parts, then 16 low ones. */
    void (*tree_dd[NUMERIC_N_TERMS])(const void *x,
                                     const void *y,
                                     int level,
                                     double *lanes);

    /* Adds the products of values and x to a sum in double-double: from left to right,
     * or by lanes, n a multiple of 16. */
    void (*row_dd)(const double *values, const double *x, int64_t n, double pair[2]);
    void (*lanes_dd)(
        const double *values, const double *x, int64_t n, double *high, double *low);
    /* And to one that knows its error; false when some product is so large or small
     * that it is no exact sum of two doubles. */
    bool (*row_sure)(const double *values,
                     const double *x,
                     int64_t n,
                     struct numeric_sure *sum);

    /* Sum of integers, of any element type that is not a real number; and modulo 2^64
     * of products. */
    numeric_wide (*sum_integers)(enum numeric_element element,
                                 const void *x,
                                 int64_t n);
    uint64_t (*dot_integers)(enum numeric_element element,
                             const void *x,
                             const void *y,
                             int64_t n);

    /* n > 0. Zeros are told apart: -0 < +0. */
    void (*range[NUMERIC_N_ELEMENTS])(const void *x,
                                      int64_t n,
                                      struct numeric_range *range);

    /* Sum of (x - mean) and of its squares, by lanes in tree order; any n. */
    void (*deviations)(const double *x, int64_t n, double mean, double sums[2]);

    /* Two doubles whose sum is exactly that of x, n <= NUMERIC_EXACT_CHUNK; false when
     * the elements differ too much in size, or are not finite. */
    bool (*exact_chunk)(const double *x, int64_t n, double sums[2]);
    /* Products as exact sums of two doubles, n a multiple of 16; false when some
     * product is so large or small that it is none. */
    bool (*products)(
        const double *x, const double *y, int64_t n, double *products, double *errors);

    /* Philox4x32-10 for counters {index, draw, stream}, index from `first`: the first
     * and the second half of each result. n is a multiple of 16. */
    void (*philox)(uint64_t seed,
                   uint32_t stream,
                   uint32_t draw,
                   uint64_t first,
                   int64_t n,
                   uint64_t *low,
                   uint64_t *high);

    /* random.h: from the halves above. */
    void (*uniform)(const uint64_t *low, int64_t n, double *values);
    void (*normal)(const uint64_t *low,
                   const uint64_t *high,
                   int64_t n,
                   double *values);

    /* Inclusive prefix sums of n elements in the fixed shape of scan.h. */
    void (*scan_doubles)(const double *x, int64_t n, double *sums);
    /* The same in double-double, rounded behind what stands before the block (NULL:
     * nothing); and the last one of n > 0, not rounded. */
    void (*scan_doubles_dd)(const double *x,
                            int64_t n,
                            const struct numeric_dd *prefix,
                            double *sums);
    struct numeric_dd (*scan_total_dd)(const double *x, int64_t n);

    /* histogram.h: the slot of each element. */
    void (*slots[NUMERIC_N_ELEMENTS])(const struct numeric_bins *bins,
                                      const void *x,
                                      int64_t n,
                                      uint32_t *slots);
};

/*
 * "baseline", "v2", "v3", "v4" (x86-64 and its levels; elsewhere only "baseline" and
 * what it stands for there), or NULL or "" for the best this processor has. NULL when
 * there is none of that name or the processor lacks it.
 */
const struct numeric_isa *numeric_isa_choose(const char *name);

/* All that this processor can run, the best last; for tests. At most 4. */
int numeric_isa_list(const struct numeric_isa *list[4]);

extern const struct numeric_isa numeric_isa_baseline;
extern const struct numeric_isa numeric_isa_v2;
extern const struct numeric_isa numeric_isa_v3;
extern const struct numeric_isa numeric_isa_v4;

#endif
