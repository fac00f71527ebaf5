/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_KERNEL_GOLDEN_H
#define TEST_KERNEL_GOLDEN_H

/*
 * What each operation comes to, as a hash. To add one, write a function that calls it
 * and adds all bits of what comes, and its line in `operations`.
 */

#include "support/hostile.h"
#include "test_kernel_functions.h"
#include <math.h>

enum { N_BINS = 50, MOST_PER_ROW = 40, N_LEVELS = 4 };

/* All that operations work on, and what one has come to. */
struct trial {
    troupe_actor *self;
    enum hostile_kind kind;
    int64_t n, block_length;
    uint64_t cuts_seed; /* 0: parts are even */
    troupe_array x, y, to, along;
    troupe_array narrow; /* of float */
    troupe_array whole, count, heads;
    troupe_matrix matrix;
    troupe_grid grid, smoothed;
    uint64_t hash;
};

/* ---- hashes ---------------------------------------------------------------------- */

static void add_bytes(struct trial *trial, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        trial->hash = mix(trial->hash + ((const unsigned char *)bytes)[i]);
}

static void add_real(struct trial *trial, double value)
{
    add_bytes(trial, &value, sizeof value);
}

static void add_array(struct trial *trial, troupe_array array)
{
    uint64_t hash = hash_of_array(trial->self, array);

    add_bytes(trial, &hash, sizeof hash);
}

static void add_made(struct trial *trial, troupe_array *array)
{
    add_array(trial, *array);
    troupe_array_destroy(trial->self, array);
}

/* Rows short and long, with columns near and far. */
static int give_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    const struct trial *trial = argument;
    uint64_t start = mix((uint64_t)row);
    int n = row % 5 == 0 ? MOST_PER_ROW : (int)(start % 9);

    if (n > trial->n)
        n = (int)trial->n;
    for (int i = 0; i < n; i++) {
        columns[i] =
            (int64_t)((start % (uint64_t)trial->n + (uint64_t)i) % (uint64_t)trial->n);
        values[i] = hostile_value(trial->kind, 3, row * MOST_PER_ROW + i);
    }
    return n;
}
TROUPE_ROW_KERNEL(row_kernel, give_row);

/* ---- operations ------------------------------------------------------------------ */

typedef troupe_status operation_fn(struct trial *trial, troupe_how how);

static troupe_status do_sum(struct trial *trial, troupe_how how)
{
    double sum, narrow;

    TROUPE_TRY(troupe_sum(trial->self, trial->x, how, &sum));
    TROUPE_TRY(troupe_sum(trial->self, trial->narrow, how, &narrow));
    add_real(trial, sum);
    add_real(trial, narrow);
    return TROUPE_OK;
}

static troupe_status do_sum_integers(struct trial *trial, troupe_how how)
{
    int64_t sum;

    TROUPE_TRY(troupe_sum_integers(trial->self, trial->whole, how, &sum));
    add_bytes(trial, &sum, sizeof sum);
    return TROUPE_OK;
}

static troupe_status do_dot(struct trial *trial, troupe_how how)
{
    double dot, narrow;

    TROUPE_TRY(troupe_dot(trial->self, trial->x, trial->y, how, &dot));
    TROUPE_TRY(troupe_dot(trial->self, trial->narrow, trial->narrow, how, &narrow));
    add_real(trial, dot);
    add_real(trial, narrow);
    return TROUPE_OK;
}

static troupe_status do_norm(struct trial *trial, troupe_how how)
{
    double norm;

    TROUPE_TRY(troupe_norm(trial->self, trial->x, how, &norm));
    add_real(trial, norm);
    return TROUPE_OK;
}

static troupe_status do_moments(struct trial *trial, troupe_how how)
{
    troupe_moments moments;

    TROUPE_TRY(troupe_moments_of(trial->self, trial->x, how, &moments));
    add_bytes(trial, &moments, sizeof moments);
    TROUPE_TRY(troupe_moments_of(trial->self, trial->narrow, how, &moments));
    add_bytes(trial, &moments, sizeof moments);
    return TROUPE_OK;
}

static troupe_status do_extreme(struct trial *trial,
                                troupe_status (*find)(troupe_actor *self,
                                                      troupe_array x,
                                                      troupe_how how,
                                                      troupe_extreme *extreme),
                                troupe_how how)
{
    troupe_extreme extreme;

    TROUPE_TRY(find(trial->self, trial->x, how, &extreme));
    add_bytes(trial, &extreme, sizeof extreme);
    return TROUPE_OK;
}

static troupe_status do_min(struct trial *trial, troupe_how how)
{
    return do_extreme(trial, troupe_min, how);
}

