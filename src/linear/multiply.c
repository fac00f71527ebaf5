/* SPDX-License-Identifier: BSD-3-Clause */
#include "linear/linear.h"
#include "team/team.h"
#include <string.h>

/*
 * Products. Elements for others leave first; blocks of rows that need none of theirs
 * are done meanwhile, the rest when they are there. Where the dot product is wanted
 * too, each block adds up its own while it is in the cache.
 */

/* ---- a row -------------------------------------------------------------------- */

enum { LANES = NUMERIC_LANES };

static inline double
element(const double *x, const double *halo, int32_t column, bool is_far)
{
    return is_far && column < 0 ? halo[~column] : x[column];
}

static inline double short_row(const double *values,
                               const int32_t *columns,
                               int64_t n,
                               const double *x,
                               const double *halo,
                               bool is_far)
{
    double sum = values[0] * element(x, halo, columns[0], is_far);

    for (int64_t i = 1; i < n; i++)
        sum += values[i] * element(x, halo, columns[i], is_far);
    return sum;
}

/* n > LINEAR_SHORT_ROW. */
static double long_row(const double *values,
                       const int32_t *columns,
                       int64_t n,
                       const double *x,
                       const double *halo)
{
    double lanes[LANES];

    for (int64_t i = 0; i < LANES; i++)
        lanes[i] = values[i] * element(x, halo, columns[i], true);
    for (int64_t i = LANES; i < n; i++)
        lanes[i % LANES] += values[i] * element(x, halo, columns[i], true);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; lane++)
            lanes[lane] = lanes[2 * lane] + lanes[2 * lane + 1];
    return lanes[0];
}

/* ---- a block ------------------------------------------------------------------ */

static inline void
rows_of_block(const struct linear_product *product, int64_t block, bool is_far)
{
    const struct linear_matrix *matrix = product->matrix;
    const uint32_t *ends = linear_ends(matrix);
    const double *values = linear_values(matrix) + matrix->block_starts[block];
    const int32_t *columns = linear_columns(matrix) + matrix->block_starts[block];
    const double *x = product->x, *halo = product->halo;
    int64_t n_rows, first = linear_block_rows(matrix, block, &n_rows);
    int64_t begin = 0;

    for (int64_t i = first; i < first + n_rows; i++) {
        int64_t n = (int64_t)ends[i] - begin;
        double sum = 0;

        if (n > LINEAR_SHORT_ROW)
            sum = long_row(values + begin, columns + begin, n, x, halo);
        else if (n > 0)
            sum = short_row(values + begin, columns + begin, n, x, halo, is_far);
        product->y[i] = numeric_canonical(sum);
        begin += n;
    }
}

/* The dot product of a block's rows with their elements of x, whose cut is theirs. */
static void add_dot(const struct linear_product *product, int64_t block)
{
    int64_t n_rows, first = linear_block_rows(product->matrix, block, &n_rows);
    struct numeric_terms terms = {.isa = product->isa, .term = NUMERIC_DOT_DOUBLE};

    if (!product->slots)
        return;
    terms.x = product->x + first;
    terms.y = product->y + first;
    numeric_lanes_node(&terms, n_rows, false, &product->slots[block]);
}

static void near_block(void *context, int64_t task, int thread)
{
    const struct linear_product *product = context;

    (void)thread;
    rows_of_block(product, product->blocks[task], false);
    add_dot(product, product->blocks[task]);
}

static void far_block(void *context, int64_t task, int thread)
{
    const struct linear_product *product = context;

    (void)thread;
    rows_of_block(product, product->blocks[task], true);
    add_dot(product, product->blocks[task]);
}

static void precise_block(void *context, int64_t task, int thread)
{
    const struct linear_product *product = context;

    (void)thread;
    linear_rows_precisely(product, product->blocks[task]);
}

/* ---- what passes between members ---------------------------------------------- */

enum { PACK_LENGTH = 4096 };

struct packing {
    const struct linear_halo *halo;
    const double *x;
    double *sent;
};

static void pack(void *context, int64_t task, int thread)
{
    const struct packing *packing = context;
    int64_t end = (task + 1) * PACK_LENGTH;

    (void)thread;
    for (int64_t i = task * PACK_LENGTH; i < end && i < packing->halo->n_sent; i++)
        packing->sent[i] = packing->x[packing->halo->sent[i]];
}

static troupe_operation start_exchange(struct kernel_run *run,
                                       const struct linear_matrix *matrix,
                                       const double *x,
                                       struct linear_scratch *scratch)
{
    const struct linear_halo *halo = &matrix->halo;
    struct packing packing = {.halo = halo, .x = x, .sent = scratch->sent};
    const troupe_exchange_lists lists = {.sends = scratch->sends,
                                         .n_sends = halo->n_to,
                                         .receives = scratch->receives,
                                         .n_receives = halo->n_from};

