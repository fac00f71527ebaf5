/* seeds: 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "support/check_main.h"
#include "support/sim_job.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * NIST's Statistical Reference Datasets, univariate: mean and standard deviation
 * against the certified values (itl.nist.gov/div898/strd/univ/homepage.html). What was
 * measured is in files (tests/strd), NumAcc1 to 4 are built by their rule.
 *
 * A result's accuracy is the log relative error, -log10 |x - c| / |c|: about the number
 * of right digits. The certified values have 15.
 */

enum { MOST = 5000 };

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
    int (*fill)(double *x); /* NULL: there is a file */
    int n;
    double mean, deviation;
    double digits[2]; /* of mean and deviation, that double precision allows */
} sets[] = {
    {"Lew", NULL, 200, -177.435000000000, 277.332168044316, {14.5, 14.5}},
    {"Lottery", NULL, 218, 518.958715596330, 291.699727470969, {14.5, 14.5}},
    {"PiDigits", NULL, 5000, 4.53480000000000, 2.86733906028871, {14.5, 14.5}},
    /* What spreads little is changed when it is read: 1e-16 of 2 in 4e-4. */
    {"Mavro", NULL, 50, 2.00185600000000, 0.000429123454003053, {14.5, 13}},
    {"Michelso", NULL, 100, 299.852400000000, 0.0790105478190518, {14.5, 13}},
    {"NumAcc1", fill_numacc1, 3, 10000002, 1, {15, 15}},
    {"NumAcc2", fill_numacc2, 1001, 1.2, 0.1, {14.5, 14.5}},
    {"NumAcc3", fill_numacc3, 1001, 1000000.2, 0.1, {14.5, 9}},
    {"NumAcc4", fill_numacc4, 1001, 10000000.2, 0.1, {14.5, 8}},
};

static int fill_from_file(const char *name, double *x)
{
    const char *source = getenv("TROUPE_SOURCE_DIR");
    char path[500];
    FILE *file;
    int n = 0;

    snprintf(path, sizeof path, "%s/tests/strd/%s.csv", source ? source : ".", name);
    file = fopen(path, "r");
    ck_assert_msg(file, "no file %s; TROUPE_SOURCE_DIR?", path);
    while (n < MOST && fscanf(file, "%lf", &x[n]) == 1)
        n++;
    fclose(file);
    return n;
}

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
        n_data = sets[i].fill ? sets[i].fill(data) : fill_from_file(sets[i].name, data);
        ck_assert_int_eq(n_data, sets[i].n);
        for (int n_ranks = 1; n_ranks <= 3; n_ranks++) {
            ck_assert_int_eq(sim_job_once(&program, n_ranks, 1), 0);
            for (int level = 0; level < 3; level++)
                check_set(i, level);
        }
    }
}
END_TEST

CHECK_MAIN("kernel strd", certified_digits_are_reached)
