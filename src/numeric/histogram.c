/* SPDX-License-Identifier: BSD-3-Clause */
#include "numeric/histogram.h"

#include "base/compiler.h"
#include "numeric/pair.h"
#include <math.h>

/* So far integers are told from their neighbours, and from halves between them. */
#define EXACT_END 0x1p52

static bool is_exact_integer(double value)
{
    return fabs(value) <= EXACT_END && floor(value) == value;
}

troupe_status
numeric_bins_init(struct numeric_bins *bins, double low, double high, int64_t n_bins)
{
    double scale = (double)n_bins / (high - low);

    /* A distance that overflows makes the scale 0, one too small makes it infinite. */
    if (!(low < high) || !isfinite(low) || !isfinite(high) || n_bins <= 0 ||
        n_bins > INT64_C(1) << 31 || !isfinite(scale) || scale < 0x1p-1022)
        return TROUPE_INVALID;
    *bins = (struct numeric_bins){low, high, scale, n_bins,
                                  scale == 1 && is_exact_integer(low) &&
                                      is_exact_integer(high)};
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

/* Finds the slots of some elements at a time: that goes by vectors, what is done with
 * them does not. Of a few, so that a processor that waits for places in memory has the
 * next ones within its reach (measured: 512 at a time take a fifth longer). */
struct walk {
    const struct numeric_isa *isa;
    const struct numeric_bins *bins;
    enum numeric_element element;
    const void *x;
    int64_t n, first, n_found; /* of n elements; found are the slots from first on */
    uint32_t slots[64];
};

static void walk_start(struct walk *walk,
                       const struct numeric_isa *isa,
                       const struct numeric_bins *bins,
                       enum numeric_element element,
                       const void *x,
                       int64_t n)
{
    walk->isa = isa;
    walk->bins = bins;
    walk->element = element;
    walk->x = x;
    walk->n = n;
    walk->first = walk->n_found = 0;
}

static bool walk_on(struct walk *walk)
{
    int64_t begin = walk->first + walk->n_found, n_left = walk->n - begin;
    size_t n_bytes = (size_t)begin * numeric_element_bytes(walk->element);

    walk->first = begin;
    walk->n_found = n_left < (int64_t)ARRAY_LENGTH(walk->slots)
                        ? n_left
                        : (int64_t)ARRAY_LENGTH(walk->slots);
    walk->isa->slots[walk->element](walk->bins, (const char *)walk->x + n_bytes,
                                    walk->n_found, walk->slots);
    return walk->n_found > 0;
}

void numeric_histogram_count(const struct numeric_isa *isa,
                             const struct numeric_bins *bins,
                             enum numeric_element element,
                             const void *x,
                             int64_t n,
                             uint32_t *counts)
{
    struct walk walk;

    walk_start(&walk, isa, bins, element, x, n);
    while (walk_on(&walk))
        for (int64_t i = 0; i < walk.n_found; i++)
            counts[walk.slots[i]]++;
}

void numeric_histogram_count_apart(const struct numeric_isa *isa,
                                   const struct numeric_bins *bins,
                                   enum numeric_element element,
                                   const void *x,
                                   int64_t n,
                                   uint8_t *bytes,
                                   uint32_t *counts)
{
    struct walk walk;

    walk_start(&walk, isa, bins, element, x, n);
    while (walk_on(&walk))
        for (int64_t i = 0; i < walk.n_found; i++)
            if (UNLIKELY(++bytes[walk.slots[i]] == 0))
                counts[walk.slots[i]] += UINT8_MAX + 1;
}

void numeric_histogram_join(uint8_t *restrict bytes,
                            int64_t n_slots,
                            uint32_t *restrict counts)
{
    for (int64_t slot = 0; slot < n_slots; slot++)
        counts[slot] += bytes[slot];
    memset(bytes, 0, (size_t)n_slots);
}

static int64_t count_slots(const struct numeric_bins *bins)
{
    return bins->n_bins + NUMERIC_EXTRA_SLOTS;
}

void numeric_histogram_weigh(const struct numeric_isa *isa,
                             const struct numeric_bins *bins,
                             const double *x,
                             const double *weights,
                             int64_t n,
                             double *sums)
{
    struct walk walk;

    memset(sums, 0, (size_t)count_slots(bins) * sizeof *sums);
    walk_start(&walk, isa, bins, NUMERIC_DOUBLE, x, n);
    while (walk_on(&walk))
        for (int64_t i = 0; i < walk.n_found; i++) {
            double *sum = &sums[walk.slots[i]];
            *sum = numeric_canonical(*sum + weights[walk.first + i]);
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

void numeric_histogram_weigh_dd(const struct numeric_isa *isa,
                                const struct numeric_bins *bins,
                                const double *x,
                                const double *weights,
                                int64_t n,
                                struct numeric_weight *sums)
{
    struct walk walk;

    memset(sums, 0, (size_t)count_slots(bins) * sizeof *sums);
    walk_start(&walk, isa, bins, NUMERIC_DOUBLE, x, n);
    while (walk_on(&walk))
        for (int64_t i = 0; i < walk.n_found; i++) {
            struct numeric_weight *sum = &sums[walk.slots[i]];
            numeric_pair_add(&sum->high, &sum->low, weights[walk.first + i], 0);
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

void numeric_histogram_weigh_sure(const struct numeric_isa *isa,
                                  const struct numeric_bins *bins,
                                  const double *x,
                                  const double *weights,
                                  int64_t n,
                                  struct numeric_sure *sums)
{
    struct walk walk;

    walk_start(&walk, isa, bins, NUMERIC_DOUBLE, x, n);
    while (walk_on(&walk))
        for (int64_t i = 0; i < walk.n_found; i++)
            numeric_sure_add(&sums[walk.slots[i]], weights[walk.first + i]);
}

void numeric_histogram_weigh_exact(const struct numeric_isa *isa,
                                   const struct numeric_bins *bins,
                                   const double *x,
                                   const double *weights,
                                   int64_t n,
                                   const struct numeric_chosen *chosen)
{
    struct walk walk;

    walk_start(&walk, isa, bins, NUMERIC_DOUBLE, x, n);
    while (walk_on(&walk))
        for (int64_t i = 0; i < walk.n_found; i++) {
            uint32_t number = chosen->numbers[walk.slots[i]] - chosen->first;

            if (chosen->numbers[walk.slots[i]] != 0 && number < chosen->n_sums)
                numeric_exact_add_number(&chosen->sums[number],
                                         weights[walk.first + i]);
        }
}
