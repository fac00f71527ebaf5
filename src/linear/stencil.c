/* SPDX-License-Identifier: BSD-3-Clause */
#include "linear/grid.h"

/*
 * Stencils. A row's inner part is worked out of the rows as they stand; at its ends,
 * which need what lies beyond the border, of short copies. Which is which has nothing
 * to do with the cut, but in one dimension, where a part's ends are a row's.
 */

enum { TASK_ELEMENTS = 8192 };

struct stencil {
    const struct linear_grid *in, *out;
    const struct linear_ghosts *ghosts;
    troupe_stencil_fn *run;
    const void *argument;
    int64_t first_row, end_row; /* of the part, to be done */
    int64_t task_rows;
};

/* A plane at a distance from the caller's first: its own or a ghost; NULL: fixed. */
static const double *plane_at(const struct stencil *stencil, int64_t plane)
{
    const struct linear_grid *grid = stencil->in;
    int width = grid->options.width;

    if (plane < 0)
        return stencil->ghosts->planes[plane + width];
    if (plane >= grid->n_mine)
        return stencil->ghosts->planes[plane - grid->n_mine + width];
    return (const double *)(const void *)grid->array->memory.bytes +
           plane * grid->plane_length;
}

/* The rows around row `y` of a plane; NULL: fixed. */
static void
find_rows(const struct stencil *stencil, int64_t plane, int64_t y, const double **rows)
{
    const struct linear_grid *grid = stencil->in;
    int width = grid->options.width, n = 0;

    for (int dz = -width; dz <= width; dz++) {
        const double *there = plane_at(stencil, plane + dz);

        if (grid->options.n_dimensions == 2) {
            rows[n++] = there;
            continue;
        }
        for (int dy = -width; dy <= width; dy++) {
            int64_t row = linear_beyond(y + dy, grid->n_rows, grid->options.border[1]);

            rows[n++] = there && row >= 0 ? there + row * grid->row_length : NULL;
        }
    }
}

/* An element of a row, from before its beginning to behind its end. */
static double
element(const struct stencil *stencil, const double *row, int64_t x, int64_t n)
{
    const struct linear_grid *grid = stencil->in;

    if (grid->options.n_dimensions == 1 && (x < 0 || x >= n)) {
        row = plane_at(stencil, x);
        x = 0;
    } else {
        x = linear_beyond(x, n, grid->options.border[0]);
    }
    return row && x >= 0 ? row[x] : grid->options.fixed;
}

/* Works out elements [x, x + n) of a row of `length`, of short copies. */
static void run_edge(const struct stencil *stencil,
                     troupe_strip *run,
                     const double **rows,
                     int64_t x,
                     int64_t length,
                     int thread)
{
    const struct linear_grid *grid = stencil->in;
    int64_t n_rows = linear_run_rows(grid), room = linear_edge_length(grid);
    double *copy = stencil->ghosts->edges + thread * n_rows * room;
    const double
        *copies[(2 * TROUPE_GRID_MOST_WIDTH + 1) * (2 * TROUPE_GRID_MOST_WIDTH + 1)];

    for (int64_t i = 0; i < n_rows; i++, copy += room) {
        copies[i] = copy + run->width;
        for (int64_t k = 0; k < run->n + 2 * run->width; k++)
            copy[k] = element(stencil, rows[i], x + k - run->width, length);
    }
    run->rows = copies;
    stencil->run(run, stencil->argument);
}

/* The same for the inner part, of the rows themselves. */
static void run_inside(const struct stencil *stencil,
                       troupe_strip *run,
                       const double **rows,
                       int64_t x)
{
    const double
        *shifted[(2 * TROUPE_GRID_MOST_WIDTH + 1) * (2 * TROUPE_GRID_MOST_WIDTH + 1)];

    for (int64_t i = 0; i < linear_run_rows(stencil->in); i++)
        shifted[i] = (rows[i] ? rows[i] : stencil->in->fixed_row) + x;
    run->rows = shifted;
    stencil->run(run, stencil->argument);
}

/* Elements [begin, end) of a row of `length` that stands at `out` in all. */
static void run_row(const struct stencil *stencil,
                    const troupe_strip *whole,
                    const double **rows,
                    int64_t length,
                    int64_t begin,
                    int64_t end,
                    int thread)
{
    int64_t width = whole->width;
    int64_t x = begin;

    while (x < end) {
        bool is_inside = x >= width && x < length - width;
        int64_t stop = is_inside ? length - width : x < width ? width : length;
        troupe_strip run = *whole;

        stop = stop < end ? stop : end;
        run.out += x;
        run.at[0] += x;
        run.n = stop - x;
        if (is_inside)
            run_inside(stencil, &run, rows, x);
        else
            run_edge(stencil, &run, rows, x, length, thread);
        x = stop;
    }
}

static void rows_task(void *context, int64_t task, int thread)
{
    const struct stencil *stencil = context;
    const struct linear_grid *grid = stencil->in;
    const double **rows = stencil->ghosts->rows + thread * linear_run_rows(grid);
    double *out = (double *)(void *)stencil->out->array->memory.bytes;
    int64_t begin = stencil->first_row + task * stencil->task_rows;

    for (int64_t i = begin; i < begin + stencil->task_rows && i < stencil->end_row;
         i++) {
        int64_t plane = i / grid->n_rows, y = i % grid->n_rows;
        bool is_flat = grid->options.n_dimensions == 2;
        const troupe_strip run = {.out = out + plane * grid->plane_length +
                                         y * grid->row_length,
                                  .at = {0, is_flat ? grid->first + plane : y,
                                         is_flat ? 0 : grid->first + plane},
                                  .width = grid->options.width,
                                  .n_dimensions = grid->options.n_dimensions};

        find_rows(stencil, plane, y, rows);
        run_row(stencil, &run, rows, grid->row_length, 0, grid->row_length, thread);
    }
}

