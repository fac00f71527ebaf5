/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of inner loops of one instruction set; no include guard, for isa_*.c
 * include it once each, with BODY_TABLE, BODY_NAME and BODY_WIDTH (doubles in a vector)
 * set.
 *
 * Vectors are spelled with the compilers' vector types, because gcc 12 does not
 * vectorise the error-free transformations by itself, and spills vectors wider than the
 * machine's. No fused operation but where it is written: fused or not, the bits must be
 * the same.
 */
#ifdef __FAST_MATH__
#error "the kernels must not be compiled with -ffast-math"
#endif

#include "numeric/body_vector.h"

#include "numeric/body_tree.h"

#include "numeric/body_double.h"

#include "numeric/body_row.h"

#include "numeric/body_range.h"

#include "numeric/body_exact.h"

#include "numeric/body_random.h"

#include "numeric/body_scan.h"

#include "numeric/body_scan_double.h"

#include "numeric/body_bins.h"

const struct numeric_isa BODY_TABLE = {
    .name = BODY_NAME,
    .tree = {sum_double, sum_float, dot_double, dot_float},
    .tree_dd = {sum_double_dd, sum_float_dd, dot_double_dd, dot_float_dd},
    .row_dd = row_dd,
    .lanes_dd = lanes_dd,
    .row_sure = row_sure,
    .sum_integers = sum_integers,
    .dot_integers = dot_integers,
    .range = {range_double, range_float, range_int32, range_int64, range_uint64},
    .deviations = deviations,
    .exact_chunk = exact_chunk,
    .products = products,
    .philox = philox,
    .uniform = uniform,
    .normal = normal,
    .scan_doubles = scan_doubles,
    .scan_doubles_dd = scan_doubles_dd,
    .scan_total_dd = scan_total_dd,
    .slots = {slots_double, slots_float, slots_int32, slots_int64, slots_uint64},
};
