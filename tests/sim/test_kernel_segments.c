/* seeds: 80 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "base/random.h"
#include "numeric/dd.h"
#include "support/cuts.h"
#include "support/sim_job.h"
#include "test_kernel_levels.h"
#include "test_kernel_numbers.h"
#include "unit/numeric/data.h"
#include <stdlib.h>
#include <string.h>

/*
 * Segments on any number of ranks with any cut and instruction set: segments of one
 * element, of all, and between, and far longer than what a thread does at a time. Sums
 * of reals at TREE and TREE_DD against the tree of pairs of a segment's elements, whose
 * high part is TREE's value; at EXACT against an accumulator, which unit tests hold
 * against MPFR, and with elements in another order. Sums and extremes of all kinds of
 * elements against plain loops.
 */

enum { MOST = 150000, MOST_RANKS = 8, TURNED = N_LEVELS, N_SUMS };
enum { MOST_SHORT = 30000, MOST_RANKS_OF_LONG = 4 };

/* What is asked of the second array, of any element. */
enum { LEAST = N_LEVELS, GREATEST, LEAST_PLACED, GREATEST_PLACED, N_ASKED };
enum { N_PLACED = N_ASKED - LEAST_PLACED };

/* All ranks live in this process. */
static struct {
    uint64_t seed;
    int64_t n, block, n_segments;
    double x[MOST], turned[MOST]; /* each segment from its end */
    unsigned char heads[MOST];
    int64_t starts[MOST + 1];
    int64_t n_sums[N_SUMS];
    double sums[N_SUMS][MOST];

    enum troupe_element element; /* of the second array */
    uint64_t items[MOST];        /* an element's bytes come first */
    bool has_odd;                /* integers whose sums do not fit, or do in the end */
    troupe_status statuses[MOST_RANKS][N_ASKED];
    int64_t n_found[N_ASKED];
    troupe_number found[N_ASKED][MOST];
    int64_t places[N_PLACED][MOST];
    int n_odd_elements, n_done;
} now;

/* ---- the job --------------------------------------------------------------------- */

static troupe_status make(troupe_actor *self,
                          const int64_t *cuts,
                          enum troupe_element element,
                          const void *all,
                          size_t stride_bytes,
                          troupe_array *array)
{
    const troupe_array_options options = {
        .element = element, .length = now.n, .block_length = now.block, .cuts = cuts};
    size_t n_bytes = troupe_element_bytes(element);
    troupe_array_part part;

    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &options, array));
    part = troupe_array_mine(self, *array);
    for (int64_t i = 0; i < part.n_elements; i++)
        memcpy((char *)part.data + (size_t)i * n_bytes,
               (const char *)all + (size_t)(part.first + i) * stride_bytes, n_bytes);
    return TROUPE_OK;
}

/* Takes a made array away; its length. */
static int64_t
take(troupe_actor *self, troupe_array *made, enum troupe_element element, void *all)
{
    int64_t length = troupe_array_describe(self, *made).length;
    troupe_array_part part = troupe_array_mine(self, *made);

    now.n_odd_elements += troupe_array_describe(self, *made).element != element;
    if (part.n_elements > 0)
        memcpy((char *)all + (size_t)part.first * 8, part.data,
               (size_t)part.n_elements * 8);
    troupe_array_destroy(self, made);
    return length;
}

static bool is_later(void)
{
    return now.seed & 1;
}

static troupe_status
sum(troupe_actor *self, troupe_array x, troupe_array heads, int which)
{
    troupe_how how = which == TURNED ? TROUPE_EXACT : levels[which];
    troupe_array sums;
    troupe_task task;

    if (is_later())
        how = troupe_later(how, &task);
    TROUPE_TRY(troupe_reduce_segments(self, x, heads, TROUPE_SUM, how, &sums));
    if (is_later())
        TROUPE_TRY(troupe_task_wait(self, &task));
    now.n_sums[which] = take(self, &sums, TROUPE_DOUBLE, now.sums[which]);
    return TROUPE_OK;
}

static enum troupe_combine combine_of(int asked)
{
    return asked < LEAST                             ? TROUPE_SUM
           : asked == LEAST || asked == LEAST_PLACED ? TROUPE_MIN
                                                     : TROUPE_MAX;
}

