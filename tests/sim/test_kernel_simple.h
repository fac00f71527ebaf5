/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TEST_KERNEL_SIMPLE_H
#define SIM_TEST_KERNEL_SIMPLE_H

/* A map, a reduction and a filter, for tests of the calls that take them. */

#include "troupe/troupe.h"
#include <string.h>

static void copy_block(const troupe_block *block, void *result, const void *argument)
{
    (void)result;
    (void)argument;
    memcpy(block->out[0], block->in[0], (size_t)block->n * sizeof(double));
}
TROUPE_KERNEL(copy_kernel, copy_block);

static void
first_of_block(const troupe_block *block, void *result, const void *argument)
{
    (void)argument;
    memcpy(result, block->in[0], sizeof(double));
}

static void keep_left(void *left, const void *right)
{
    (void)left;
    (void)right;
}
TROUPE_REDUCTION_KERNEL(first_kernel, first_of_block, keep_left, double);

static void
keep_all(const troupe_block *block, unsigned char *keep, const void *argument)
{
    (void)argument;
    memset(keep, 1, (size_t)block->n);
}
TROUPE_FILTER(all_filter, keep_all);

#endif
