/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/later.h"
#include "array/file.h"
#include "troupe/array_later.h"
#include <stdio.h>

/* Arrays that are made, loaded and saved by a crew. */

troupe_status kernel_call_later(troupe_actor *self,
                                struct kernel_request *request,
                                troupe_file_fault *fault,
                                troupe_task *task)
{
    actor_require(self, task != NULL, "%s: no place for the task",
                  request->operation->name);
    request->how.task = task;
    if (fault) {
        fault->line = 0;
        snprintf(fault->text, sizeof fault->text, "%s", KERNEL_NOT_DONE);
    }
    return kernel_call(self, request, TROUPE_OK);
}

/* What a call was told. */
struct told {
    const char *path;
    union {
        troupe_array_options options;
        troupe_csv_options table;
        const troupe_csv_column *columns;
    };
    union { /* for formats alike */
        troupe_status (*load)(troupe_actor *self,
                              troupe_team *team,
                              const char *path,
                              const troupe_array_options *options,
                              troupe_array *array,
                              troupe_file_fault *fault);
        troupe_status (*save)(troupe_actor *self,
                              troupe_team *team,
                              const struct array *array,
                              const char *path,
                              troupe_file_fault *fault);
    };
    troupe_file_fault *fault;
};

static troupe_status start(troupe_actor *self,
                           struct kernel_request *request,
                           const struct told *told,
                           troupe_task *task)
{
    request->argument = told;
    request->argument_bytes = sizeof *told;
    return kernel_call_later(self, request, told->fault, task);
}

/* ---- making ------------------------------------------------------------------- */

static troupe_status keep(struct kernel_run *run, troupe_array made)
{
    run->made[run->n_made++] = array_find(run->self, made, "to make an array");
    return TROUPE_OK;
}

static troupe_status do_create(struct kernel_run *run,
                               const struct kernel_request *request)
{
    const struct told *told = request->argument;
    troupe_array made;

    TROUPE_TRY(troupe_array_create(run->self, run->team, &told->options, &made));
    return keep(run, made);
}

static troupe_status do_load(struct kernel_run *run,
                             const struct kernel_request *request)
{
    const struct told *told = request->argument;
    troupe_array made;

    TROUPE_TRY(told->load(run->self, run->team, told->path, &told->options, &made,
                          told->fault));
    return keep(run, made);
}

static troupe_status do_load_csv(struct kernel_run *run,
                                 const struct kernel_request *request)
{
    const struct told *told = request->argument;
    troupe_array made;

    TROUPE_TRY(troupe_array_load_csv(run->self, run->team, told->path, &told->table,
                                     &made, told->fault));
    return keep(run, made);
}

troupe_status troupe_array_create_later(troupe_actor *self,
                                        troupe_team *team,
                                        const troupe_array_options *options,
                                        troupe_array *array,
                                        troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_array_create",
                                                      .call = do_create};
    struct kernel_request request = {
        .operation = &operation, .team = team, .made = array};

    array_require(self, team, options, array, "troupe_array_create_later");
    return start(self, &request, &(struct told){.options = *options}, task);
}

troupe_status troupe_array_load_later(troupe_actor *self,
                                      troupe_team *team,
                                      const char *path,
                                      const troupe_array_options *options,
                                      troupe_array *array,
                                      troupe_file_fault *fault,
                                      troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_array_load",
                                                      .call = do_load};
    struct kernel_request request = {
        .operation = &operation, .team = team, .made = array};

    array_load_check(self, team, path, options, array);
    return start(self, &request,
                 &(struct told){.path = path,
                                .options = *options,
                                .load = troupe_array_load,
                                .fault = fault},
                 task);
}

troupe_status troupe_array_load_market_later(troupe_actor *self,
                                             troupe_team *team,
                                             const char *path,
                                             const troupe_array_options *options,
                                             troupe_array *array,
                                             troupe_file_fault *fault,
                                             troupe_task *task)
{
    static const struct kernel_operation operation = {
        .name = "troupe_array_load_market", .call = do_load};
    struct kernel_request request = {
        .operation = &operation, .team = team, .made = array};

    array_load_check(self, team, path, options, array);
    return start(self, &request,
                 &(struct told){.path = path,
                                .options = *options,
                                .load = troupe_array_load_market,
                                .fault = fault},
                 task);
}

troupe_status troupe_array_load_csv_later(troupe_actor *self,
                                          troupe_team *team,
                                          const char *path,
                                          const troupe_csv_options *options,
                                          troupe_array *array,
                                          troupe_file_fault *fault,
                                          troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_array_load_csv",
                                                      .call = do_load_csv};
    struct kernel_request request = {
        .operation = &operation, .team = team, .made = array};

    array_load_check(self, team, path, options, array);
    return start(self, &request,
                 &(struct told){.path = path, .table = *options, .fault = fault}, task);
}

/* ---- saving ------------------------------------------------------------------- */

static troupe_status do_save(struct kernel_run *run,
                             const struct kernel_request *request)
{
    const struct told *told = request->argument;

    return told->save(run->self, run->team, request->in[0], told->path, told->fault);
}

static troupe_status do_save_csv(struct kernel_run *run,
                                 const struct kernel_request *request)
{
    const struct told *told = request->argument;

    return array_save_csv(run->self, run->team, told->columns, request->n_in,
                          told->path, told->fault);
}

troupe_status troupe_array_save_later(troupe_actor *self,
                                      troupe_array array,
                                      const char *path,
                                      troupe_file_fault *fault,
                                      troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_array_save",
                                                      .call = do_save};
    struct kernel_request request = {.operation = &operation};

    actor_require(self, path != NULL, "troupe_array_save_later: no path");
    kernel_take_in(self, &request, array);
    return start(
        self, &request,
        &(struct told){.path = path, .save = array_save_binary, .fault = fault}, task);
}

troupe_status troupe_array_save_market_later(troupe_actor *self,
                                             troupe_array array,
                                             const char *path,
                                             troupe_file_fault *fault,
                                             troupe_task *task)
{
    static const struct kernel_operation operation = {
        .name = "troupe_array_save_market", .call = do_save};
    struct kernel_request request = {.operation = &operation};

    actor_require(self, path != NULL, "troupe_array_save_market_later: no path");
    kernel_take_in(self, &request, array);
    return start(
        self, &request,
        &(struct told){.path = path, .save = array_save_market, .fault = fault}, task);
}

troupe_status troupe_array_save_csv_later(troupe_actor *self,
                                          const troupe_csv_column *columns,
                                          int n_columns,
                                          const char *path,
                                          troupe_file_fault *fault,
                                          troupe_task *task)
{
    static const struct kernel_operation operation = {.name = "troupe_array_save_csv",
                                                      .call = do_save_csv};
    struct kernel_request request = {.operation = &operation};

    array_save_csv_check(self, columns, n_columns, path, "troupe_array_save_csv_later");
    if (n_columns < 1 || n_columns > TROUPE_MOST_ARRAYS)
        return TROUPE_INVALID;
    for (int i = 0; i < n_columns; i++)
        kernel_take_in(self, &request, columns[i].array);
    return start(self, &request,
                 &(struct told){.path = path, .columns = columns, .fault = fault},
                 task);
}