static void ask(troupe_actor *self, troupe_array x, troupe_array heads, int asked)
{
    troupe_how how = levels[asked < LEAST ? asked : (int)(now.seed % N_LEVELS)];
    troupe_status *status = &now.statuses[troupe_rank(self)][asked];
    static const enum troupe_element results[] = {TROUPE_DOUBLE, TROUPE_INT64,
                                                  TROUPE_UINT64};
    enum troupe_element wanted = results[family_of(now.element)];
    troupe_array made[2] = {{0}, {0}};
    troupe_task task;

    if (is_later())
        how = troupe_later(how, &task);
    if (asked < LEAST_PLACED)
        *status =
            troupe_reduce_segments(self, x, heads, combine_of(asked), how, &made[0]);
    else
        *status =
            troupe_extremes_of_segments(self, x, heads, combine_of(asked), how, made);
    if (is_later() && *status == TROUPE_OK)
        *status = troupe_task_wait(self, &task);
    if (made[0].bits)
        now.n_found[asked] = take(self, &made[0], wanted, now.found[asked]);
    if (made[1].bits)
        (void)take(self, &made[1], TROUPE_INT64, now.places[asked - LEAST_PLACED]);
}

static troupe_status body(troupe_actor *self)
{
    struct base_random random = {now.seed + 3};
    int64_t cuts[MOST_RANKS + 1];
    troupe_array x, turned, heads, other;

    cuts_draw(&random, troupe_n_ranks(self), (now.n + now.block - 1) / now.block, cuts);
    TROUPE_TRY(make(self, cuts, TROUPE_DOUBLE, now.x, 8, &x));
    TROUPE_TRY(make(self, cuts, TROUPE_DOUBLE, now.turned, 8, &turned));
    TROUPE_TRY(make(self, cuts, TROUPE_UINT8, now.heads, 1, &heads));
    TROUPE_TRY(make(self, cuts, now.element, now.items, 8, &other));
    for (int which = 0; which < N_SUMS; which++)
        TROUPE_TRY(sum(self, which == TURNED ? turned : x, heads, which));
    for (int asked = 0; asked < N_ASKED; asked++)
        ask(self, other, heads, asked);
    now.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

static const troupe_program program = {.main = &main_process};

/* ---- numbers --------------------------------------------------------------------- */

static void draw_shape(struct base_random *random)
{
    static const int64_t awkward[] = {0,  1,  2,    15,   16,   17,
                                      64, 65, 4095, 4096, 4097, 20011};

    now.n = base_random_below(random, 2)
                ? awkward[base_random_below(random, ARRAY_LENGTH(awkward))]
                : base_random_below(random, MOST_SHORT);
    now.block = 16 * (int64_t)(1 + base_random_below(
                                       random, base_random_below(random, 2) ? 3 : 300));
}

/* Blocks of up to 16384, so that heads on them are apart. */
static void draw_long_shape(struct base_random *random)
{
    now.n = MOST - (int64_t)base_random_below(random, 5000);
    now.block = INT64_C(16) << base_random_below(random, 11);
}

/* About one head in so many elements, or blocks; 0: none is said. */
static void draw_heads(struct base_random *random, bool are_long)
{
    static const uint32_t every[] = {0, 0, 1, 2, 20, 100, 3000};
    static const uint32_t every_of_long[] = {0, 0, 4, 50000};
    uint32_t in = are_long ? every_of_long[base_random_below(random, 4)]
                           : every[base_random_below(random, ARRAY_LENGTH(every))];
    int64_t step = base_random_below(random, 4) ? 1 : now.block;

    for (int64_t i = 0; i < now.n; i++) {
        if (in > 0 && i % step == 0 && base_random_below(random, in) == 0)
            now.heads[i] = (unsigned char)(1 + base_random_below(random, 255));
        if (i == 0 || now.heads[i])
            now.starts[now.n_segments++] = i;
    }
    now.starts[now.n_segments] = now.n;
}

static void draw_numbers(struct base_random *random)
{
    static const double odd[] = {INFINITY, -INFINITY, NAN, -0.0, 0.0};
    int n_odd = base_random_below(random, 3) ? 0 : (int)base_random_below(random, 20);

    data_fill(now.x, now.n, (enum data_kind)(now.seed % DATA_N_KINDS), random);
    if (base_random_below(random, 5) == 0)
        for (int64_t i = 0; i < now.n / 2; i++)
            now.x[i] = -0.0;
    for (int i = 0; i < n_odd && now.n > 0; i++)
        now.x[base_random_below(random, (uint32_t)now.n)] =
            odd[base_random_below(random, ARRAY_LENGTH(odd))];
    for (int64_t segment = 0; segment < now.n_segments; segment++)
        for (int64_t i = now.starts[segment], end = now.starts[segment + 1], k = end;
             i < end; i++)
            now.turned[--k] = now.x[i];
}

/* Few large integers, which often leave each other's sums where they fit. */
static uint64_t draw_integer(struct base_random *random, size_t n_bytes)
{
    uint64_t bits = base_random_next(random);

    if (n_bytes < 8)
        return bits >> (64 - 8 * n_bytes);
    if (!now.has_odd || base_random_below(random, 50))
        return now.element == TROUPE_INT64 ? (uint64_t)((int64_t)bits >> 30)
                                           : bits >> 30;
    return bits & 1 ? (uint64_t)INT64_MAX : (uint64_t)INT64_MIN + 1;
}

static void draw_items(struct base_random *random)
{
    now.has_odd = base_random_below(random, 2);
    for (int64_t i = 0; i < now.n; i++) {
        float narrow = (float)now.x[i];

        if (now.element == TROUPE_DOUBLE)
            memcpy(&now.items[i], &now.x[i], sizeof now.x[i]);
        else if (now.element == TROUPE_FLOAT)
            memcpy(&now.items[i], &narrow, sizeof narrow);
        else
            now.items[i] = draw_integer(random, troupe_element_bytes(now.element));
    }
}

static void draw_rest(struct base_random *random)
{
    const struct numeric_isa *list[4];
    int n_listed = numeric_isa_list(list);

    draw_numbers(random);
    draw_items(random);
    setenv("TROUPE_ISA", list[base_random_below(random, (uint32_t)n_listed)]->name, 1);
    setenv("TROUPE_CHECK", now.seed % 7 == 0 ? "1" : "0", 1);
}

static void begin(uint64_t seed, int n_ranks)
{
    struct base_random random = {seed * 57};

    (void)n_ranks;
    memset(&now, 0, sizeof now);
    now.seed = seed;
    draw_shape(&random);
    draw_heads(&random, false);
    now.element = (enum troupe_element)base_random_below(&random, TROUPE_BYTES);
    draw_rest(&random);
}

/* Each kind of element in turn. */
static void begin_long(uint64_t seed, int n_ranks)
{
    struct base_random random = {seed * 57};

    (void)n_ranks;
    memset(&now, 0, sizeof now);
    now.seed = seed;
    draw_long_shape(&random);
    draw_heads(&random, true);
    now.element = (enum troupe_element)(seed % TROUPE_BYTES);
    draw_rest(&random);
}

/* ---- what is right --------------------------------------------------------------- */

static struct numeric_dd tree(const double *x, int64_t n)
{
    int64_t half = 1;

    while (2 * half < n)
        half *= 2;
    return n == 1 ? (struct numeric_dd){*x, 0}
                  : numeric_dd_add(tree(x, half), tree(x + half, n - half));
}

static double exactly(const double *x, int64_t n)
{
    struct numeric_exact exact;

    numeric_exact_init(&exact);
    for (int64_t i = 0; i < n; i++)
        add_exactly(&exact, x[i]);
    return numeric_exact_round(&exact);
}

static const char *check_segment(int64_t segment)
{
    const double *x = now.x + now.starts[segment];
    int64_t n = now.starts[segment + 1] - now.starts[segment];
    struct numeric_dd sum = tree(x, n);
    double exact = exactly(x, n);

    if (!is_same(now.sums[TROUPE_LEVEL_TREE][segment], sum.high))
        return "a sum by the tree is wrong";
    if (!is_same(now.sums[TROUPE_LEVEL_TREE_DD][segment], numeric_dd_finish(sum)))
        return "a sum by the tree in twice the precision is wrong";
    if (!is_same(now.sums[TROUPE_LEVEL_EXACT][segment], exact))
        return "an exact sum is wrong";
    if (!is_same(now.sums[TURNED][segment], exact))
        return "an exact sum depends on the order";
    if (now.seed % DATA_N_KINDS == DATA_CANCELLING)
        for (int level = 0; level < N_LEVELS; level++)
            add_error(level, now.sums[level][segment], exact);
    return NULL;
}

/* ---- and of any element ---------------------------------------------------------- */

static troupe_number item(int64_t i)
{
    return number_of(now.element, now.items[i]);
}

/* False: it does not fit. */
static bool add_integers(int64_t segment, troupe_number *number)
{
    bool has_sign = family_of(now.element) == SIGNED;
    numeric_wide sum = 0;

    for (int64_t i = now.starts[segment]; i < now.starts[segment + 1]; i++)
        sum += has_sign ? (numeric_wide)item(i).integer : (numeric_wide)item(i).natural;
    number->natural = (uint64_t)sum;
    return has_sign ? sum >= INT64_MIN && sum <= INT64_MAX : sum <= UINT64_MAX;
}

static bool do_sums_fit(void)
{
    troupe_number number;
    bool fit = true;

    if (family_of(now.element) != REAL)
        for (int64_t i = 0; i < now.n_segments; i++)
            fit &= add_integers(i, &number);
    return fit;
}

static const char *check_other_sum(int64_t segment)
{
    static double reals[MOST];
    int64_t begin = now.starts[segment], n = now.starts[segment + 1] - begin;
    troupe_number wanted[N_LEVELS];

    for (int64_t i = 0; i < n; i++)
        reals[i] = item(begin + i).real;
    if (family_of(now.element) == REAL) {
        wanted[TROUPE_LEVEL_TREE].real = numeric_canonical(tree(reals, n).high);
        wanted[TROUPE_LEVEL_TREE_DD].real =
            numeric_canonical(numeric_dd_finish(tree(reals, n)));
        wanted[TROUPE_LEVEL_EXACT].real = numeric_canonical(exactly(reals, n));
    } else {
        (void)add_integers(segment, &wanted[0]);
        wanted[2] = wanted[1] = wanted[0];
    }
    for (int level = 0; level < N_LEVELS; level++)
        if (now.found[level][segment].natural != wanted[level].natural)
            return "a sum of other elements is wrong";
    return NULL;
}

/* -0 < 0, and a NaN comes before every number. */
static bool comes_before(troupe_number a, troupe_number b, bool is_greatest)
{
    enum family family = family_of(now.element);
    int order = compare(family, a, b);

    if (family == REAL && (a.real != a.real || b.real != b.real))
        return b.real == b.real;
    if (family == REAL && order == 0)
        order = !!signbit(b.real) - !!signbit(a.real);
    return is_greatest ? order > 0 : order < 0;
}

static const char *check_extreme(int64_t segment, bool is_greatest)
{
    int64_t best = now.starts[segment];
    troupe_number wanted;

    for (int64_t i = best + 1; i < now.starts[segment + 1]; i++)
        if (comes_before(item(i), item(best), is_greatest))
            best = i;
    wanted = item(best);
    if (family_of(now.element) == REAL)
        wanted.real = numeric_canonical(wanted.real);
    if (now.found[LEAST + is_greatest][segment].natural != wanted.natural)
        return "a least or greatest element is wrong";
    if (now.found[LEAST_PLACED + is_greatest][segment].natural != wanted.natural)
        return "a least or greatest element with its place is wrong";
    if (now.places[is_greatest][segment] != best)
        return "a least or greatest element stands elsewhere";
    return NULL;
}

static const char *check_answers(int n_ranks, bool do_fit)
{
    for (int asked = 0; asked < N_ASKED; asked++) {
        bool is_refused = asked < LEAST && !do_fit;

        for (int rank = 0; rank < n_ranks; rank++)
            if (now.statuses[rank][asked] != (is_refused ? TROUPE_INVALID : TROUPE_OK))
                return "a status is wrong";
        if (now.n_found[asked] != (is_refused ? 0 : now.n_segments))
            return "there are more results, or fewer";
    }
    return NULL;
}

static const char *check_other(int n_ranks)
{
    bool do_fit = do_sums_fit();
    const char *wrong = check_answers(n_ranks, do_fit);

    for (int64_t i = 0; i < now.n_segments && !wrong; i++) {
        if (do_fit)
            wrong = check_other_sum(i);
        for (int is_greatest = 0; is_greatest < 2 && !wrong; is_greatest++)
            wrong = check_extreme(i, is_greatest);
    }
    return wrong;
}

static const char *check(uint64_t seed, int n_ranks, int exit_code)
{
    const char *wrong = NULL;

    (void)seed;
    if (exit_code != 0 || now.n_done != n_ranks)
        return "not all were done";
    if (now.n_odd_elements > 0)
        return "results are of other elements";
    for (int which = 0; which < N_SUMS; which++)
        if (now.n_sums[which] != now.n_segments)
            return "there are more segments, or fewer";
    for (int64_t i = 0; i < now.n_segments && !wrong; i++)
        wrong = check_segment(i);
    return wrong ? wrong : check_other(n_ranks);
}

START_TEST(every_level_and_element)
{
    static const struct sim_job job = {&program, MOST_RANKS, begin, check};

    ck_assert_int_eq(sim_job_run(&job, 80), 0);
    ck_levels_come_nearer();
}
END_TEST

START_TEST(far_longer_than_a_task)
{
    static const struct sim_job job = {&program, MOST_RANKS_OF_LONG, begin_long, check};

    ck_assert_int_eq(sim_job_run(&job, TROUPE_BYTES), 0);
}
END_TEST

CHECK_MAIN("kernel segments", every_level_and_element, far_longer_than_a_task)
