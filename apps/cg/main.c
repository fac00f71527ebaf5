/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * cg: solves a system of equations by conjugate gradients; --help says more.
 *
 * The rank processes do all of it together; rank 0 also writes.
 * What goes wrong at rank 0 alone is told to the others, so that all end alike.
 *
 * A checkpoint has what an iteration begins with and the residuals so far; the matrix
 * is made or read anew.
 */

#include "common/conjugate.h"
#include "common/json.h"
#include "common/output.h"
#include "common/progress.h"
#include "history.h"
#include "options.h"
#include <errno.h>
#include <fenv.h>
#include <string.h>

/* The runtime knows of errors, not of what this command makes of them. */
static int exit_code = EXIT_CONVERGED;

struct job {
    troupe_actor *self;
    bool is_first; /* rank 0: the one that speaks */
    struct options options;
    struct conjugate_standing *saved; /* the process's state */
    struct conjugate conjugate;
    struct history history;
    struct progress progress;
    bool is_converged;
    double true_norm;
    int64_t n_done; /* iterations since the start, or the checkpoint */
    double seconds; /* of these */
};

static void release(void *argument)
{
    struct job *job = argument;
    progress_hide(&job->progress);
    history_fini(&job->history);
}

static troupe_status give_up(struct job *job, const char *where, const char *why)
{
    exit_code = EXIT_NO_RESULT;
    progress_hide(&job->progress);
    if (job->is_first) {
        fprintf(stderr, "cg: %s: ", where);
        output_put_printable(stderr, why);
        fputc('\n', stderr);
    }
    return TROUPE_FAILED;
}

/* Did rank 0 manage? All ranks give up if not. */
static troupe_status agree(struct job *job, bool is_good)
{
    uint64_t good = is_good;
    TROUPE_TRY(troupe_broadcast(job->self, troupe_rank_team(job->self), 0, &good,
                                sizeof good));
    if (good)
        return TROUPE_OK;
    exit_code = EXIT_NO_RESULT;
    return TROUPE_FAILED;
}

/* ---- the matrix --------------------------------------------------------------- */

static troupe_status load(struct job *job, troupe_matrix *matrix)
{
    const struct options *options = &job->options;
    const troupe_matrix_options shape = {0};
    troupe_team *team = troupe_rank_team(job->self);
    troupe_file_fault fault = {0};
    char where[300];
    if (!options->path)
        return troupe_matrix_poisson(job->self, team, options->n,
                                     (int)options->n_points, &shape, matrix);
    troupe_status status =
        troupe_matrix_load(job->self, team, options->path, &shape, matrix, &fault);
    if (status == TROUPE_OK)
        return TROUPE_OK;
    if (fault.line > 0)
        snprintf(where, sizeof where, "%.250s, line %lld", options->path,
                 (long long)fault.line);
    else
        snprintf(where, sizeof where, "%.250s", options->path);
    return give_up(job, where, fault.text);
}

static const char *name_of(const struct job *job)
{
    return job->options.path ? job->options.path : "poisson";
}

static troupe_status prepare(struct job *job)
{
    troupe_matrix_fault fault;
    troupe_matrix matrix;
    troupe_status status = load(job, &matrix);
    if (status == TROUPE_NO_MEMORY)
        return give_up(job, name_of(job), "there is not enough memory for the matrix");
    TROUPE_TRY(status);
    status = troupe_matrix_check(job->self, matrix,
                                 TROUPE_CHECK_ALL | TROUPE_CHECK_POSITIVE, &fault);
    if (status == TROUPE_FAILED)
        return give_up(job, name_of(job), fault.text);
    TROUPE_TRY(status);
    if (troupe_matrix_describe(job->self, matrix).n_rows == 0)
        return give_up(job, name_of(job), "the matrix has no rows");
    status = conjugate_init_saved(&job->conjugate, job->self, matrix,
                                  job->options.right, job->saved);
    if (status == TROUPE_NO_MEMORY)
        return give_up(job, name_of(job), "there is not enough memory for the vectors");
    return status == TROUPE_FAILED ? give_up(job, name_of(job), job->conjugate.trouble)
                                   : status;
}

