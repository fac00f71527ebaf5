/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/later.h"
#include "linear/grid.h"
#include "troupe/linear_later.h"
#include <stdio.h>

/* Matrices and grids that are made, loaded, saved and looked at by a crew. */

/* What a call was told. */
struct told {
    union {
        troupe_matrix_options options;
        troupe_grid_options grid_options;
    };
    union {
        struct {
            int most_per_row;
            const troupe_row_kernel *row;
            const void *argument;
        };
        struct {
            const troupe_entry *entries;
            int64_t n_entries;
        };
        struct {
            int64_t n;
            int n_points;
        };
        const char *path;
        unsigned wishes;
    };
    union {
        troupe_matrix *matrix;
        troupe_grid *grid;
    };
    troupe_file_fault *file_fault;
    troupe_matrix_fault *fault;
};

static void clear(const struct told *told, const char *text)
{
    if (!told->fault)
        return;
    *told->fault = (troupe_matrix_fault){.row = -1, .column = -1};
    snprintf(told->fault->text, sizeof told->fault->text, "%s", text);
}

static troupe_status start(troupe_actor *self,
                           struct kernel_request *request,
                           const struct told *told,
                           troupe_task *task)
{
    request->argument = told;
    request->argument_bytes = sizeof *told;
    clear(told, KERNEL_NOT_DONE);
    return kernel_call_later(self, request, told->file_fault, task);
}

/* ---- making ------------------------------------------------------------------- */

/* What the crew has made becomes the caller's. */
static troupe_status hand_over(struct kernel_run *run,
                               const struct kernel_request *request,
                               troupe_matrix made)
{
    const struct told *told = request->argument;

    linear_matrix_hand_over(
        linear_matrix_find(run->self, made, request->operation->name),
        request->team->member, request->team);
    *told->matrix = made;
    clear(told, "");
    return TROUPE_OK;
}

static troupe_status do_generate(struct kernel_run *run,
                                 const struct kernel_request *request)
{
    const struct told *told = request->argument;
    troupe_matrix made;

    TROUPE_TRY(troupe_matrix_generate(run->self, run->team, &told->options,
                                      told->most_per_row, told->row, told->argument,
                                      &made, told->fault));
    return hand_over(run, request, made);
}

troupe_status troupe_matrix_generate_later(troupe_actor *self,
                                           troupe_team *team,
                                           const troupe_matrix_options *options,
                                           int most_per_row,
                                           const troupe_row_kernel *row,
                                           const void *argument,
                                           troupe_matrix *matrix,
                                           troupe_matrix_fault *fault,
                                           troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_matrix_generate",
                                                      .call = do_generate};
    struct kernel_request request = {.operation = &operation, .team = team};

    array_require(self, team, options, matrix, "troupe_matrix_generate_later");
    actor_require(self, row && row->run && most_per_row > 0,
                  "troupe_matrix_generate_later: no function, or no room for its rows");
    return start(self, &request,
                 &(struct told){.options = *options,
                                .most_per_row = most_per_row,
                                .row = row,
                                .argument = argument,
                                .matrix = matrix,
                                .fault = fault},
                 task);
}

static troupe_status do_from_entries(struct kernel_run *run,
                                     const struct kernel_request *request)
{
    const struct told *told = request->argument;
    troupe_matrix made;

    TROUPE_TRY(troupe_matrix_from_entries(run->self, run->team, &told->options,
                                          told->entries, told->n_entries, &made,
                                          told->fault));
    return hand_over(run, request, made);
}

troupe_status troupe_matrix_from_entries_later(troupe_actor *self,
                                               troupe_team *team,
                                               const troupe_matrix_options *options,
                                               const troupe_entry *entries,
                                               int64_t n_entries,
                                               troupe_matrix *matrix,
                                               troupe_matrix_fault *fault,
                                               troupe_task *task)
{
    static const struct kernel_operation operation = {
        .name = "troupe_matrix_from_entries", .call = do_from_entries};
    struct kernel_request request = {.operation = &operation, .team = team};

    array_require(self, team, options, matrix, "troupe_matrix_from_entries_later");
    actor_require(self, n_entries >= 0 && (entries || n_entries == 0),
                  "troupe_matrix_from_entries_later: no entries");
    return start(self, &request,
                 &(struct told){.options = *options,
                                .entries = entries,
                                .n_entries = n_entries,
                                .matrix = matrix,
                                .fault = fault},
                 task);
}

