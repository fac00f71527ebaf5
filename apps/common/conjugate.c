/* SPDX-License-Identifier: BSD-3-Clause */
#include "conjugate.h"
#include <float.h>
#include <math.h>
#include <stdio.h>

/* ---- sums in blocks ----------------------------------------------------------- */

/* Eight lanes for each of two sums: as many as the least processor has registers. */
enum { LANES = 8 };

struct sums {
    double scaled, squares;
};

static void merge_sums(void *left, const void *right)
{
    struct sums *into = left;
    const struct sums *from = right;
    into->scaled += from->scaled;
    into->squares += from->squares;
}

static double add_lanes(double *lanes)
{
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++)
            lanes[i] = lanes[2 * i] + lanes[2 * i + 1];
    }
    return lanes[0];
}

/* ---- one over the diagonal ---------------------------------------------------- */

/* The first row whose diagonal is no positive number, plus one; 0: none. */
struct bad_row {
    int64_t row_and_one;
};

static void merge_bad_rows(void *left, const void *right)
{
    struct bad_row *into = left;
    const struct bad_row *from = right;
    if (into->row_and_one == 0)
        *into = *from;
}

static void invert(const troupe_block *block, void *result, const void *argument)
{
    struct bad_row *bad = result;
    double *scale = block->out[0];
    (void)argument;
    for (int64_t i = 0; i < block->n; i++) {
        if (bad->row_and_one == 0 && !(scale[i] > 0 && isfinite(scale[i])))
            bad->row_and_one = block->first + i + 1;
        scale[i] = 1 / scale[i];
    }
}
TROUPE_REDUCTION_KERNEL(invert_kernel, invert, merge_bad_rows, struct bad_row);

/* ---- the right side ----------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood, 2014) of the index: a number in [-1, 1). */
static double random_at(int64_t index)
{
    uint64_t z = ((uint64_t)index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (double)(int64_t)(z >> 11) * 0x1p-52 - 1;
}

static double right_at(const enum conjugate_right *right, int64_t index)
{
    return *right == CONJUGATE_ONES ? 1 : random_at(index);
}

static void begin(const troupe_block *block, void *result, const void *argument)
{
    const double *scale = block->in[0];
    double *residual = block->out[0], *direction = block->out[1];
    struct sums *sums = result;
    for (int64_t i = 0; i < block->n; i++) {
        residual[i] = right_at(argument, block->first + i);
        direction[i] = scale[i] * residual[i];
        sums->squares += residual[i] * residual[i];
        sums->scaled += residual[i] * direction[i];
    }
}
TROUPE_REDUCTION_KERNEL(begin_kernel, begin, merge_sums, struct sums);

static void compare(const troupe_block *block, void *result, const void *argument)
{
    const double *image = block->in[0];
    struct sums *sums = result;
    for (int64_t i = 0; i < block->n; i++) {
        double rest = right_at(argument, block->first + i) - image[i];
        sums->squares += rest * rest;
    }
}
TROUPE_REDUCTION_KERNEL(compare_kernel, compare, merge_sums, struct sums);

/* ---- an iteration ------------------------------------------------------------- */

/* residual -= alpha * image, and its norms. */
static void descend(const troupe_block *block, void *result, const void *argument)
{
    const double alpha = *(const double *)argument;
    const double *restrict image = block->in[0], *restrict scale = block->in[1];
    double *restrict residual = block->out[0];
    double squares[LANES] = {0}, scaled[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= block->n; i += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            double rest = residual[i + lane] - alpha * image[i + lane];
            residual[i + lane] = rest;
            squares[lane] += rest * rest;
            scaled[lane] += rest * (scale[i + lane] * rest);
        }
    }
    for (int lane = 0; i < block->n; i++, lane++) {
        double rest = residual[i] - alpha * image[i];
        residual[i] = rest;
        squares[lane] += rest * rest;
        scaled[lane] += rest * (scale[i] * rest);
    }
    *(struct sums *)result = (struct sums){add_lanes(scaled), add_lanes(squares)};
}
TROUPE_REDUCTION_KERNEL(descend_kernel, descend, merge_sums, struct sums);

