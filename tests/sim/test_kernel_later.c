/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/test_kernel_functions.h"
#include "numeric/isa.h"
#include "support/check_main.h"
#include "support/cuts.h"
#include "support/scene.h"
#include <stdlib.h>

/*
 * Every operation called, and started with another one under way: the same bits, and
 * the same said of what they were made by.
 */

enum { N_RANKS = 3, LENGTH = 1500, BLOCK = 64, N_BLOCKS = 24, N_BINS = 12 };
enum { N_PLACES = N_BINS + TROUPE_BINS_EXTRA };

static struct {
    int n_done;
} seen;

/* What an operation works on, and where its results go. */
struct stage {
    troupe_array x, y, to, along, whole, heads, spread;
    troupe_array made[2];
    troupe_matrix matrix;
    struct {
        double real, sums[N_PLACES];
        int64_t integer;
        uint64_t counts[N_PLACES];
        troupe_moments moments;
        troupe_extreme extreme;
        troupe_number number;
        struct line line;
    } results;
};

/* ---- stages ---------------------------------------------------------------------- */

static troupe_array make(troupe_actor *self, enum troupe_element element)
{
    struct base_random random = {scene_seed()};
    int64_t cuts[N_RANKS + 1];
    const troupe_array_options shape = {
        .element = element, .length = LENGTH, .block_length = BLOCK, .cuts = cuts};
    troupe_array array;

    cuts_draw(&random, N_RANKS, N_BLOCKS, cuts);
    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &shape, &array));
    return array;
}

static troupe_array make_reals(troupe_actor *self, uint64_t tag)
{
    troupe_array array = make(self, TROUPE_DOUBLE);
    troupe_array_part part = troupe_array_mine(self, array);

    for (int64_t i = 0; i < part.n_elements; i++)
        ((double *)part.data)[i] =
            (double)(mix(mix((uint64_t)(part.first + i)) + tag) >> 11) * 0x1p-52 - 1;
    return array;
}

static int give_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    (void)argument;
    columns[0] = row;
    values[0] = (double)row + 0.1;
    columns[1] = row * 7 % LENGTH;
    values[1] = 0.3;
    return columns[1] == row ? 1 : 2;
}
TROUPE_ROW_KERNEL(row_kernel, give_row);

static void stage_begin(troupe_actor *self, struct stage *stage)
{
    const troupe_array_options places = {.element = TROUPE_UINT64, .length = N_PLACES};
    troupe_matrix_options square = {.n_rows = LENGTH, .block_length = BLOCK};
    troupe_array_part part;

    memset(stage, 0, sizeof *stage);
    stage->x = make_reals(self, 1);
    stage->y = make_reals(self, 2);
    stage->to = make(self, TROUPE_DOUBLE);
    stage->along = make_reals(self, 3);
    stage->whole = make(self, TROUPE_INT64);
    stage->heads = make(self, TROUPE_UINT8);
    part = troupe_array_mine(self, stage->whole);
    for (int64_t i = 0; i < part.n_elements; i++) {
        ((int64_t *)part.data)[i] = (part.first + i) * 37 % 1001 - 500;
        ((unsigned char *)troupe_array_mine(self, stage->heads).data)[i] =
            (part.first + i) % 45 == 7;
    }
    EXPECT_OK(
        troupe_array_create(self, troupe_rank_team(self), &places, &stage->spread));
    square.cuts = troupe_array_describe(self, stage->x).cuts;
    EXPECT_OK(troupe_matrix_generate(self, troupe_rank_team(self), &square, 2,
                                     &row_kernel, NULL, &stage->matrix, NULL));
}

/* The hash of all there is then. */
static uint64_t stage_end(troupe_actor *self, struct stage *stage)
{
    troupe_array *const arrays[] = {&stage->x,      &stage->y,       &stage->to,
                                    &stage->along,  &stage->whole,   &stage->heads,
                                    &stage->spread, &stage->made[0], &stage->made[1]};
    const unsigned char *bytes = (const unsigned char *)&stage->results;
    uint64_t hash = 0;

    for (size_t i = 0; i < sizeof stage->results; i++)
        hash = mix(hash + bytes[i]);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (!arrays[i]->bits)
            continue;
        hash = mix(hash + hash_of_array(self, *arrays[i]));
        troupe_array_destroy(self, arrays[i]);
    }
    troupe_matrix_destroy(self, &stage->matrix);
    return hash;
}

/* ---- operations ------------------------------------------------------------------ */

static const troupe_bins bins = {-1, 1, N_BINS};
static const troupe_random drawn = {5, 6};

