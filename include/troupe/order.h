/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_ORDER_H
#define TROUPE_ORDER_H

/*
 * Operations that bring elements into an order or pick some out. Numbers compare as
 * usual, but -0 is less than +0, and NaNs are all equal and greater than every number.
 */

#include "troupe/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Sorts an array by value, in place and stably: equal keys keep their order, so there
 * is one answer. Up to 7 arrays under `along->out` (NULL: none), which match the keys
 * in team, length, blocks and cut, are moved along. The cut stays as it is. Needs room
 * for 16 bytes for each element of the caller's part; where there are other arrays,
 * NaNs or keys of float for 32, and for as much as the widest array has there.
 *
 * \call     collective over the team
 * \blocks   until the caller's part is in order
 * \threads  the runtime's thread
 * \errors   TROUPE_INVALID the keys are no numbers, or the arrays do not match;
 *           TROUPE_MISMATCH, TROUPE_PEER_GONE, TROUPE_NO_MEMORY
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_sort(troupe_actor *self,
                                                     troupe_array keys,
                                                     const troupe_arrays *along,
                                                     troupe_how how);

/** An element's value; which field counts says the array's element. */
typedef union troupe_number {
    double real;      /**< of float and double */
    int64_t integer;  /**< of integers with a sign */
    uint64_t natural; /**< of integers without */
} troupe_number;

/**
 * The element that stands at place \p k, from 0, when the array is sorted. The array
 * stays as it is.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread
 * \owns     \p number is lent until the operation is done
 * \errors   TROUPE_INVALID there is no such place, or the elements are no numbers;
 *           TROUPE_MISMATCH, TROUPE_PEER_GONE, TROUPE_NO_MEMORY
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_kth(troupe_actor *self,
                                                    troupe_array x,
                                                    int64_t k,
                                                    troupe_how how,
                                                    troupe_number *number);

/**
 * Marks the elements of a block that are to be kept: keep[i] becomes 1 or stays 0.
 */
typedef void
troupe_keep_fn(const troupe_block *block, unsigned char *keep, const void *argument);

/** A user's function, with a probe of how its file was compiled. */
typedef struct troupe_filter_kernel {
    troupe_kernel kernel; /**< its name and probe */
    troupe_keep_fn *run;
} troupe_filter_kernel;

/** Defines the filter kernel \p name_. */
#define TROUPE_FILTER(name_, run_)                                                     \
    TROUPE_KERNEL_PROBE(name_##_probe);                                                \
    static const troupe_filter_kernel name_ = {                                        \
        .kernel = {.name = #name_, .probe = &name_##_probe}, .run = run_}

/**
 * Makes new arrays of the elements that \p keep marks, in their order, with even parts:
 * one for each array under `arrays->in`, into \p kept. Of none, arrays of length 0.
 *
 * \call     collective over the team
 * \blocks   until the caller's new parts are there
 * \threads  the runtime's thread; keep runs on others
 * \owns     \p argument and \p kept are lent until the operation is done; the new
 *           arrays are the caller's then
 * \errors   as troupe_map
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_filter(troupe_actor *self,
                                                       const troupe_filter_kernel *keep,
                                                       const troupe_arrays *arrays,
                                                       const void *argument,
                                                       troupe_how how,
                                                       troupe_array *kept);

#ifdef __cplusplus
}
#endif
#endif
