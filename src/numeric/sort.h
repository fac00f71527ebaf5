/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_SORT_H
#define NUMERIC_SORT_H

/*
 * Stable sorting within one memory. Keys of all types are first mapped to unsigned
 * integers of the same order: for reals -0 < +0, and all NaNs are equal and come last,
 * in the order in which they stood and with their bits as they were.
 *
 * A sort by (key, index) has one answer, so how it is done does not show: by radix,
 * least significant byte first, leaving out bytes that all keys share; runs are merged
 * in pairs of neighbours.
 */

#include "numeric/numeric.h"
#include "troupe/base.h"

/* A key and where its element stood, or whatever the index is to mean. */
struct numeric_keyed {
    uint64_t key, index;
};

/* The order of unsigned integers on n elements of any type. */
void numeric_sort_map(enum numeric_element element,
                      const void *items,
                      int64_t n,
                      uint64_t *keys);

/* Sort in place; `scratch` has room for n as well. */
void numeric_sort_keys(uint64_t *keys, uint64_t *scratch, int64_t n);
void numeric_sort_keys_32(uint32_t *keys, uint32_t *scratch, int64_t n);
void numeric_sort_keyed(struct numeric_keyed *items,
                        struct numeric_keyed *scratch,
                        int64_t n);

/* Elements of any type, in place. TROUPE_NO_MEMORY: nothing changed. */
troupe_status numeric_sort_elements(enum numeric_element element,
                                    void *items,
                                    int64_t n) TROUPE_MUST_USE;

/* Elements by keys, both moved; the elements have any size. TROUPE_NO_MEMORY: nothing
 * changed. */
troupe_status numeric_sort_by_key(enum numeric_element element,
                                  void *keys,
                                  void *items,
                                  size_t item_bytes,
                                  int64_t n) TROUPE_MUST_USE;

/* to[i] = from[order[i].index]. The two must not overlap. */
void numeric_sort_gather(const struct numeric_keyed *order,
                         int64_t n,
                         const void *from,
                         size_t item_bytes,
                         void *to);

/*
 * Merges sorted runs that stand one after the other; run r is [ends[r - 1], ends[r]),
 * the first begins at 0. Of equal keys those of earlier runs come first. `scratch` has
 * room for all of them; the ends are used up. Returns where the result is: items or
 * scratch.
 */
struct numeric_keyed *numeric_merge_keyed(struct numeric_keyed *items,
                                          struct numeric_keyed *scratch,
                                          int64_t *ends,
                                          int n_runs);
uint64_t *
numeric_merge_keys(uint64_t *keys, uint64_t *scratch, int64_t *ends, int n_runs);

/* How many of the keys are less than `key`: sorted ones by halving, others one by one.
 */
int64_t numeric_count_less_sorted(const uint64_t *keys, int64_t n, uint64_t key);
int64_t numeric_count_less(const uint64_t *keys, int64_t n, uint64_t key);

#endif