/* In one dimension the part is one row; `first_row` and so on count its elements. */
static void elements_task(void *context, int64_t task, int thread)
{
    const struct stencil *stencil = context;
    const struct linear_grid *grid = stencil->in;
    const double *row = (const double *)(const void *)grid->array->memory.bytes;
    int64_t begin = stencil->first_row + task * stencil->task_rows;
    int64_t end = begin + stencil->task_rows;
    const troupe_strip run = {.out =
                                  (double *)(void *)stencil->out->array->memory.bytes,
                              .at = {grid->first},
                              .width = grid->options.width,
                              .n_dimensions = 1};

    run_row(stencil, &run, &row, grid->n_mine, begin,
            end < stencil->end_row ? end : stencil->end_row, thread);
}

/* ---- the operation ------------------------------------------------------------ */

static void
run_rows(struct kernel_run *run, struct stencil *stencil, int64_t begin, int64_t end)
{
    bool is_line = stencil->in->options.n_dimensions == 1;

    stencil->first_row = begin;
    stencil->end_row = end;
    if (begin < end)
        kernel_work(run, (end - begin + stencil->task_rows - 1) / stencil->task_rows,
                    is_line ? elements_task : rows_task, stencil);
}

static troupe_status perform_parts(struct kernel_run *run,
                                   struct stencil *stencil,
                                   struct linear_ghosts *ghosts)
{
    const struct linear_grid *grid = stencil->in;
    int64_t width = grid->options.width, n = grid->n_mine * grid->n_rows;
    int64_t inner = width < grid->n_mine ? width * grid->n_rows : n;
    int64_t outer = n - inner > inner ? n - inner : inner;
    troupe_operation operation =
        linear_ghosts_start(run->self, run->team, grid, ghosts);

    stencil->ghosts = ghosts;

    run_rows(run, stencil, inner, outer);
    TROUPE_TRY(troupe_team_wait(run->self, run->team, operation));
    run_rows(run, stencil, 0, inner);
    run_rows(run, stencil, outer, n);
    return TROUPE_OK;
}

static troupe_status perform(struct kernel_run *run,
                             const struct kernel_request *request,
                             troupe_status mine)
{
    const troupe_stencil_kernel *kernel = (const void *)request->kernel;
    struct linear_grid *grid = linear_grid_of(run, request->in[0]);
    struct linear_ghosts *ghosts = linear_ghosts_take(run->self, grid);
    struct stencil stencil = {.in = grid,
                              .out = linear_grid_of(run, request->out[0]),
                              .run = kernel->run,
                              .argument = request->argument,
                              .task_rows = TASK_ELEMENTS};

    if (grid->options.n_dimensions > 1)
        stencil.task_rows = TASK_ELEMENTS / grid->row_length + 1;
    if (run->is_again)
        stencil.task_rows = stencil.task_rows / 3 + 1;
    if (mine == TROUPE_OK && !ghosts)
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK) {
        mine = perform_parts(run, &stencil, ghosts);
        if (run->team->size > 1)
            mine = array_agree(run->self, run->team, mine, 0);
    }
    if (ghosts)
        ghosts->is_used = false;
    return mine;
}

static const struct kernel_operation stencil_operation = {
    .name = "troupe_stencil",
    .levels = KERNEL_ALL_LEVELS,
    .expression = {"each element", "each element", "each element", "each element"},
    .twin_kind = &linear_grid_twins,
    .perform = perform,
};

/* What is wrong with the call; NULL: nothing. */
static const char *find_misfit(const struct linear_grid *in,
                               const struct linear_grid *out,
                               const troupe_stencil_kernel *kernel,
                               enum troupe_level level)
{
    if (in == out)
        return "both grids are the same";
    if (in->options.n_dimensions != out->options.n_dimensions)
        return "the grids differ in size";
    for (int i = 0; i < in->options.n_dimensions; i++)
        if (in->options.size[i] != out->options.size[i])
            return "the grids differ in size";
    if (level == TROUPE_LEVEL_FAST)
        return NULL;
    return kernel_find_fault(&kernel->kernel,
                             "it has no probe: define it by TROUPE_STENCIL()");
}

troupe_status troupe_stencil(troupe_actor *self,
                             const troupe_stencil_kernel *kernel,
                             troupe_grid in,
                             troupe_grid out,
                             const void *argument,
                             troupe_how how)
{
    struct kernel_request request = {
        .operation = &stencil_operation, .how = how, .argument = argument};
    troupe_status mine = TROUPE_OK;
    const char *misfit;

    actor_require(self, kernel && kernel->run, "troupe_stencil: no kernel");
    request.kernel = &kernel->kernel;
    kernel_take_in(self, &request, troupe_grid_array(in));
    kernel_take_out(self, &request, troupe_grid_array(out));
    misfit =
        find_misfit(linear_grid_find(self, in, "troupe_stencil"),
                    linear_grid_find(self, out, "troupe_stencil"), kernel, how.level);
    if (misfit)
        mine = kernel_refuse(kernel_of(self->home->rank), &request, misfit);
    return kernel_call(self, &request, mine);
}
