/* seeds: 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/test_kernel_simple.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Arrays that differ from others in one thing alone, and elements that an operation has
 * no use for: each refusal leaves results and arrays as they were, on all members. */

/* Three blocks, and three of 352 too. */
enum { LENGTH = 1000, BLOCK = 400, OTHER_BLOCK = 352, N_RANKS = 3 };

static struct {
    int n_done;
} seen;

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, N_RANKS);
}

static void play(const troupe_behavior *main)
{
    scene_play(&(struct scene){.main = main,
                               .n_ranks = N_RANKS,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
}

/* ---- arrays ---------------------------------------------------------------------- */

/* Small positive doubles in no order, others for each tag. */
static unsigned char byte_of(int tag, size_t i)
{
    return (unsigned char)((7 * i + (size_t)tag) % 64);
}

static troupe_array
make(troupe_actor *self, troupe_team *team, troupe_array_options shape, int tag)
{
    troupe_array array;
    troupe_array_part part;
    size_t size_bytes;

    EXPECT_OK(troupe_array_create(self, team, &shape, &array));
    part = troupe_array_mine(self, array);
    size_bytes = troupe_array_describe(self, array).element_bytes;
    for (size_t i = 0; i < (size_t)part.n_elements * size_bytes; i++)
        ((unsigned char *)part.data)[i] = byte_of(tag, i);
    return array;
}

static void expect_unchanged(troupe_actor *self, troupe_array array, int tag)
{
    troupe_array_part part = troupe_array_mine(self, array);
    size_t size_bytes = troupe_array_describe(self, array).element_bytes;
    size_t n_changed = 0;

    for (size_t i = 0; i < (size_t)part.n_elements * size_bytes; i++)
        n_changed += ((const unsigned char *)part.data)[i] != byte_of(tag, i);
    EXPECT_INT(n_changed, 0);
}

static const troupe_array_options plain = {
    .element = TROUPE_DOUBLE, .length = LENGTH, .block_length = BLOCK};

static troupe_array
make_of(troupe_actor *self, enum troupe_element element, size_t element_bytes, int tag)
{
    troupe_array_options shape = plain;

    shape.element = element;
    shape.element_bytes = element_bytes;
    return make(self, troupe_rank_team(self), shape, tag);
}

/* In what an array differs from plain ones. */
enum misfit { LENGTH_ONLY, BLOCK_ONLY, CUT_ONLY, TEAM_ONLY, N_MISFITS };

static troupe_array make_misfit(troupe_actor *self,
                                enum troupe_element element,
                                enum misfit misfit,
                                int tag)
{
    static const int64_t cuts[] = {0, 0, 2, 3};
    troupe_array_options shape = plain;
    troupe_team *team = troupe_rank_team(self);

    shape.element = element;
    if (misfit == LENGTH_ONLY)
        shape.length--;
    if (misfit == BLOCK_ONLY)
        shape.block_length = OTHER_BLOCK;
    if (misfit == CUT_ONLY)
        shape.cuts = cuts;
    if (misfit == TEAM_ONLY) /* of the same members in the same order */
        EXPECT_OK(troupe_team_split(self, team, 0, troupe_team_index(team), &team));
    return make(self, team, shape, tag);
}

/* ---- arrays that do not match ---------------------------------------------------- */

static void refuse_pair(troupe_actor *self, troupe_array x, troupe_array other)
{
    const troupe_arrays in = {.in = {x, other}}, onto = {.in = {x}, .out = {other}};
    double result = -1, sums[1 + TROUPE_BINS_EXTRA] = {-1};
    troupe_array kept[2] = {{0}, {0}};

    EXPECT_STATUS(troupe_dot(self, x, other, TROUPE_TREE, &result), TROUPE_INVALID);
    EXPECT_STATUS(troupe_dot(self, other, x, TROUPE_EXACT, &result), TROUPE_INVALID);
    EXPECT_STATUS(troupe_map(self, &copy_kernel, &onto, NULL, TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_reduce_blocks(self, &first_kernel, &in, NULL, TROUPE_TREE, &result),
        TROUPE_INVALID);
    EXPECT_STATUS(troupe_filter(self, &all_filter, &in, NULL, TROUPE_TREE, kept),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_scan(self, x, other, TROUPE_SUM, TROUPE_TREE), TROUPE_INVALID);
    EXPECT_STATUS(troupe_sort(self, x, &(troupe_arrays){.out = {other}}, TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_histogram_weighted(self, x, other, (troupe_bins){0, 1, 1},
                                            TROUPE_TREE, sums),
                  TROUPE_INVALID);
    EXPECT(result == -1 && sums[0] == -1);
    EXPECT(kept[0].bits == 0 && kept[1].bits == 0);
}

static void refuse_heads(troupe_actor *self, troupe_array x, troupe_array heads)
{
    troupe_array made[2] = {{0}, {0}};

    EXPECT_STATUS(troupe_reduce_segments(self, x, heads, TROUPE_MAX, TROUPE_TREE, made),
                  TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_extremes_of_segments(self, x, heads, TROUPE_MIN, TROUPE_TREE, made),
        TROUPE_INVALID);
    EXPECT(made[0].bits == 0 && made[1].bits == 0);
}

static troupe_status shapes_body(troupe_actor *self)
{
    troupe_array x = make(self, troupe_rank_team(self), plain, 1);

    for (enum misfit i = 0; i < N_MISFITS; i++) {
        troupe_array other = make_misfit(self, TROUPE_DOUBLE, i, 2);

        refuse_pair(self, x, other);
        refuse_heads(self, x, make_misfit(self, TROUPE_UINT8, i, 3));
        expect_unchanged(self, x, 1);
        expect_unchanged(self, other, 2);
    }
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(shapes_process, shapes_body);

START_TEST(arrays_that_differ_in_one_thing)
{
    play(&shapes_process);
}
END_TEST

/* ---- segments -------------------------------------------------------------------- */

static troupe_status segments_body(troupe_actor *self)
{
    static const enum troupe_combine others[] = {TROUPE_PRODUCT, TROUPE_AND, TROUPE_OR};
    const troupe_how none = {.level = (enum troupe_level)9};
    troupe_array x = make(self, troupe_rank_team(self), plain, 1);
    troupe_array heads = make_of(self, TROUPE_UINT8, 0, 2), made[2] = {{0}, {0}};

    refuse_heads(self, make_of(self, TROUPE_BYTES, 8, 3), heads);
    refuse_heads(self, x, make_of(self, TROUPE_INT8, 0, 4));
    refuse_heads(self, x, x);
    for (int i = 0; i < 3; i++)
        EXPECT_STATUS(
            troupe_reduce_segments(self, x, heads, others[i], TROUPE_TREE, made),
            TROUPE_INVALID);
    EXPECT_STATUS(troupe_reduce_segments(self, x, heads, TROUPE_SUM, none, made),
                  TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_extremes_of_segments(self, x, heads, TROUPE_SUM, TROUPE_TREE, made),
        TROUPE_INVALID);
    EXPECT_STATUS(troupe_reduce_segments(
                      self, x, heads, troupe_rank(self) == 1 ? TROUPE_MIN : TROUPE_MAX,
                      TROUPE_TREE, made),
                  TROUPE_MISMATCH);
    EXPECT(made[0].bits == 0 && made[1].bits == 0);
    expect_unchanged(self, x, 1);
    expect_unchanged(self, heads, 2);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(segments_process, segments_body);

START_TEST(segments_of_no_use)
{
    play(&segments_process);
}
END_TEST

/* ---- products with them ---------------------------------------------------------- */

static int
identity_row(int64_t row, int64_t *columns, double *values, const void *argument)
{
    (void)argument;
    columns[0] = row;
    values[0] = 1;
    return 1;
}
TROUPE_ROW_KERNEL(identity_kernel, identity_row);

static void
refuse_product(troupe_actor *self, troupe_matrix matrix, troupe_array x, troupe_array y)
{
    double dot = -1;

    EXPECT_STATUS(troupe_multiply(self, matrix, x, y, TROUPE_TREE), TROUPE_INVALID);
    EXPECT_STATUS(troupe_multiply_dot(self, matrix, x, y, TROUPE_TREE, &dot),
                  TROUPE_INVALID);
    EXPECT(dot == -1);
}

static troupe_status products_body(troupe_actor *self)
{
    const troupe_matrix_options square = {.n_rows = LENGTH, .block_length = BLOCK};
    troupe_array x = make(self, troupe_rank_team(self), plain, 1);
    troupe_array whole = make_of(self, TROUPE_INT64, 0, 3);
    troupe_matrix matrix;

    EXPECT_OK(troupe_matrix_generate(self, troupe_rank_team(self), &square, 1,
                                     &identity_kernel, NULL, &matrix, NULL));
    for (enum misfit i = 0; i < N_MISFITS; i++) {
        troupe_array other = make_misfit(self, TROUPE_DOUBLE, i, 2);

        refuse_product(self, matrix, x, other);
        refuse_product(self, matrix, other, x);
        EXPECT_STATUS(troupe_matrix_diagonal(self, matrix, other, TROUPE_TREE),
                      TROUPE_INVALID);
        expect_unchanged(self, other, 2);
    }
    refuse_product(self, matrix, x, whole);
    refuse_product(self, matrix, whole, x);
    EXPECT_STATUS(troupe_matrix_diagonal(self, matrix, whole, TROUPE_TREE),
                  TROUPE_INVALID);
    expect_unchanged(self, x, 1);
    expect_unchanged(self, whole, 3);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(products_process, products_body);

START_TEST(products_of_what_does_not_fit)
{
    play(&products_process);
}
END_TEST

/* ---- other elements -------------------------------------------------------------- */

static void refuse_bytes(troupe_actor *self, troupe_array bytes)
{
    const troupe_array_options zeros_shape = {
        .element = TROUPE_BYTES, .element_bytes = 8, .length = LENGTH};
    troupe_extreme extreme = {.index = -7};
    troupe_number number = {.integer = -7};
    uint64_t counts[1 + TROUPE_BINS_EXTRA] = {7, 7, 7, 7};
    int64_t total = -7;
    troupe_array zeros; /* a sum of others would be refused for its size */

    EXPECT_OK(troupe_array_create(self, troupe_rank_team(self), &zeros_shape, &zeros));
    EXPECT_STATUS(troupe_min(self, bytes, TROUPE_TREE, &extreme), TROUPE_INVALID);
    EXPECT_STATUS(troupe_max(self, bytes, TROUPE_TREE, &extreme), TROUPE_INVALID);
    EXPECT_STATUS(troupe_kth(self, bytes, 0, TROUPE_TREE, &number), TROUPE_INVALID);
    EXPECT_STATUS(troupe_sort(self, bytes, NULL, TROUPE_TREE), TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_histogram(self, bytes, (troupe_bins){0, 1, 1}, TROUPE_TREE, counts),
        TROUPE_INVALID);
    EXPECT_STATUS(troupe_sum_integers(self, zeros, TROUPE_TREE, &total),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_scan(self, bytes, bytes, TROUPE_SUM, TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT(extreme.index == -7 && number.integer == -7 && total == -7);
    for (int i = 0; i < 1 + TROUPE_BINS_EXTRA; i++)
        EXPECT_INT(counts[i], 7);
}

static void refuse_integers(troupe_actor *self, troupe_array whole)
{
    troupe_moments moments = {.n_items = -7, .mean = -7, .squares = -7};
    double result = -7;

    EXPECT_STATUS(troupe_moments_of(self, whole, TROUPE_TREE, &moments),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_norm(self, whole, TROUPE_TREE, &result), TROUPE_INVALID);
    EXPECT_STATUS(troupe_dot(self, whole, whole, TROUPE_TREE, &result), TROUPE_INVALID);
    EXPECT(result == -7);
    EXPECT(moments.n_items == -7 && moments.mean == -7 && moments.squares == -7);
}

/* Both are real numbers, but not the same. */
static void refuse_mixed(troupe_actor *self, troupe_array x, troupe_array narrow)
{
    double result = -7, sums[1 + TROUPE_BINS_EXTRA] = {-7};

    EXPECT_STATUS(troupe_dot(self, x, narrow, TROUPE_TREE, &result), TROUPE_INVALID);
    EXPECT_STATUS(troupe_dot(self, narrow, x, TROUPE_EXACT, &result), TROUPE_INVALID);
    EXPECT_STATUS(troupe_histogram_weighted(self, x, narrow, (troupe_bins){0, 1, 1},
                                            TROUPE_TREE, sums),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_histogram_weighted(self, narrow, x, (troupe_bins){0, 1, 1},
                                            TROUPE_TREE, sums),
                  TROUPE_INVALID);
    EXPECT(result == -7 && sums[0] == -7);
}

static troupe_status elements_body(troupe_actor *self)
{
    troupe_array x = make(self, troupe_rank_team(self), plain, 1);
    troupe_array bytes = make_of(self, TROUPE_BYTES, 8, 2);
    troupe_array whole = make_of(self, TROUPE_INT64, 0, 3);
    troupe_array narrow = make_of(self, TROUPE_FLOAT, 0, 4);

    refuse_bytes(self, bytes);
    refuse_integers(self, whole);
    refuse_mixed(self, x, narrow);
    expect_unchanged(self, x, 1);
    expect_unchanged(self, bytes, 2);
    expect_unchanged(self, whole, 3);
    expect_unchanged(self, narrow, 4);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(elements_process, elements_body);

START_TEST(elements_of_no_use)
{
    play(&elements_process);
}
END_TEST

/* ---- grids ----------------------------------------------------------------------- */

static void keep(const troupe_strip *strip, const void *argument)
{
    (void)argument;
    memcpy(strip->out, troupe_strip_row(strip, 0, 0),
           (size_t)strip->n * sizeof *strip->out);
}
TROUPE_STENCIL(keep_kernel, keep);

static troupe_grid
make_grid(troupe_actor *self, const troupe_grid_options *options, double first)
{
    troupe_grid_facts facts;
    troupe_grid grid;

    EXPECT_OK(troupe_grid_create(self, troupe_rank_team(self), options, &grid));
    facts = troupe_grid_describe(self, grid);
    if (facts.my_planes > 0)
        facts.data[0] = first;
    return grid;
}

static double first_of(troupe_actor *self, troupe_grid grid, double otherwise)
{
    troupe_grid_facts facts = troupe_grid_describe(self, grid);

    return facts.my_planes > 0 ? facts.data[0] : otherwise;
}

/* The arrays below the grids are alike, but for those that are cut otherwise. */
static troupe_status grids_body(troupe_actor *self)
{
    static const int64_t cuts[] = {0, 9, 20, 30};
    static const troupe_grid_options pairs[][2] = {
        {{.n_dimensions = 2, .size = {20, 30}},
         {.n_dimensions = 2, .size = {20, 30}, .cuts = cuts}},
        {{.n_dimensions = 2, .size = {20, 30}}, {.n_dimensions = 2, .size = {19, 30}}},
        {{.n_dimensions = 1, .size = {4096}}, {.n_dimensions = 2, .size = {4096, 1}}}};

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        troupe_grid one = make_grid(self, &pairs[i][0], 1);
        troupe_grid other = make_grid(self, &pairs[i][1], 2);

        EXPECT_STATUS(troupe_stencil(self, &keep_kernel, one, other, NULL, TROUPE_TREE),
                      TROUPE_INVALID);
        EXPECT_STATUS(troupe_stencil(self, &keep_kernel, other, one, NULL, TROUPE_TREE),
                      TROUPE_INVALID);
        EXPECT(first_of(self, one, 1) == 1 && first_of(self, other, 2) == 2);
    }
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(grids_process, grids_body);

START_TEST(grids_that_differ_in_one_thing)
{
    play(&grids_process);
}
END_TEST

/* Nothing can tell how a kernel's file was compiled: good enough for FAST alone. */
static troupe_status probe_body(troupe_actor *self)
{
    const troupe_grid_options plate = {.n_dimensions = 2, .size = {20, 30}};
    troupe_grid from = make_grid(self, &plate, 1), to = make_grid(self, &plate, 2);
    troupe_stencil_kernel without = keep_kernel;

    without.kernel.probe = NULL;
    EXPECT_STATUS(troupe_stencil(self, &without, from, to, NULL, TROUPE_TREE),
                  TROUPE_INVALID);
    EXPECT_STATUS(troupe_stencil(self, &without, from, to, NULL, TROUPE_EXACT),
                  TROUPE_INVALID);
    EXPECT(first_of(self, to, 2) == 2);
    EXPECT_OK(troupe_stencil(self, &without, from, to, NULL, TROUPE_FAST));
    EXPECT(first_of(self, to, 1) == 1);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(probe_process, probe_body);

START_TEST(a_stencil_without_probe)
{
    play(&probe_process);
}
END_TEST

CHECK_MAIN("kernel refusals",
           arrays_that_differ_in_one_thing,
           segments_of_no_use,
           products_of_what_does_not_fit,
           elements_of_no_use,
           grids_that_differ_in_one_thing,
           a_stencil_without_probe)