struct turn {
    double alpha, beta;
};

/* solution += alpha * direction, and the direction after that. */
static void turn(const troupe_block *block, void *result, const void *argument)
{
    const struct turn *turn = argument;
    const double alpha = turn->alpha, beta = turn->beta;
    const double *restrict residual = block->in[0], *restrict scale = block->in[1];
    double *restrict direction = block->out[0], *restrict solution = block->out[1];
    (void)result;
    for (int64_t i = 0; i < block->n; i++) {
        solution[i] += alpha * direction[i];
        direction[i] = scale[i] * residual[i] + beta * direction[i];
    }
}
TROUPE_KERNEL(turn_kernel, turn);

static troupe_status
go_down(struct conjugate *conjugate, double alpha, struct sums *sums)
{
    troupe_arrays arrays = {.in = {conjugate->image, conjugate->scale},
                            .out = {conjugate->residual}};
    return troupe_reduce_blocks(conjugate->self, &descend_kernel, &arrays, &alpha,
                                TROUPE_TREE, sums);
}

static troupe_status go_on(struct conjugate *conjugate, double alpha, double beta)
{
    troupe_arrays arrays = {.in = {conjugate->residual, conjugate->scale},
                            .out = {conjugate->direction, conjugate->solution}};
    return troupe_map(conjugate->self, &turn_kernel, &arrays,
                      &(struct turn){alpha, beta}, TROUPE_TREE);
}

/* What it is that the curvature is no positive number. */
static const char *blame(double curvature, double scaled)
{
    if (!isfinite(curvature))
        return "the numbers overflow";
    return curvature == 0 && scaled < DBL_MIN ? "the numbers underflow"
                                              : "the matrix is not positive definite";
}

troupe_status conjugate_step(struct conjugate *conjugate)
{
    struct sums sums = {0};
    double curvature;
    TROUPE_TRY(troupe_multiply_dot(conjugate->self, conjugate->matrix,
                                   conjugate->direction, conjugate->image, TROUPE_TREE,
                                   &curvature));
    if (!(curvature > 0 && isfinite(curvature))) {
        snprintf(conjugate->trouble, sizeof conjugate->trouble,
                 "%s: p'Ap is %g in iteration %lld",
                 blame(curvature, conjugate->standing.scaled), curvature,
                 (long long)conjugate->standing.n_iterations + 1);
        return TROUPE_FAILED;
    }
    double alpha = conjugate->standing.scaled / curvature;
    TROUPE_TRY(go_down(conjugate, alpha, &sums));
    double beta = sums.scaled / conjugate->standing.scaled;
    TROUPE_TRY(go_on(conjugate, alpha, beta));
    conjugate->standing.scaled = sums.scaled;
    conjugate->standing.norm = sqrt(sums.squares);
    conjugate->standing.n_iterations++;
    return TROUPE_OK;
}

/* ---- before and after --------------------------------------------------------- */

/* Those that an iteration begins with have names in checkpoints, if they are saved. */
static troupe_status make_arrays(struct conjugate *conjugate, bool is_saved)
{
    static const char *const names[] = {"cg solution", "cg residual", "cg direction",
                                        NULL, NULL};
    troupe_matrix_facts facts =
        troupe_matrix_describe(conjugate->self, conjugate->matrix);
    troupe_array_options options = {.element = TROUPE_DOUBLE,
                                    .length = facts.n_rows,
                                    .block_length = facts.block_length,
                                    .cuts = facts.cuts};
    troupe_array *arrays[] = {&conjugate->solution, &conjugate->residual,
                              &conjugate->direction, &conjugate->image,
                              &conjugate->scale};
    conjugate->n_rows = facts.n_rows;
    conjugate->n_entries = facts.n_entries;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        options.saved_as = is_saved ? names[i] : NULL;
        TROUPE_TRY(
            troupe_array_create(conjugate->self, facts.team, &options, arrays[i]));
    }
    return TROUPE_OK;
}

