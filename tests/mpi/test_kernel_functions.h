/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_KERNEL_FUNCTIONS_H
#define TEST_KERNEL_FUNCTIONS_H

/* Functions of users, for operations that take one, and the hash of what comes. */

#include "base/random.h"
#include "support/require.h"
#include <math.h>
#include <string.h>

/* ---- hashes ---------------------------------------------------------------------- */

static uint64_t mix(uint64_t z)
{
    struct base_random random = {z};

    return base_random_next(&random);
}

/* Of the elements with their places, whoever has them. */
static uint64_t hash_of_array(troupe_actor *self, troupe_array array)
{
    troupe_array_facts facts = troupe_array_describe(self, array);
    troupe_array_part part = troupe_array_mine(self, array);
    uint64_t mine = 0, all = 0, word = 0;
    const troupe_reduction reduction = {.mine = &mine,
                                        .result = &all,
                                        .element = TROUPE_UINT64,
                                        .combine = TROUPE_SUM,
                                        .n_items = 1};

    for (int64_t i = 0; i < part.n_elements; i++) {
        memcpy(&word, (char *)part.data + (size_t)i * facts.element_bytes,
               facts.element_bytes);
        mine += mix(word + mix((uint64_t)(part.first + i)));
    }
    REQUIRE_OK(troupe_reduce(self, facts.team, -1, &reduction));
    return all + (uint64_t)facts.length;
}

/* ---- users' functions ------------------------------------------------------------ */

static void triad(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0], *y = block->in[1];
    double *to = block->out[0];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++) {
        double sum = x[i] + 0.1 * y[i];
        to[i] = sum == sum ? sum : (double)NAN; /* of two, compilers choose one */
    }
}
TROUPE_KERNEL(triad_kernel, triad);

/* x -> a x + b, one after the other: they do not commute. */
struct line {
    double a, b;
};

static void chain(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0];
    struct line *line = result;

    (void)argument;
    line->a = 1;
    for (int64_t i = 0; i < block->n; i++) {
        line->a *= 0.999;
        line->b = line->b * 0.999 + x[i];
    }
}

static void join_lines(void *left, const void *right)
{
    struct line *a = left;
    const struct line *b = right;

    a->b = b->a * a->b + b->b;
    a->a *= b->a;
}
TROUPE_REDUCTION_KERNEL(chain_kernel, chain, join_lines, struct line);

static void
keep_some(const troupe_block *block, unsigned char *keep, const void *argument)
{
    const double *x = block->in[0];

    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        keep[i] = x[i] * 3 - 1 > 0;
}
TROUPE_FILTER(some_filter, keep_some);

static void smooth(const troupe_strip *strip, const void *argument)
{
    const double *here = troupe_strip_row(strip, 0, 0);
    const double *below = troupe_strip_row(strip, -1, 0);
    const double *above = troupe_strip_row(strip, 1, 0);

    (void)argument;
    for (int64_t i = 0; i < strip->n; i++)
        strip->out[i] =
            here[i] + 0.1 * (here[i - 1] + here[i + 1] + below[i] + above[i]);
}
TROUPE_STENCIL(smooth_kernel, smooth);

#endif
