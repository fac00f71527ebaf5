/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMERIC_KERNEL_H
#define NUMERIC_KERNEL_H

/*
 * The numeric core: pure functions over contiguous ranges of memory, and partial
 * results that merge. No actors, no ranks, no threads: who calls decides what runs
 * where, and whatever he decides, the bits of the result are the same.
 *
 * Two ideas carry that promise:
 *
 * - One expression. An array of N elements is reduced by one tree that depends on N
 *   alone ("expression 1", the tree of WG21 P4016R0 with 16 lanes): element i belongs
 * to lane i mod 16, row i / 16; rows combine in pairs, pairs in pairs, an odd one goes
 * up as it is; at last the 16 lanes do the same. Neither blocks nor vector width
 * appear.
 * - Carriers (tree.h). Whoever reduces a part keeps the nodes of the tree that lie
 * within it. Joining neighbouring parts is associative, so any order of joining is
 * right.
 *
 * dd.h: values that are sums of two doubles.
 * tree.h: the tree and the carrier, for values and merges of any kind.
 * isa.h: the inner loops for each instruction set, chosen at run time.
 * reduce.h: sums and dot products, TREE and TREE_DD; integers; moments.
 * extreme.h: minimum and maximum, and where they stand.
 * row.h: dot products of a sparse matrix's rows, TREE_DD and EXACT.
 * exact.h: EXACT, correctly rounded sums and dot products, in any order.
 * running.h: EXACT for prefixes.
 * sure.h: the same without its accumulator, where that can be told.
 * environment.h: the floating-point environment a task must run in.
 * random.h: random numbers as functions of seed, stream and index.
 * sort.h: keys, stable radix sort, pieces of a merge.
 * scan.h: prefix sums within a block.
 * histogram.h: counts and weights in equal bins.
 * probe.h: judges how a user's file was compiled.
 *
 * What is called while numeric_environment_enter() holds gives the promised bits. NaNs
 * in results are NUMERIC_NAN_BITS whatever came in. None of it calls libm but fma()
 * where the hardware has none, which is exact by IEEE 754.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NUMERIC_NAN_BITS UINT64_C(0x7ff8000000000000)

enum { NUMERIC_LANES = 16 };

/* What an array holds. */
enum numeric_element {
    NUMERIC_DOUBLE,
    NUMERIC_FLOAT,
    NUMERIC_INT32,
    NUMERIC_INT64,
    NUMERIC_UINT64,
    NUMERIC_N_ELEMENTS
};

static inline size_t numeric_element_bytes(enum numeric_element element)
{
    return element == NUMERIC_FLOAT || element == NUMERIC_INT32 ? 4 : 8;
}

static inline uint64_t numeric_bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double numeric_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* x86 and Arm make NaNs of different sign, and payloads depend on operand order. */
static inline double numeric_canonical(double value)
{
    return value != value ? numeric_from_bits(NUMERIC_NAN_BITS) : value;
}

#endif
