/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_TREE_H
#define NUMERIC_TREE_H

/*
 * A tree over the leaves 0 .. n_leaves-1 and the part of it that one has reduced.
 *
 * The node of level k that begins at a multiple of 2^k stands for the next 2^k leaves,
 * or for as many as there are. Its value is the merge of its two halves; where the
 * right half has no leaf at all, it is the left half's value, unchanged. So no identity
 * is needed and nothing is padded, and the merge need not commute.
 *
 * A carrier holds, for the leaves [begin, end), the values of the largest nodes that
 * lie wholly inside, from left to right: at most two a level. The range alone says
 * which nodes these are, so that joining neighbours is associative, and the packed form
 * needs no levels.
 *
 * Leaves are rows of 16 elements for sums (reduce.h) and blocks for results of users'
 * functions.
 */

#include "troupe/base.h"

/* left = left (+) right; pure, and the same for the same arguments. */
typedef void numeric_merge_fn(void *left, const void *right, const void *argument);

enum { NUMERIC_MAX_LEVEL = 50, NUMERIC_MAX_NODES = 2 * NUMERIC_MAX_LEVEL + 2 };

struct numeric_tree {
    int64_t n_leaves; /* 0 .. 2^50 */
    size_t value_bytes;
    numeric_merge_fn *merge;
    const void *argument; /* handed to merge; must outlive the carriers */
};

struct numeric_carrier {
    struct numeric_tree tree;
    int64_t begin, end;
    size_t stride_bytes; /* values stand aligned to 16 */
    int n_nodes, capacity;
    uint8_t levels[NUMERIC_MAX_NODES];
    int64_t starts[NUMERIC_MAX_NODES];
    unsigned char *values;
};

/* The level of the root. */
int numeric_tree_height(int64_t n_leaves);

/* The level of the first node of the range [begin, end), which is not empty. */
int numeric_tree_level(int64_t n_leaves, int64_t begin, int64_t end);

/* An empty range at `begin`. TROUPE_INVALID: n_leaves or begin out of range.
 * TROUPE_NO_MEMORY. On failure there is nothing to fini. */
troupe_status numeric_carrier_init(struct numeric_carrier *carrier,
                                   const struct numeric_tree *tree,
                                   int64_t begin) TROUPE_MUST_USE;
void numeric_carrier_fini(struct numeric_carrier *carrier);

/*
 * Adds the node of `level` that begins at the carrier's end, which must be a multiple
 * of 2^level; level 0 is the next leaf. The value is copied. TROUPE_NO_MEMORY: nothing
 * changed.
 */
troupe_status numeric_carrier_push(struct numeric_carrier *carrier,
                                   int level,
                                   const void *value) TROUPE_MUST_USE;

/*
 * Joins a carrier of the same tree that begins where this one ends. TROUPE_INVALID: it
 * does not. TROUPE_NO_MEMORY. On failure nothing changed.
 */
troupe_status numeric_carrier_join(struct numeric_carrier *left,
                                   const struct numeric_carrier *right) TROUPE_MUST_USE;

/* The packed form: begin and end (8 bytes each), then the values without gaps. */
size_t numeric_carrier_packed_bytes(const struct numeric_carrier *carrier);
void numeric_carrier_pack(const struct numeric_carrier *carrier, void *bytes);

/*
 * Replaces the carrier's range and values by packed ones. The bytes are not trusted:
 * TROUPE_INVALID when they are not a carrier of this tree. TROUPE_NO_MEMORY. On failure
 * nothing changed.
 */
troupe_status numeric_carrier_unpack(struct numeric_carrier *carrier,
                                     const void *bytes,
                                     size_t size_bytes) TROUPE_MUST_USE;

/* The value of the whole tree; NULL unless the range is all leaves and not empty. */
const void *numeric_carrier_value(const struct numeric_carrier *carrier);

/*
 * The left fold of the nodes, largest first when the range begins at 0: the prefix of
 * the leaf that comes next, for scans. False, and nothing written, on an empty range.
 */
bool numeric_carrier_fold(const struct numeric_carrier *carrier, void *value);

#endif
