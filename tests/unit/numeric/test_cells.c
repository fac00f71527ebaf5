/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/random.h"
#include "numeric/cells.h"
#include "support/check_main.h"

enum { N = 5000, N_BUCKETS = 7 };

static const uint64_t ranges[][2] = {
    {0, 0},
    {5, 6},
    {0, UINT64_MAX},
    {UINT64_MAX, UINT64_MAX},
    {UINT64_MAX - 1000, UINT64_MAX},
    {0, 65535},
    {0, 65536},
    {UINT64_C(0x7fffffffffffff00), UINT64_C(0x8000000000000100)},
};
static const int64_t wishes[] = {2, 3, 4, 1000, 65535, NUMERIC_MOST_CELLS};

/* Cells that are enough for the greatest key, and no more than were wished for, rounded
 * up to a power of two. */
START_TEST(cells_cover_the_range)
{
    for (size_t r = 0; r < ARRAY_LENGTH(ranges); r++)
        for (size_t w = 0; w < ARRAY_LENGTH(wishes); w++) {
            uint64_t low = ranges[r][0], high = ranges[r][1];
            struct numeric_cells cells = numeric_cells_make(low, high, wishes[w]);
            uint64_t last = numeric_cells_least(&cells, cells.n_cells - 1);
            int64_t most = 1;

            while (most < wishes[w])
                most *= 2;
            ck_assert_int_ge(cells.n_cells, 1);
            ck_assert_int_le(cells.n_cells, most);
            ck_assert_uint_le(last, high);
            ck_assert_uint_eq((high - low) >> cells.shift, (uint64_t)cells.n_cells - 1);
            ck_assert_uint_le(high - last, (UINT64_C(1) << cells.shift) - 1);
        }
}
END_TEST

static uint64_t keys[N], items[N];
static struct numeric_keyed keyed[N];
static uint32_t counts[NUMERIC_MOST_CELLS];
static uint16_t bucket_of[NUMERIC_MOST_CELLS];

static size_t cell_of(const struct numeric_cells *cells, uint64_t key)
{
    size_t cell = 0;

    while ((int64_t)cell + 1 < cells->n_cells &&
           numeric_cells_least(cells, (int64_t)cell + 1) <= key)
        cell++;
    return cell;
}

static void check_filled(const struct numeric_cells *cells)
{
    uint64_t last_place = 0;
    int last = -1;

    for (int i = 0; i < N; i++) {
        int bucket = bucket_of[cell_of(cells, keyed[i].key)];

        ck_assert_uint_eq(keyed[i].key, items[i]);
        ck_assert_uint_eq(keyed[i].key, keys[keyed[i].index - 100]);
        ck_assert_int_ge(bucket, last);
        ck_assert(bucket > last || keyed[i].index > last_place);
        last = bucket;
        last_place = keyed[i].index;
    }
}

START_TEST(buckets_keep_the_order)
{
    struct base_random random = {1};
    struct numeric_cells cells;
    int64_t next[2][N_BUCKETS] = {{0}}, at = 0;

    for (int i = 0; i < N; i++)
        keys[i] = UINT64_MAX - base_random_below(&random, 100000) / 10;
    cells = numeric_cells_make(UINT64_MAX - 9999, UINT64_MAX, 200);
    numeric_cells_count(&cells, keys, N, counts);
    for (int i = 0; i < N; i++)
        counts[cell_of(&cells, keys[i])]--;
    for (int64_t cell = 0; cell < cells.n_cells; cell++) {
        ck_assert_uint_eq(counts[cell], 0);
        bucket_of[cell] = (uint16_t)(cell * N_BUCKETS / cells.n_cells);
    }
    for (int i = 0; i < N; i++)
        next[0][bucket_of[cell_of(&cells, keys[i])]]++;
    for (int bucket = 0; bucket < N_BUCKETS; bucket++) {
        int64_t n = next[0][bucket];

        next[0][bucket] = next[1][bucket] = at;
        at += n;
    }
    numeric_buckets_fill(&(struct numeric_buckets){cells, bucket_of, next[0]}, keys, N,
                         items);
    numeric_buckets_fill_keyed(&(struct numeric_buckets){cells, bucket_of, next[1]},
                               keys, N, 100, keyed);
    check_filled(&cells);
}
END_TEST

CHECK_MAIN("cells", cells_cover_the_range, buckets_keep_the_order)