#define OPERATION(name_, ...)                                                          \
    static troupe_status do_##name_(troupe_actor *self, struct stage *on,              \
                                    troupe_how how)                                    \
    {                                                                                  \
        return troupe_##name_(self, __VA_ARGS__);                                      \
    }
OPERATION(sum, on->x, how, &on->results.real)
OPERATION(sum_integers, on->whole, how, &on->results.integer)
OPERATION(dot, on->x, on->y, how, &on->results.real)
OPERATION(norm, on->x, how, &on->results.real)
OPERATION(moments_of, on->x, how, &on->results.moments)
OPERATION(min, on->x, how, &on->results.extreme)
OPERATION(max, on->x, how, &on->results.extreme)
OPERATION(scan, on->x, on->to, TROUPE_SUM, how)
OPERATION(scan_exclusive, on->x, on->to, TROUPE_SUM, how)
OPERATION(reduce_segments, on->x, on->heads, TROUPE_SUM, how, on->made)
OPERATION(extremes_of_segments, on->x, on->heads, TROUPE_MIN, how, on->made)
OPERATION(histogram, on->x, bins, how, on->results.counts)
OPERATION(histogram_spread, on->x, bins, how, on->spread)
OPERATION(histogram_weighted, on->x, on->y, bins, how, on->results.sums)
OPERATION(fill_uniform, on->to, drawn, how)
OPERATION(fill_normal, on->to, drawn, how)
OPERATION(fill_integers, on->whole, drawn, -7, 7, how)
OPERATION(sort, on->x, &(troupe_arrays){.out = {on->along}}, how)
OPERATION(kth, on->x, LENGTH / 3, how, &on->results.number)
OPERATION(
    filter, &some_filter, &(troupe_arrays){.in = {on->x, on->y}}, NULL, how, on->made)
OPERATION(map,
          &triad_kernel,
          &(troupe_arrays){.in = {on->x, on->y}, .out = {on->to}},
          NULL,
          how)
OPERATION(reduce_blocks,
          &chain_kernel,
          &(troupe_arrays){.in = {on->x}},
          NULL,
          how,
          &on->results.line)
OPERATION(matrix_diagonal, on->matrix, on->to, how)
OPERATION(multiply, on->matrix, on->x, on->to, how)
OPERATION(multiply_dot, on->matrix, on->x, on->to, how, &on->results.real)

#define ROW(name_)                                                                     \
    {                                                                                  \
        "troupe_" #name_, do_##name_                                                   \
    }
static const struct {
    const char *name;
    troupe_status (*call)(troupe_actor *self, struct stage *on, troupe_how how);
} operations[] = {
    ROW(sum),
    ROW(sum_integers),
    ROW(dot),
    ROW(norm),
    ROW(moments_of),
    ROW(min),
    ROW(max),
    ROW(scan),
    ROW(scan_exclusive),
    ROW(reduce_segments),
    ROW(extremes_of_segments),
    ROW(histogram),
    ROW(histogram_spread),
    ROW(histogram_weighted),
    ROW(fill_uniform),
    ROW(fill_normal),
    ROW(fill_integers),
    ROW(sort),
    ROW(kth),
    ROW(filter),
    ROW(map),
    ROW(reduce_blocks),
    ROW(matrix_diagonal),
    ROW(multiply),
    ROW(multiply_dot),
};
enum { N_OPERATIONS = sizeof operations / sizeof *operations };

/* ---- called and started ---------------------------------------------------------- */

static const char *isa_name(void)
{
    return numeric_isa_choose(getenv("TROUPE_ISA"))->name;
}

static void expect_provenance(const troupe_provenance *found,
                              const char *operation,
                              const char *level)
{
    EXPECT(strcmp(found->operation, operation) == 0);
    EXPECT(strcmp(found->level, level) == 0);
    EXPECT(found->expression && found->expression[0]);
    EXPECT(strcmp(found->isa, isa_name()) == 0);
    EXPECT_INT(found->length, LENGTH);
    EXPECT_INT(found->block_length, BLOCK);
}

static uint64_t call(troupe_actor *self, int i)
{
    troupe_provenance provenance = {.length = -1};
    struct stage stage;

    stage_begin(self, &stage);
    EXPECT_OK(operations[i].call(
        self, &stage,
        (troupe_how){.level = TROUPE_LEVEL_TREE, .provenance = &provenance}));
    expect_provenance(&provenance, operations[i].name, "TREE");
    return stage_end(self, &stage);
}

