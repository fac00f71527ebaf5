/* ranks: 2 3 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/require.h"
#include "troupe/troupe.h"
#include <stdlib.h>

/*
 * TROUPE_CHECK=1 on ranks that are processes: a function that knows a variable of its
 * process is found out, for its blocks are done by another one too.
 */

enum { LENGTH = 200000 };

static int my_number; /* what no kernel may know */

static void add_number(const troupe_block *block, void *result, const void *argument)
{
    double *x = block->out[0];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        x[i] += my_number;
}
TROUPE_KERNEL(number_kernel, add_number);

static void add_place(const troupe_block *block, void *result, const void *argument)
{
    double *x = block->out[0];

    (void)result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        x[i] += (double)(block->first + i);
}
TROUPE_KERNEL(place_kernel, add_place);

static troupe_status body(troupe_actor *self)
{
    const troupe_array_options shape = {.element = TROUPE_DOUBLE, .length = LENGTH};
    troupe_arrays arrays = {.out = {{0}}};
    troupe_array_part part;

    my_number = troupe_rank(self);
    REQUIRE(troupe_array_create(self, troupe_rank_team(self), &shape, &arrays.out[0]) ==
            TROUPE_OK);
    REQUIRE(troupe_map(self, &place_kernel, &arrays, NULL, TROUPE_TREE) == TROUPE_OK);
    REQUIRE(troupe_map(self, &number_kernel, &arrays, NULL, TROUPE_TREE) ==
            TROUPE_FAILED);
    part = troupe_array_mine(self, arrays.out[0]);
    for (int64_t i = 0; i < part.n_elements; i++)
        REQUIRE(((double *)part.data)[i] == (double)(part.first + i));
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    setenv("TROUPE_CHECK", "1", 1);
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