static troupe_status do_max(struct trial *trial, troupe_how how)
{
    return do_extreme(trial, troupe_max, how);
}

static troupe_status do_scans(struct trial *trial,
                              troupe_status (*scan)(troupe_actor *self,
                                                    troupe_array x,
                                                    troupe_array to,
                                                    enum troupe_combine combine,
                                                    troupe_how how),
                              troupe_how how)
{
    static const enum troupe_combine combines[] = {TROUPE_SUM, TROUPE_MIN, TROUPE_MAX};

    for (int i = 0; i < 3; i++) {
        TROUPE_TRY(scan(trial->self, trial->x, trial->to, combines[i], how));
        add_array(trial, trial->to);
        TROUPE_TRY(scan(trial->self, trial->narrow, trial->to, combines[i], how));
        add_array(trial, trial->to);
    }
    return TROUPE_OK;
}

static troupe_status do_scan(struct trial *trial, troupe_how how)
{
    return do_scans(trial, troupe_scan, how);
}

static troupe_status do_scan_exclusive(struct trial *trial, troupe_how how)
{
    return do_scans(trial, troupe_scan_exclusive, how);
}

static troupe_status do_reduce_segments(struct trial *trial, troupe_how how)
{
    static const enum troupe_combine combines[] = {TROUPE_SUM, TROUPE_MIN, TROUPE_MAX};
    const troupe_array of[] = {trial->x, trial->narrow, trial->whole};
    troupe_array results;

    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            TROUPE_TRY(troupe_reduce_segments(trial->self, of[k], trial->heads,
                                              combines[i], how, &results));
            add_made(trial, &results);
        }
    return TROUPE_OK;
}

static troupe_status do_extremes_of_segments(struct trial *trial, troupe_how how)
{
    static const enum troupe_combine combines[] = {TROUPE_MIN, TROUPE_MAX};
    troupe_array made[2];

    for (int i = 0; i < 2; i++) {
        TROUPE_TRY(troupe_extremes_of_segments(trial->self, trial->x, trial->heads,
                                               combines[i], how, made));
        add_made(trial, &made[0]);
        add_made(trial, &made[1]);
    }
    return TROUPE_OK;
}

static const troupe_bins bins = {-2, 2, N_BINS};

static troupe_status do_histogram(struct trial *trial, troupe_how how)
{
    uint64_t counts[N_BINS + TROUPE_BINS_EXTRA];

    TROUPE_TRY(troupe_histogram(trial->self, trial->x, bins, how, counts));
    add_bytes(trial, counts, sizeof counts);
    return TROUPE_OK;
}

static troupe_status do_histogram_spread(struct trial *trial, troupe_how how)
{
    TROUPE_TRY(troupe_histogram_spread(trial->self, trial->x, bins, how, trial->count));
    add_array(trial, trial->count);
    return TROUPE_OK;
}

static troupe_status do_histogram_weighted(struct trial *trial, troupe_how how)
{
    double sums[N_BINS + TROUPE_BINS_EXTRA];

    TROUPE_TRY(
        troupe_histogram_weighted(trial->self, trial->x, trial->y, bins, how, sums));
    add_bytes(trial, sums, sizeof sums);
    return TROUPE_OK;
}

static troupe_status do_fill_uniform(struct trial *trial, troupe_how how)
{
    TROUPE_TRY(troupe_fill_uniform(trial->self, trial->to,
                                   (troupe_random){12, (uint32_t)trial->n}, how));
    add_array(trial, trial->to);
    return TROUPE_OK;
}

static troupe_status do_fill_normal(struct trial *trial, troupe_how how)
{
    TROUPE_TRY(troupe_fill_normal(trial->self, trial->to,
                                  (troupe_random){13, (uint32_t)trial->n}, how));
    add_array(trial, trial->to);
    return TROUPE_OK;
}

static troupe_status do_fill_integers(struct trial *trial, troupe_how how)
{
    TROUPE_TRY(troupe_fill_integers(trial->self, trial->whole,
                                    (troupe_random){14, (uint32_t)trial->n}, -1000,
                                    trial->n, how));
    add_array(trial, trial->whole);
    return TROUPE_OK;
}

static void copy_part(struct trial *trial, troupe_array from, troupe_array to)
{
    troupe_array_part source = troupe_array_mine(trial->self, from);
    troupe_array_part sink = troupe_array_mine(trial->self, to);

    if (source.n_elements > 0)
        memcpy(sink.data, source.data, (size_t)source.n_elements * sizeof(double));
}