/* ---- solving ------------------------------------------------------------------ */

static void show(struct job *job)
{
    const struct conjugate *conjugate = &job->conjugate;
    char text[120];
    snprintf(text, sizeof text, "cg: iteration %lld, residual %.3e, to go to %.3e",
             (long long)conjugate->standing.n_iterations, conjugate->standing.norm,
             job->options.tolerance * conjugate->standing.right_norm);
    progress_say(&job->progress, text, troupe_now_ns(job->self));
}

static bool is_done(const struct job *job)
{
    const struct conjugate *conjugate = &job->conjugate;
    return conjugate->standing.norm <=
           job->options.tolerance * conjugate->standing.right_norm;
}

/* Where it stands, for the next safe point. */
static troupe_status note(struct job *job)
{
    *job->saved = job->conjugate.standing;
    return history_append(&job->history, job->saved->norm);
}

static troupe_status iterate(struct job *job)
{
    struct conjugate *conjugate = &job->conjugate;
    while (!is_done(job) && job->saved->n_iterations < job->options.n_iterations) {
        troupe_safepoint(job->self);
        troupe_status status = conjugate_step(conjugate);
        if (status == TROUPE_FAILED && conjugate->trouble[0])
            return give_up(job, name_of(job), conjugate->trouble);
        TROUPE_TRY(status);
        TROUPE_TRY(note(job));
        job->n_done++;
        if (job->is_first)
            show(job);
    }
    return TROUPE_OK;
}

/* The residual before the first iteration is one of them. */
static troupe_status begin_history(struct job *job)
{
    bool is_restored = troupe_is_restored(job->self);
    int64_t n = is_restored ? job->saved->n_iterations + 1 : 0;
    TROUPE_TRY(history_init(&job->history, job->self, n));
    return is_restored ? TROUPE_OK : note(job);
}

static troupe_status solve(struct job *job)
{
    int64_t begin_ns = troupe_now_ns(job->self);
    progress_start(&job->progress, "cg", 1, begin_ns);
    job->progress.on = job->progress.on && job->is_first;
    TROUPE_TRY(begin_history(job));
    TROUPE_TRY(iterate(job));
    job->seconds = (double)(troupe_now_ns(job->self) - begin_ns) * 1e-9;
    TROUPE_TRY(conjugate_true_norm(&job->conjugate, &job->true_norm));
    progress_hide(&job->progress);
    job->is_converged = is_done(job);
    if (!job->is_converged)
        exit_code = EXIT_NOT_CONVERGED;
    return TROUPE_OK;
}

/* ---- the result --------------------------------------------------------------- */

static void print_json(const struct job *job)
{
    const struct conjugate *conjugate = &job->conjugate;
    double n = (double)(job->n_done ? job->n_done : 1);
    double bytes = conjugate_iteration_bytes(conjugate);
    printf("{\"matrix\":");
    json_write_string(stdout, (const unsigned char *)name_of(job),
                      strlen(name_of(job)));
    printf(",\"rows\":%lld,\"entries\":%lld,\"ranks\":%d,\"iterations\":%lld,"
           "\"converged\":%s,\"residual\":\"%a\",\"relative\":%.6e,"
           "\"true_relative\":%.6e,\"seconds\":%.6f,\"seconds_per_iteration\":%.6e,"
           "\"bytes_per_iteration\":%.0f,\"bytes_per_second\":%.6e}\n",
           (long long)conjugate->n_rows, (long long)conjugate->n_entries,
           troupe_n_ranks(job->self), (long long)conjugate->standing.n_iterations,
           job->is_converged ? "true" : "false", conjugate->standing.norm,
           conjugate->standing.norm / conjugate->standing.right_norm,
           job->true_norm / conjugate->standing.right_norm, job->seconds,
           job->seconds / n, bytes, job->n_done ? bytes * n / job->seconds : 0);
}