    array_work(run->self, (halo->n_sent + PACK_LENGTH - 1) / PACK_LENGTH, pack,
               &packing);
    for (int i = 0; i < halo->n_to; i++)
        scratch->sends[i] =
            (troupe_outgoing){.peer = halo->to[i].index,
                              .data = scratch->sent + halo->to[i].first,
                              .size_bytes = (size_t)halo->to[i].n * sizeof(double)};
    for (int i = 0; i < halo->n_from; i++)
        scratch->receives[i] =
            (troupe_incoming){.peer = halo->from[i].index,
                              .data = scratch->halo + halo->from[i].first,
                              .size_bytes = (size_t)halo->from[i].n * sizeof(double)};
    return array_exchange_start(run->self, run->team, &lists);
}

static troupe_status multiply(struct kernel_run *run,
                              const struct kernel_request *request,
                              struct linear_scratch *scratch,
                              struct numeric_lanes *slots)
{
    const struct linear_matrix *matrix = linear_matrix_of(run, request->in[1]);
    struct linear_product product = {
        .matrix = matrix,
        .x = (const double *)(const void *)request->in[0]->memory.bytes,
        .y = (double *)(void *)request->out[0]->memory.bytes,
        .halo = scratch->halo,
        .isa = run->here->isa,
        .is_exact = request->how.level == TROUPE_LEVEL_EXACT,
        .slots = slots};
    bool is_precise = product.is_exact || request->how.level == TROUPE_LEVEL_TREE_DD;
    troupe_operation operation = {0};

    if (run->team->size > 1)
        operation = start_exchange(run, matrix, product.x, scratch);
    product.blocks = matrix->near;
    kernel_work(run, matrix->n_near, is_precise ? precise_block : near_block, &product);
    if (run->team->size > 1)
        TROUPE_TRY(troupe_team_wait(run->self, run->team, operation));
    product.blocks = matrix->far;
    kernel_work(run, matrix->n_far, is_precise ? precise_block : far_block, &product);
    return TROUPE_OK;
}

static troupe_status perform_multiply(struct kernel_run *run,
                                      const struct kernel_request *request,
                                      troupe_status mine)
{
    struct linear_matrix *matrix = linear_matrix_of(run, request->in[1]);
    struct linear_scratch *scratch = linear_scratch_take(matrix, false);

    if (mine == TROUPE_OK && !scratch)
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK && scratch) {
        mine = multiply(run, request, scratch, NULL);
        if (run->team->size > 1)
            mine = array_agree(run->self, run->team, mine, 0);
    }
    if (scratch)
        scratch->is_used = false;
    return mine;
}

/* ---- with the dot product ----------------------------------------------------- */

/* The level in the tree over rows of 16 of a block's node; -1: blocks are no nodes. */
static int node_level(const struct array *array)
{
    int64_t n_rows = array->block_length / LANES;
    int level = 63 - __builtin_clzll((uint64_t)n_rows);
    int height = numeric_tree_height((array->length + LANES - 1) / LANES);

    if (n_rows != INT64_C(1) << level)
        return -1;
    return level < height ? level : height;
}

static troupe_status gather_slots(const struct linear_matrix *matrix,
                                  const struct linear_scratch *scratch,
                                  struct numeric_carrier *carrier)
{
    struct numeric_environment environment;
    int64_t n_blocks = linear_n_blocks(matrix);
    int level = node_level(matrix->ends);
    troupe_status status = TROUPE_OK;

    (void)numeric_environment_enter(&environment);
    for (int64_t block = 0; block < n_blocks && status == TROUPE_OK; block++)
        status = numeric_carrier_push(carrier, level, &scratch->slots[block]);
    (void)numeric_environment_leave(&environment);
    return status;
}

static troupe_status multiply_fused(struct kernel_run *run,
                                    const struct kernel_request *request,
                                    struct linear_scratch *scratch)
{
    const struct linear_matrix *matrix = linear_matrix_of(run, request->in[1]);
    const struct array *shape = matrix->ends;
    struct numeric_tree tree = numeric_lanes_tree(shape->length, false);
    troupe_status has_room = TROUPE_OK;
    struct numeric_carrier *carrier = kernel_take_carrier(
        run, &tree, (array_mine_first(shape) + LANES - 1) / LANES, &has_room);
    const struct numeric_lanes *root;
    troupe_status status;