static troupe_status do_sort(struct trial *trial, troupe_how how)
{
    copy_part(trial, trial->x, trial->to);
    copy_part(trial, trial->y, trial->along);
    TROUPE_TRY(troupe_sort(trial->self, trial->to,
                           &(troupe_arrays){.out = {trial->along}}, how));
    add_array(trial, trial->to);
    add_array(trial, trial->along);
    return TROUPE_OK;
}

static troupe_status do_kth(struct trial *trial, troupe_how how)
{
    troupe_number number;

    for (int64_t i = 0; i < 4; i++) {
        TROUPE_TRY(
            troupe_kth(trial->self, trial->x, (trial->n - 1) * i / 3, how, &number));
        add_bytes(trial, &number, sizeof number);
    }
    return TROUPE_OK;
}

static troupe_status do_filter(struct trial *trial, troupe_how how)
{
    const troupe_arrays both = {.in = {trial->x, trial->y}};
    troupe_array kept[2];

    TROUPE_TRY(troupe_filter(trial->self, &some_filter, &both, NULL, how, kept));
    add_made(trial, &kept[0]);
    add_made(trial, &kept[1]);
    return TROUPE_OK;
}

static troupe_status do_map(struct trial *trial, troupe_how how)
{
    const troupe_arrays arrays = {.in = {trial->x, trial->y}, .out = {trial->to}};

    TROUPE_TRY(troupe_map(trial->self, &triad_kernel, &arrays, NULL, how));
    add_array(trial, trial->to);
    return TROUPE_OK;
}

static troupe_status do_reduce_blocks(struct trial *trial, troupe_how how)
{
    const troupe_arrays arrays = {.in = {trial->x}};
    struct line line;

    TROUPE_TRY(
        troupe_reduce_blocks(trial->self, &chain_kernel, &arrays, NULL, how, &line));
    add_real(trial, line.a);
    add_real(trial, line.b != line.b ? (double)NAN : line.b); /* x86's has a sign */
    return TROUPE_OK;
}

static troupe_status do_stencil(struct trial *trial, troupe_how how)
{
    TROUPE_TRY(troupe_stencil(trial->self, &smooth_kernel, trial->grid, trial->smoothed,
                              NULL, how));
    add_array(trial, troupe_grid_array(trial->smoothed));
    return TROUPE_OK;
}

static troupe_status do_diagonal(struct trial *trial, troupe_how how)
{
    TROUPE_TRY(troupe_matrix_diagonal(trial->self, trial->matrix, trial->to, how));
    add_array(trial, trial->to);
    return TROUPE_OK;
}

static troupe_status do_multiply(struct trial *trial, troupe_how how)
{
    TROUPE_TRY(troupe_multiply(trial->self, trial->matrix, trial->x, trial->to, how));
    add_array(trial, trial->to);
    return TROUPE_OK;
}

static troupe_status do_multiply_dot(struct trial *trial, troupe_how how)
{
    double dot;

    TROUPE_TRY(troupe_multiply_dot(trial->self, trial->matrix, trial->x, trial->to, how,
                                   &dot));
    add_array(trial, trial->to);
    add_real(trial, dot);
    return TROUPE_OK;
}

/* By the names of the public functions: system.golden misses those that are not here.
 */
static const struct {
    const char *name;
    operation_fn *perform;
} operations[] = {
    {"troupe_sum", do_sum},
    {"troupe_sum_integers", do_sum_integers},
    {"troupe_dot", do_dot},
    {"troupe_norm", do_norm},
    {"troupe_moments_of", do_moments},
    {"troupe_min", do_min},
    {"troupe_max", do_max},
    {"troupe_scan", do_scan},
    {"troupe_scan_exclusive", do_scan_exclusive},
    {"troupe_reduce_segments", do_reduce_segments},
    {"troupe_extremes_of_segments", do_extremes_of_segments},
    {"troupe_histogram", do_histogram},
    {"troupe_histogram_spread", do_histogram_spread},
    {"troupe_histogram_weighted", do_histogram_weighted},
    {"troupe_fill_uniform", do_fill_uniform},
    {"troupe_fill_normal", do_fill_normal},
    {"troupe_fill_integers", do_fill_integers},
    {"troupe_sort", do_sort},
    {"troupe_kth", do_kth},
    {"troupe_filter", do_filter},
    {"troupe_map", do_map},
    {"troupe_reduce_blocks", do_reduce_blocks},
    {"troupe_stencil", do_stencil},
    {"troupe_matrix_diagonal", do_diagonal},
    {"troupe_multiply", do_multiply},
    {"troupe_multiply_dot", do_multiply_dot},
};
enum { N_OPERATIONS = sizeof operations / sizeof *operations };

#endif