static troupe_status make_scale(struct conjugate *conjugate)
{
    troupe_arrays arrays = {.out = {conjugate->scale}};
    struct bad_row bad = {0};
    TROUPE_TRY(troupe_matrix_diagonal(conjugate->self, conjugate->matrix,
                                      conjugate->scale, TROUPE_TREE));
    TROUPE_TRY(troupe_reduce_blocks(conjugate->self, &invert_kernel, &arrays, NULL,
                                    TROUPE_TREE, &bad));
    if (bad.row_and_one == 0)
        return TROUPE_OK;
    snprintf(conjugate->trouble, sizeof conjugate->trouble,
             "the matrix is not positive definite: the diagonal of row %lld is not "
             "positive",
             (long long)bad.row_and_one);
    return TROUPE_FAILED;
}

/* From x = 0. */
static troupe_status start(struct conjugate *conjugate)
{
    troupe_arrays arrays = {.in = {conjugate->scale},
                            .out = {conjugate->residual, conjugate->direction}};
    struct sums sums = {0};
    TROUPE_TRY(troupe_reduce_blocks(conjugate->self, &begin_kernel, &arrays,
                                    &conjugate->right, TROUPE_TREE, &sums));
    conjugate->standing.scaled = sums.scaled;
    conjugate->standing.norm = conjugate->standing.right_norm = sqrt(sums.squares);
    return TROUPE_OK;
}

troupe_status conjugate_init(struct conjugate *conjugate,
                             troupe_actor *self,
                             troupe_matrix matrix,
                             enum conjugate_right right)
{
    *conjugate = (struct conjugate){.self = self, .matrix = matrix, .right = right};
    TROUPE_TRY(make_arrays(conjugate, false));
    TROUPE_TRY(make_scale(conjugate));
    return start(conjugate);
}

troupe_status conjugate_init_saved(struct conjugate *conjugate,
                                   troupe_actor *self,
                                   troupe_matrix matrix,
                                   enum conjugate_right right,
                                   const struct conjugate_standing *standing)
{
    *conjugate = (struct conjugate){.self = self, .matrix = matrix, .right = right};
    TROUPE_TRY(make_arrays(conjugate, true));
    TROUPE_TRY(make_scale(conjugate));
    if (!troupe_array_describe(self, conjugate->solution).is_restored)
        return start(conjugate);
    conjugate->standing = *standing;
    return TROUPE_OK;
}

troupe_status conjugate_true_norm(struct conjugate *conjugate, double *norm)
{
    troupe_arrays arrays = {.in = {conjugate->image}};
    struct sums sums = {0};
    TROUPE_TRY(troupe_multiply(conjugate->self, conjugate->matrix, conjugate->solution,
                               conjugate->image, TROUPE_TREE));
    TROUPE_TRY(troupe_reduce_blocks(conjugate->self, &compare_kernel, &arrays,
                                    &conjugate->right, TROUPE_TREE, &sums));
    *norm = sqrt(sums.squares);
    return TROUPE_OK;
}

void conjugate_fini(struct conjugate *conjugate)
{
    troupe_array *arrays[] = {&conjugate->solution, &conjugate->residual,
                              &conjugate->direction, &conjugate->image,
                              &conjugate->scale};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        if (arrays[i]->bits)
            troupe_array_destroy(conjugate->self, arrays[i]);
    }
}

double conjugate_iteration_bytes(const struct conjugate *conjugate)
{
    /* Value and column of an entry; the end of a row; and the elements: the product
     * reads one and writes one, the residual's pass three and one, the last four and
     * two. */
    return 12.0 * (double)conjugate->n_entries +
           (4 + 8.0 * (2 + 4 + 6)) * (double)conjugate->n_rows;
}