/* Both are under way when the first is waited for. */
static void start_two(troupe_actor *self, const int *which, const uint64_t *hashes)
{
    struct stage stages[2];
    troupe_provenance provenances[2] = {{.length = -1}, {.length = -1}};
    troupe_task tasks[2];

    for (int k = 0; k < 2; k++)
        stage_begin(self, &stages[k]);
    for (int k = 0; k < 2; k++) {
        troupe_how how = {.provenance = &provenances[k]};

        EXPECT_OK(
            operations[which[k]].call(self, &stages[k], troupe_later(how, &tasks[k])));
    }
    for (int k = 0; k < 2; k++) {
        EXPECT_STATUS(troupe_task_test(self, &tasks[k]), TROUPE_PENDING);
        EXPECT_INT(provenances[k].length, -1);
    }
    for (int k = 1; k >= 0; k--)
        EXPECT_OK(troupe_task_wait(self, &tasks[k]));
    for (int k = 0; k < 2; k++) {
        const char *name = operations[which[k]].name;

        expect_provenance(&provenances[k], name, "TREE");
        if (stage_end(self, &stages[k]) != hashes[which[k]])
            scene_fail(__FILE__, __LINE__, "%s has other bits when it is started",
                       name);
    }
}

static troupe_status body(troupe_actor *self)
{
    int step = 1 + (int)(scene_seed() % (N_OPERATIONS - 1));
    uint64_t hashes[N_OPERATIONS];

    for (int i = 0; i < N_OPERATIONS; i++)
        hashes[i] = call(self, i);
    for (int i = 0; i < N_OPERATIONS; i++)
        start_two(self, (int[]){i, (i + step) % N_OPERATIONS}, hashes);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

/* ---- levels ---------------------------------------------------------------------- */

/* They depend on what is combined. */
static void
expect_words_of_segments(troupe_actor *self, troupe_array x, troupe_array whole)
{
    const struct {
        troupe_array x;
        enum troupe_combine combine;
        const char *expression;
    } cases[] = {{x, TROUPE_SUM, "each rounded once"},
                 {whole, TROUPE_SUM, "any order"},
                 {x, TROUPE_MIN, "IEEE 754-2019"},
                 {whole, TROUPE_MAX, "IEEE 754-2019"}};
    troupe_array heads = make(self, TROUPE_UINT8), made;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        troupe_provenance provenance = {.length = -1};
        const troupe_how how = {.level = TROUPE_LEVEL_EXACT, .provenance = &provenance};

        EXPECT_OK(troupe_reduce_segments(self, cases[i].x, heads, cases[i].combine, how,
                                         &made));
        expect_provenance(&provenance, "troupe_reduce_segments", "EXACT");
        EXPECT(strcmp(provenance.expression, cases[i].expression) == 0);
        troupe_array_destroy(self, &made);
    }
    troupe_array_destroy(self, &heads);
}

/* The words are kept beside results: they are not to change. */
static troupe_status levels_body(troupe_actor *self)
{
    static const char *const levels[][2] = {
        {"TREE", "expression 1: tree over rows of 16"},
        {"TREE_DD", "expression 1, twice the precision"},
        {"EXACT", "rounded once"},
        {"FAST", "any order"}};
    troupe_array x = make_reals(self, 1), whole = make(self, TROUPE_INT64);
    troupe_provenance provenance = {.length = -1};
    double sum;

    EXPECT_STATUS(
        troupe_sum(self, whole, (troupe_how){.provenance = &provenance}, &sum),
        TROUPE_INVALID);
    EXPECT(provenance.length == -1 && !provenance.operation); /* nothing was made */
    for (int i = 0; i < 4; i++) {
        EXPECT_OK(troupe_sum(
            self, x,
            (troupe_how){.level = (enum troupe_level)i, .provenance = &provenance},
            &sum));
        expect_provenance(&provenance, "troupe_sum", levels[i][0]);
        EXPECT(strcmp(provenance.expression, levels[i][1]) == 0);
    }
    expect_words_of_segments(self, x, whole);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(levels_process, levels_body);

/* ---- tests ----------------------------------------------------------------------- */

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, N_RANKS);
}

static void play(const troupe_behavior *main)
{
    scene_play(&(struct scene){.main = main,
                               .n_ranks = N_RANKS,
                               .is_exact = true,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}

START_TEST(what_is_started_has_the_same_bits)
{
    play(&main_process);
}
END_TEST

START_TEST(results_say_what_they_were_made_by)
{
    setenv("TROUPE_ISA", "baseline", 1);
    play(&levels_process);
    unsetenv("TROUPE_ISA");
    play(&levels_process);
}
END_TEST

CHECK_MAIN("kernel later",
           what_is_started_has_the_same_bits,
           results_say_what_they_were_made_by)