static troupe_status do_poisson(struct kernel_run *run,
                                const struct kernel_request *request)
{
    const struct told *told = request->argument;
    troupe_matrix made;

    TROUPE_TRY(troupe_matrix_poisson(run->self, run->team, told->n, told->n_points,
                                     &told->options, &made));
    return hand_over(run, request, made);
}

troupe_status troupe_matrix_poisson_later(troupe_actor *self,
                                          troupe_team *team,
                                          int64_t n,
                                          int n_points,
                                          const troupe_matrix_options *options,
                                          troupe_matrix *matrix,
                                          troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_matrix_poisson",
                                                      .call = do_poisson};
    struct kernel_request request = {.operation = &operation, .team = team};

    array_require(self, team, options, matrix, "troupe_matrix_poisson_later");
    return start(
        self, &request,
        &(struct told){
            .options = *options, .n = n, .n_points = n_points, .matrix = matrix},
        task);
}

static troupe_status do_load(struct kernel_run *run,
                             const struct kernel_request *request)
{
    const struct told *told = request->argument;
    troupe_matrix made;

    TROUPE_TRY(troupe_matrix_load(run->self, run->team, told->path, &told->options,
                                  &made, told->file_fault));
    return hand_over(run, request, made);
}

troupe_status troupe_matrix_load_later(troupe_actor *self,
                                       troupe_team *team,
                                       const char *path,
                                       const troupe_matrix_options *options,
                                       troupe_matrix *matrix,
                                       troupe_file_fault *fault,
                                       troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_matrix_load",
                                                      .call = do_load};
    struct kernel_request request = {.operation = &operation, .team = team};

    array_require(self, team, options, matrix, "troupe_matrix_load_later");
    actor_require(self, path != NULL, "troupe_matrix_load_later: no path");
    return start(
        self, &request,
        &(struct told){
            .options = *options, .path = path, .matrix = matrix, .file_fault = fault},
        task);
}

static troupe_status do_create_grid(struct kernel_run *run,
                                    const struct kernel_request *request)
{
    const struct told *told = request->argument;
    troupe_grid made;

    TROUPE_TRY(troupe_grid_create(run->self, run->team, &told->grid_options, &made));
    linear_grid_hand_over(linear_grid_find(run->self, made, request->operation->name),
                          request->team->member, request->team);
    *told->grid = made;
    return TROUPE_OK;
}

troupe_status troupe_grid_create_later(troupe_actor *self,
                                       troupe_team *team,
                                       const troupe_grid_options *options,
                                       troupe_grid *grid,
                                       troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_grid_create",
                                                      .call = do_create_grid};
    struct kernel_request request = {.operation = &operation, .team = team};

    array_require(self, team, options, grid, "troupe_grid_create_later");
    return start(self, &request, &(struct told){.grid_options = *options, .grid = grid},
                 task);
}

/* ---- saving and looking ------------------------------------------------------- */

static troupe_status do_save(struct kernel_run *run,
                             const struct kernel_request *request)
{
    const struct told *told = request->argument;

    return linear_save(run->self, run->team, linear_matrix_of(run, request->in[0]),
                       told->path, told->file_fault);
}

troupe_status troupe_matrix_save_later(troupe_actor *self,
                                       troupe_matrix id,
                                       const char *path,
                                       troupe_file_fault *fault,
                                       troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_matrix_save",
                                                      .call = do_save};
    struct kernel_request request = {
        .operation = &operation,
        .in = {linear_matrix_find(self, id, "troupe_matrix_save_later")->ends},
        .n_in = 1};

    actor_require(self, path != NULL, "troupe_matrix_save_later: no path");
    return start(self, &request, &(struct told){.path = path, .file_fault = fault},
                 task);
}

static troupe_status do_check(struct kernel_run *run,
                              const struct kernel_request *request)
{
    const struct told *told = request->argument;

    TROUPE_TRY(linear_check(run->self, run->team,
                            linear_matrix_of(run, request->out[0]), told->wishes,
                            told->fault));
    clear(told, "");
    return TROUPE_OK;
}

troupe_status troupe_matrix_check_later(troupe_actor *self,
                                        troupe_matrix id,
                                        unsigned wishes,
                                        troupe_matrix_fault *fault,
                                        troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_matrix_check",
                                                      .call = do_check};
    struct kernel_request request = {
        .operation = &operation,
        .out = {linear_matrix_find(self, id, "troupe_matrix_check_later")->ends},
        .n_out = 1}; /* so that there is one at a time */

    return start(self, &request, &(struct told){.wishes = wishes, .fault = fault},
                 task);
}
