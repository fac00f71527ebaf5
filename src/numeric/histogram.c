/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/histogram.h"

#include "numeric/pair.h"
#include <math.h>

troupe_status
numeric_bins_init(struct numeric_bins *bins, double low, double high, int64_t n_bins)
{
    double scale = (double)n_bins / (high - low);

    /* A distance that overflows makes the scale 0, one too small makes it infinite. */
    if (!(low < high) || !isfinite(low) || !isfinite(high) || n_bins <= 0 ||
        n_bins > INT64_C(1) << 31 || !isfinite(scale) || scale < 0x1p-1022)
        return TROUPE_INVALID;
    *bins = (struct numeric_bins){low, high, scale, n_bins};
    return TROUPE_OK;
}

int64_t numeric_bins_slot(const struct numeric_bins *bins, double value)
{
    if (value >= bins->low && value <= bins->high) {
        /* Two statements, for no compiler may fuse them where it is told not to. */
        double distance = value - bins->low;
        int64_t bin = (int64_t)(distance * bins->scale);
        return bin < bins->n_bins ? bin : bins->n_bins - 1;
    }
    return bins->n_bins + (value < bins->low    ? NUMERIC_BELOW
                           : value > bins->high ? NUMERIC_ABOVE
                                                : NUMERIC_NO_NUMBER);
}

#define COUNT(type)                                                                    \
    for (int64_t i = 0; i < n; i++)                                                    \
    counts[numeric_bins_slot(bins, (double)((const type *)x)[i])]++

void numeric_histogram_count(const struct numeric_bins *bins,
                             enum numeric_element element,
                             const void *x,
                             int64_t n,
                             uint32_t *counts)
{
    switch (element) {
    case NUMERIC_DOUBLE:
        COUNT(double);
        break;
    case NUMERIC_FLOAT:
        COUNT(float);
        break;
    case NUMERIC_INT32:
        COUNT(int32_t);
        break;
    case NUMERIC_INT64:
        COUNT(int64_t);
        break;
    default:
        COUNT(uint64_t);
    }
}

static int64_t count_slots(const struct numeric_bins *bins)
{
    return bins->n_bins + NUMERIC_EXTRA_SLOTS;
}

void numeric_histogram_weigh(const struct numeric_bins *bins,
                             const double *x,
                             const double *weights,
                             int64_t n,
                             double *sums)
{
    memset(sums, 0, (size_t)count_slots(bins) * sizeof(double));
    for (int64_t i = 0; i < n; i++) {
        double *sum = &sums[numeric_bins_slot(bins, x[i])];
        *sum = numeric_canonical(*sum + weights[i]);
    }
}

void numeric_histogram_merge(void *left, const void *right, const void *argument)
{
    const double *from = right;
    double *into = left;
    uint64_t n_slots;

    memcpy(&n_slots, argument, sizeof n_slots);
    for (uint64_t slot = 0; slot < n_slots; slot++)
        into[slot] = numeric_canonical(into[slot] + from[slot]);
}

void numeric_histogram_weigh_dd(const struct numeric_bins *bins,
                                const double *x,
                                const double *weights,
                                int64_t n,
                                struct numeric_weight *sums)
{
    memset(sums, 0, (size_t)count_slots(bins) * sizeof *sums);
    for (int64_t i = 0; i < n; i++) {
        struct numeric_weight *sum = &sums[numeric_bins_slot(bins, x[i])];
        numeric_pair_add(&sum->high, &sum->low, weights[i], 0);
    }
}

void numeric_histogram_merge_dd(void *left, const void *right, const void *argument)
{
    const struct numeric_weight *from = right;
    struct numeric_weight *into = left;
    uint64_t n_slots;

    memcpy(&n_slots, argument, sizeof n_slots);
    for (uint64_t slot = 0; slot < n_slots; slot++)
        numeric_pair_add(&into[slot].high, &into[slot].low, from[slot].high,
                         from[slot].low);
}

void numeric_histogram_weigh_sure(const struct numeric_bins *bins,
                                  const double *x,
                                  const double *weights,
                                  int64_t n,
                                  struct numeric_sure *sums)
{
    for (int64_t i = 0; i < n; i++)
        numeric_sure_add(&sums[numeric_bins_slot(bins, x[i])], weights[i]);
}

void numeric_histogram_weigh_exact(const struct numeric_bins *bins,
                                   const double *x,
                                   const double *weights,
                                   int64_t n,
                                   const struct numeric_chosen *chosen)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t number = chosen->numbers[numeric_bins_slot(bins, x[i])];

        if (number != 0 && number - chosen->first < chosen->n_sums)
            numeric_exact_add_number(&chosen->sums[number - chosen->first], weights[i]);
    }
}