static void print_text(const struct job *job)
{
    const struct conjugate *conjugate = &job->conjugate;
    double n = (double)(job->n_done ? job->n_done : 1);
    double bytes = conjugate_iteration_bytes(conjugate);
    int64_t n_rows = conjugate->n_rows, n_entries = conjugate->n_entries;
    int64_t n_iterations = conjugate->standing.n_iterations;
    printf("%s: %lld %s, %lld %s\n", name_of(job), (long long)n_rows,
           output_plural(n_rows, "row", "rows"), (long long)n_entries,
           output_plural(n_entries, "entry", "entries"));
    printf("%s after %lld %s: residual %.6e of b's norm, worked out anew %.6e\n",
           job->is_converged ? "solved" : "NOT solved", (long long)n_iterations,
           output_plural(n_iterations, "iteration", "iterations"),
           conjugate->standing.norm / conjugate->standing.right_norm,
           job->true_norm / conjugate->standing.right_norm);
    printf("%.3f s, %.3f ms an iteration, which moves %.1f MB: %.2f GB/s\n",
           job->seconds, 1e3 * job->seconds / n, 1e-6 * bytes,
           job->n_done ? 1e-9 * bytes * n / job->seconds : 0);
}

/* Nobody shall wait for a solution that has nowhere to go. */
static bool can_write(const char *path)
{
    if (!path || output_is_possible(path))
        return true;
    fprintf(stderr, "cg: %s: %s\n", path, strerror(errno));
    return false;
}

static bool write_result(struct job *job)
{
    const struct options *options = &job->options;
    bool is_good = true;
    if (options->json)
        print_json(job);
    else
        print_text(job);
    is_good &= output_finish("cg");
    if (options->history)
        is_good &= history_write(&job->history, options->history);
    if (options->plot)
        is_good &= history_plot(&job->history, options->plot);
    return is_good;
}

static troupe_status work(struct job *job)
{
    const struct options *options = &job->options;
    TROUPE_TRY(agree(job, !job->is_first || (can_write(options->history) &&
                                             can_write(options->plot))));
    TROUPE_TRY(prepare(job));
    TROUPE_TRY(solve(job));
    TROUPE_TRY(agree(job, !job->is_first || history_make_room(&job->history)));
    TROUPE_TRY(history_gather(&job->history));
    return agree(job, !job->is_first || write_result(job));
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct job *job = troupe_alloc(self, sizeof *job);
    if (!job)
        return TROUPE_NO_MEMORY;
    /* A library linked with -ffast-math takes subnormals for zeros where we reckon
     * ourselves: step lengths and norms. */
    fesetenv(FE_DFL_ENV);
    *job = (struct job){
        .self = self, .is_first = troupe_rank(self) == 0, .saved = troupe_state(self)};
    TROUPE_TRY(troupe_defer(self, release, job));
    if (!options_parse(argc, argv, job->is_first, &job->options)) {
        exit_code = EXIT_USAGE;
        return TROUPE_OK;
    }
    if (job->options.help) {
        if (job->is_first) {
            options_print_help(stdout);
            exit_code = output_finish("cg") ? EXIT_CONVERGED : EXIT_NO_RESULT;
        }
        return TROUPE_OK;
    }
    troupe_status status = work(job);
    /* It has been said already: no need for the runtime to say it again. */
    return exit_code == EXIT_NO_RESULT ? TROUPE_OK : status;
}
TROUPE_PROCESS(rank_process,
               body,
               TROUPE_STATE(conjugate_standing),
               .flags = TROUPE_REPLICATED);

int main(int argc, char **argv)
{
    output_begin(); /* that gnuplot is not there shows in its exit code, too */
    int code = troupe_main(argc, argv, &(troupe_program){.main = &rank_process});
    return code == TROUPE_CODE_OK ? exit_code : code;
}
