/* seeds: 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "support/check_main.h"
#include "support/sim_job.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * NIST's Statistical Reference Datasets, univariate: mean and standard deviation
 * against the certified values (itl.nist.gov/div898/strd/univ/homepage.html). Data sets
 * that are defined by a rule or are published figures of their own: Michelson's speeds
 * of light of 1879, the digits of pi, and NumAcc1 to 4.
 *
 * A result's accuracy is the log relative error, -log10 |x - c| / |c|: about the number
 * of right digits. The certified values have 15.
 */

enum { MOST = 1001 };

/* Speed of light in km/s less 299000: A. A. Michelson, 1879, five series of 20. */
static const int16_t speeds[] = {
    850, 740,  900,  1070, 930, 850, 950, 980, 980, 880, 1000, 980, 930, 650, 760,
    810, 1000, 1000, 960,  960, 960, 940, 960, 940, 880, 800,  850, 880, 900, 840,
    830, 790,  810,  880,  880, 830, 800, 790, 760, 800, 880,  880, 880, 860, 720,
    720, 620,  860,  970,  950, 880, 910, 850, 870, 840, 840,  850, 840, 840, 840,
    890, 810,  810,  820,  800, 770, 760, 740, 750, 760, 910,  920, 890, 860, 880,
    720, 840,  850,  850,  780, 890, 840, 780, 810, 760, 810,  790, 810, 820, 850,
    870, 870,  810,  740,  810, 940, 950, 800, 810, 870};

static int fill_michelson(double *x)
{
    for (size_t i = 0; i < ARRAY_LENGTH(speeds); i++)
        x[i] = (double)(29900000 + speeds[i] * 100) / 100000;
    return ARRAY_LENGTH(speeds);
}

static int fill_numacc1(double *x)
{
    x[0] = 10000001;
    x[1] = 10000003;
    x[2] = 10000002;
    return 3;
}

/* One number, then 500 times a tenth less and a tenth more; digits as they are written.
 */
static int fill_around(double *x, int base)
{
    char text[40];

    for (int i = 0; i < 1001; i++) {
        snprintf(text, sizeof text, "%d.%d", base, i == 0 ? 2 : i % 2 ? 1 : 3);
        sscanf(text, "%lf", &x[i]);
    }
    return 1001;
}

static int fill_numacc2(double *x)
{
    return fill_around(x, 1);
}

static int fill_numacc3(double *x)
{
    return fill_around(x, 1000000);
}

static int fill_numacc4(double *x)
{
    return fill_around(x, 10000000);
}

static const struct {
    const char *name;
    int (*fill)(double *x);
    double mean, deviation;
    double digits[2]; /* of mean and deviation, that double precision allows */
} sets[] = {
    {"Michelso", fill_michelson, 299.852400000000, 0.0790105478190518, {14, 12}},
    {"NumAcc1", fill_numacc1, 10000002, 1, {15, 15}},
    {"NumAcc2", fill_numacc2, 1.2, 0.1, {14, 14}},
    /* The last digits of the data are lost when they are read: 1e-10 of 1e6. */
    {"NumAcc3", fill_numacc3, 1000000.2, 0.1, {14, 9}},
    {"NumAcc4", fill_numacc4, 10000000.2, 0.1, {14, 8}},
};

static double data[MOST];
static int n_data;
static troupe_moments found[3];

static troupe_status body(troupe_actor *self)
{
    const troupe_how how[] = {TROUPE_TREE, TROUPE_TREE_DD, TROUPE_EXACT};
    const troupe_array_options shape = {
        .element = TROUPE_DOUBLE, .length = n_data, .block_length = 256};
    troupe_array_part part;
    troupe_array x;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &shape, &x));
    part = troupe_array_mine(self, x);
    if (part.n_elements > 0)
        memcpy(part.data, data + part.first, (size_t)part.n_elements * sizeof *data);
    for (int i = 0; i < 3; i++)
        TROUPE_TRY(troupe_moments_of(self, x, how[i], &found[i]));
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static double right_digits(double value, double certified)
{
    double error = fabs(value - certified) / fabs(certified);

    return error == 0 ? 15 : fmin(15, -log10(error));
}

static void check_set(size_t i, int level)
{
    double deviation = sqrt(found[level].squares / (n_data - 1));
    double mean_digits = right_digits(found[level].mean, sets[i].mean);
    double deviation_digits = right_digits(deviation, sets[i].deviation);

    ck_assert_msg(mean_digits >= sets[i].digits[0],
                  "%s, level %d: mean %.17g, %.1f digits", sets[i].name, level,
                  found[level].mean, mean_digits);
    ck_assert_msg(deviation_digits >= sets[i].digits[1],
                  "%s, level %d: deviation %.17g, %.1f digits", sets[i].name, level,
                  deviation, deviation_digits);
}

START_TEST(certified_digits_are_reached)
{
    static const troupe_program program = {.main = &main_process};

    for (size_t i = 0; i < ARRAY_LENGTH(sets); i++) {
        n_data = sets[i].fill(data);
        for (int n_ranks = 1; n_ranks <= 3; n_ranks++) {
            ck_assert_int_eq(sim_job_once(&program, n_ranks, 1), 0);
            for (int level = 0; level < 3; level++)
                check_set(i, level);
        }
    }
}
END_TEST

CHECK_MAIN("kernel strd", certified_digits_are_reached)
