/* ranks: 1 2 3 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "troupe/troupe.h"
#include "unit/numeric/data.h"
#include <stdlib.h>
#include <string.h>

/*
 * Parts that many tasks sort and merge, by three threads on rank 0, two on rank 1 and
 * one on rank 2: what qsort() by value and place gives, to the last bit.
 */

enum { LENGTH = 150000, N_KINDS = DATA_N_KINDS + 7 };

#define REQUIRE(condition)                                                             \
    do {                                                                               \
        if (!(condition))                                                              \
            troupe_fail(self, TROUPE_FAILED, "line %d, kind %d: %s does not hold",     \
                        __LINE__, kind, #condition);                                   \
    } while (0)

struct item {
    double value;
    int64_t place;
};

/* The rule for reals, said plainly. */
static int compare(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    if (x->value < y->value || x->value > y->value)
        return x->value < y->value ? -1 : 1;
    if ((x->value != x->value) != (y->value != y->value))
        return x->value != x->value ? 1 : -1;
    if (x->value == y->value && signbit(x->value) != signbit(y->value))
        return signbit(x->value) ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static double other_value(int kind, int64_t i, struct base_random *random)
{
    switch (kind - DATA_N_KINDS) {
    case 0: /* in order but for the last */
        return i == LENGTH - 1 ? -1 : (double)i;
    case 1:
        return -(double)(i / 3);
    case 2: /* few keys, and NaNs of several bits */
        return i % 5 == 0
                   ? numeric_from_bits(UINT64_C(0x7ff8000000000000) | (uint64_t)i)
                   : (double)base_random_below(random, 7);
    case 3: /* one is far away: no bucket fits */
        return i == LENGTH / 2 ? 1e300
                               : (double)(65536 + base_random_below(random, 999));
    case 4: /* a large bucket among small ones, with the boundaries in it */
        return i % 4 ? 1 : (double)base_random_below(random, 1 << 20) / (1 << 19);
    case 5: /* all buckets fit */
        return 1 + 0x1p-30 * base_random_below(random, 1 << 30);
    default:
        return 5;
    }
}

static void fill(struct item *items, int kind)
{
    struct base_random random = {(uint64_t)kind + 1};

    for (int64_t i = 0; i < LENGTH; i++) {
        items[i].value = kind < DATA_N_KINDS
                             ? data_value((enum data_kind)kind, i, &random)
                             : other_value(kind, i, &random);
        items[i].place = i;
    }
}

static void sort_one(troupe_actor *self,
                     int kind,
                     struct item *items,
                     troupe_array values,
                     troupe_array places)
{
    troupe_array_part part = troupe_array_mine(self, values);
    double *value = part.data;
    int64_t *place = places.bits ? troupe_array_mine(self, places).data : NULL;
    const troupe_arrays along = {.out = {places}};

    fill(items, kind);
    for (int64_t i = 0; i < part.n_elements; i++) {
        value[i] = items[part.first + i].value;
        if (place)
            place[i] = part.first + i;
    }
    REQUIRE(troupe_sort(self, values, place ? &along : NULL, TROUPE_TREE) == TROUPE_OK);
    qsort(items, LENGTH, sizeof *items, compare);
    for (int64_t i = 0; i < part.n_elements; i++) {
        REQUIRE(memcmp(&value[i], &items[part.first + i].value, sizeof *value) == 0);
        REQUIRE(!place || place[i] == items[part.first + i].place);
    }
}

static troupe_status body(troupe_actor *self)
{
    const troupe_array_options real = {.element = TROUPE_DOUBLE, .length = LENGTH};
    const troupe_array_options whole = {.length = LENGTH};
    struct item *items = troupe_alloc(self, LENGTH * sizeof *items);
    troupe_array values, places;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &real, &values));
    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &whole, &places));
    for (int kind = 0; kind < N_KINDS; kind++) {
        sort_one(self, kind, items, values, (troupe_array){0});
        sort_one(self, kind, items, values, places);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    const char *n_workers[] = {"3", "2", "1"};

    setenv("TROUPE_WORKERS", n_workers[rank ? atoi(rank) % 3 : 0], 1);
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