    status = multiply(run, request, scratch, scratch->slots);
    if (status == TROUPE_OK)
        status = has_room;
    if (status == TROUPE_OK)
        status = gather_slots(matrix, scratch, carrier);
    status = kernel_combine_carriers(run, shape, LANES, status, carrier);
    root = status == TROUPE_OK ? numeric_carrier_value(carrier) : NULL;
    if (status == TROUPE_OK)
        *(double *)request->result =
            root ? numeric_canonical(numeric_lanes_finish(root)) : 0;
    kernel_give(carrier);
    return status;
}

static troupe_status multiply_apart(struct kernel_run *run,
                                    const struct kernel_request *request,
                                    struct linear_scratch *scratch)
{
    struct kernel_request dot = *request;
    troupe_status status = multiply(run, request, scratch, NULL);
    double sum = 0;

    dot.in[1] = request->out[0];
    dot.n_in = 2;
    TROUPE_TRY(kernel_sum(run, &dot, status, &sum));
    *(double *)request->result = sum;
    return TROUPE_OK;
}

static troupe_status perform_multiply_dot(struct kernel_run *run,
                                          const struct kernel_request *request,
                                          troupe_status mine)
{
    struct linear_matrix *matrix = linear_matrix_of(run, request->in[1]);
    bool is_fused =
        request->how.level == TROUPE_LEVEL_TREE && node_level(matrix->ends) >= 0;
    struct linear_scratch *scratch = linear_scratch_take(matrix, is_fused);

    if (mine == TROUPE_OK && !scratch)
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK && scratch)
        mine = is_fused ? multiply_fused(run, request, scratch)
                        : multiply_apart(run, request, scratch);
    if (scratch)
        scratch->is_used = false;
    return mine;
}

/* ---- the calls ---------------------------------------------------------------- */

static const struct kernel_operation multiply_operation = {
    .name = "troupe_multiply",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"each row", "each row, twice the precision", "each row rounded once",
                   "each row"},
    .has_own_shapes = true,
    .is_bound_to_cut = true,
    .perform = perform_multiply,
};
static const struct kernel_operation multiply_dot_operation = {
    .name = "troupe_multiply_dot",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"each row; expression 1: tree over rows of 16",
                   "each row; expression 1; both with twice the precision",
                   "each row and their sum rounded once", "each row; any order"},
    .has_own_shapes = true,
    .is_bound_to_cut = true,
    .perform = perform_multiply_dot,
};

/* What is wrong with the arrays; NULL: nothing. */
static const char *find_misfit(const struct linear_matrix *matrix,
                               const struct array *x,
                               const struct array *y)
{
    if (x->element != TROUPE_DOUBLE || y->element != TROUPE_DOUBLE)
        return "it wants arrays of doubles";
    if (!array_is_alike(x, &matrix->column))
        return "x is not cut like the columns";
    if (!array_is_alike(y, matrix->ends))
        return "y is not cut like the rows";
    return x == y ? "x and y are the same array" : NULL;
}

static troupe_status call(troupe_actor *self,
                          const struct linear_matrix *matrix,
                          troupe_array x,
                          troupe_array y,
                          bool wants_square,
                          struct kernel_request *request)
{
    const char *misfit;
    troupe_status mine = TROUPE_OK;

    kernel_take_in(self, request, x);
    kernel_take_in(self, request, (troupe_array){matrix->id});
    kernel_take_out(self, request, y);
    misfit = find_misfit(matrix, request->in[0], request->out[0]);
    if (!misfit && wants_square && !array_is_alike(matrix->ends, &matrix->column))
        misfit = "rows and columns are not cut alike";
    if (misfit)
        mine = kernel_refuse(kernel_of(self->home->rank), request, misfit);
    return kernel_call(self, request, mine);
}

troupe_status troupe_multiply(troupe_actor *self,
                              troupe_matrix matrix,
                              troupe_array x,
                              troupe_array y,
                              troupe_how how)
{
    struct kernel_request request = {.operation = &multiply_operation, .how = how};

    return call(self, linear_matrix_find(self, matrix, "troupe_multiply"), x, y, false,
                &request);
}

troupe_status troupe_multiply_dot(troupe_actor *self,
                                  troupe_matrix matrix,
                                  troupe_array x,
                                  troupe_array y,
                                  troupe_how how,
                                  double *dot)
{
    struct kernel_request request = {.operation = &multiply_dot_operation,
                                     .how = how,
                                     .result = dot,
                                     .result_bytes = sizeof *dot};

    actor_require(self, dot != NULL, "troupe_multiply_dot: no place for the result");
    return call(self, linear_matrix_find(self, matrix, "troupe_multiply_dot"), x, y,
                true, &request);
}
