/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_REDUCE_H
#define TROUPE_REDUCE_H

/*
 * Reductions of whole arrays; what all kernels have in common stands in kernel.h.
 *
 * Real numbers: arrays of double or float, of which the latter are widened first, which
 * changes no value. Levels TREE, TREE_DD, EXACT and FAST. The sum of no elements is 0.
 * Infinities and NaNs follow IEEE 754, and a NaN that comes out is always the same one.
 * EXACT is the sum of the elements (of the exact products) rounded once.
 *
 * Integers: arrays of any integers. The sum is the same at all levels; one that does
 * not fit is refused.
 */

#include "troupe/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The sum of all elements.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p sum is lent until the operation is done
 * \errors   TROUPE_INVALID no array of real numbers, or no such level;
 *           TROUPE_MISMATCH, TROUPE_PEER_GONE, TROUPE_NO_MEMORY, TROUPE_FAILED
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_sum(troupe_actor *self,
                                                    troupe_array x,
                                                    troupe_how how,
                                                    double *sum);

/**
 * The sum of all elements of an array of integers. What it comes to on the way does not
 * matter.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p sum is lent until the operation is done
 * \errors   as troupe_sum; TROUPE_INVALID also if the sum is no int64
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_sum_integers(troupe_actor *self,
                                                             troupe_array x,
                                                             troupe_how how,
                                                             int64_t *sum);

/**
 * The sum of the products of elements with the same index. The arrays match in team,
 * element, length, block length and cut; they may be the same.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p dot is lent until the operation is done
 * \errors   as troupe_sum
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_dot(
    troupe_actor *self, troupe_array x, troupe_array y, troupe_how how, double *dot);

/**
 * The Euclidean norm: the root of the sum of squares, which may overflow.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p norm is lent until the operation is done
 * \errors   as troupe_sum
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_norm(troupe_actor *self,
                                                     troupe_array x,
                                                     troupe_how how,
                                                     double *norm);

/** Count, mean and spread of the elements. */
typedef struct troupe_moments {
    int64_t n_items;
    double mean;
    double squares; /**< sum of squared distances from the mean */
} troupe_moments;

/**
 * Mean and squared distances. TREE: each block by itself, neighbours merged in the tree
 * over the blocks. TREE_DD and EXACT: the mean is the sum at that level over the count,
 * and the distances from it are squared and summed at that level in a second pass, less
 * what the mean's own rounding adds; they need room for 8 bytes for each element of the
 * caller's part. Of no elements all is 0.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p moments is lent until the operation is done
 * \errors   as troupe_sum
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_moments_of(troupe_actor *self,
                                                           troupe_array x,
                                                           troupe_how how,
                                                           troupe_moments *moments);

/** An element and where it stands. */
typedef struct troupe_extreme {
    int64_t index; /**< the lowest one; -1: the array has no elements */
    union {
        double real;      /**< of float and double */
        int64_t integer;  /**< of integers with a sign */
        uint64_t natural; /**< of integers without */
    } value;
} troupe_extreme;

/**
 * The least element and its lowest index. By IEEE 754-2019 `minimum`: -0 is less than
 * +0, and if there is a NaN, the result is NaN and the index that of the first NaN. All
 * levels are alike.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p least is lent until the operation is done
 * \errors   as troupe_sum, for all elements but TROUPE_BYTES
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_min(troupe_actor *self,
                                                    troupe_array x,
                                                    troupe_how how,
                                                    troupe_extreme *least);

/**
 * The greatest element and its lowest index, by the same rules.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p greatest is lent until the operation is done
 * \errors   as troupe_min
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_max(troupe_actor *self,
                                                    troupe_array x,
                                                    troupe_how how,
                                                    troupe_extreme *greatest);

#ifdef __cplusplus
}
#endif
#endif
