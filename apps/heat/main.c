/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * heat: lets heat spread over a plate; --help says more.
 *
 * The rank processes do all of it together; rank 0 also reads, reports and writes. What
 * goes wrong at rank 0 alone is told to the others, so that all end alike.
 *
 * A checkpoint has one grid and the state. Each second step ends in the grid it began
 * in, so the other one holds nothing that is needed then. After a restart the frames
 * and reports behind the checkpoint come once more, the same as they were.
 */

#include "common/json.h"
#include "common/output.h"
#include "common/progress.h"
#include "frames.h"
#include "options.h"
#include "scene.h"
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The runtime knows of errors, not of what this command makes of them. */
static int exit_code = EXIT_ALL_DONE;

struct report {
    double energy, coldest, hottest;
};
TROUPE_TYPE(report, energy, coldest, hottest);

/* What all ranks must know to go on. */
struct state {
    int64_t width, height;
    int64_t n_steps;
    int64_t n_frames;
    double size; /* sum of the absolute temperatures at first */
    struct report begin, last;
};
TROUPE_TYPE(state,
            width,
            height,
            n_steps,
            n_frames,
            size,
            TROUPE_NESTED(begin, report),
            TROUPE_NESTED(last, report));

struct job {
    troupe_actor *self;
    bool is_first; /* rank 0: the one that speaks */
    struct options options;
    struct scene scene;
    struct frames frames;
    struct progress progress;
    troupe_grid now, next;
    struct state *state;
    int64_t n_done; /* steps since the start, or the checkpoint */
    double seconds; /* of these alone */
};

static void release(void *argument)
{
    struct job *job = argument;
    progress_hide(&job->progress);
    scene_fini(&job->scene);
    frames_fini(&job->frames);
}

/* Did rank 0 manage? All give up if not; it says why. */
static troupe_status
agree(struct job *job, bool is_good, const char *where, const char *why)
{
    uint64_t good = is_good;
    TROUPE_TRY(troupe_broadcast(job->self, troupe_rank_team(job->self), 0, &good,
                                sizeof good));
    if (good)
        return TROUPE_OK;
    exit_code = EXIT_NO_RESULT;
    progress_hide(&job->progress);
    if (job->is_first) {
        fprintf(stderr, "heat: %s: ", where);
        output_put_printable(stderr, why);
        fputc('\n', stderr);
    }
    return TROUPE_FAILED;
}

/* ---- the plate ---------------------------------------------------------------- */

/* The step of explicit Euler with central differences. */
static void spread(const troupe_strip *strip, const void *argument)
{
    const double rate = *(const double *)argument;
    const double *restrict above = troupe_strip_row(strip, -1, 0);
    const double *restrict here = troupe_strip_row(strip, 0, 0);
    const double *restrict below = troupe_strip_row(strip, 1, 0);
    double *restrict out = strip->out;
    for (int64_t i = 0; i < strip->n; i++)
        out[i] =
            here[i] + rate * (((above[i] + below[i]) + (here[i - 1] + here[i + 1])) -
                              4 * here[i]);
}
TROUPE_STENCIL(spread_kernel, spread);

static troupe_status read_scene(struct job *job)
{
    const struct options *options = &job->options;
    int64_t size[2];
    bool is_good = true;
    job->scene = (struct scene){.width = options->width, .height = options->height};
    if (options->path && job->is_first)
        is_good = scene_read(options->path, &job->scene);
    TROUPE_TRY(agree(job, is_good, options->path, job->scene.fault));
    size[0] = job->scene.width;
    size[1] = job->scene.height;
    TROUPE_TRY(
        troupe_broadcast(job->self, troupe_rank_team(job->self), 0, size, sizeof size));
    job->scene.width = job->state->width = size[0];
    job->scene.height = job->state->height = size[1];
    return TROUPE_OK;
}

static troupe_status make_grids(struct job *job)
{
    troupe_grid_options options = {.n_dimensions = 2,
                                   .size = {job->state->width, job->state->height},
                                   .border = {job->options.border, job->options.border},
                                   .fixed = job->options.fixed,
                                   .saved_as = "plate"};
    troupe_team *team = troupe_rank_team(job->self);
    troupe_status status = troupe_grid_create(job->self, team, &options, &job->now);
    options.saved_as = NULL;
    if (status == TROUPE_OK)
        status = troupe_grid_create(job->self, team, &options, &job->next);
    if (status == TROUPE_NO_MEMORY)
        return agree(job, false, "the plate", "there is not enough memory for it");
    return status;
}

static void copy_rows(const troupe_grid_facts *facts, const double *rows)
{
    int64_t width = facts->options.size[0];
    for (int64_t y = 0; y < facts->my_planes; y++)
        memcpy(facts->data + y * facts->plane_length, rows + y * width,
               (size_t)width * sizeof *rows);
}

/* Rank 0 has all rows, and each member gets its own. */
static troupe_status hand_out(struct job *job,
                              const troupe_grid_facts *facts,
                              double *rows,
                              troupe_outgoing *sends)
{
    troupe_array_facts array =
        troupe_array_describe(job->self, troupe_grid_array(job->now));
    size_t row_bytes = (size_t)job->scene.width * sizeof(double);
    const troupe_incoming receive = {
        .data = rows, .size_bytes = (size_t)facts->my_planes * row_bytes};
    troupe_exchange_lists lists = {.receives = &receive, .n_receives = 1};
    if (job->is_first) {
        lists.sends = sends;
        lists.n_sends = troupe_n_ranks(job->self);
        for (int i = 0; i < lists.n_sends; i++)
            sends[i] = (troupe_outgoing){
                i, job->scene.values + array.cuts[i] * job->scene.width,
                (size_t)(array.cuts[i + 1] - array.cuts[i]) * row_bytes};
    }
    TROUPE_TRY(troupe_exchange(job->self, array.team, &lists));
    copy_rows(facts, rows);
    return TROUPE_OK;
}

static void fill_demo(const struct job *job, const troupe_grid_facts *facts)
{
    for (int64_t y = 0; y < facts->my_planes; y++)
        for (int64_t x = 0; x < job->scene.width; x++)
            facts->data[y * facts->plane_length + x] = scene_at(
                x, facts->first_plane + y, job->scene.width, job->scene.height);
}

static troupe_status fill(struct job *job)
{
    troupe_grid_facts facts = troupe_grid_describe(job->self, job->now);
    if (!job->options.path) {
        fill_demo(job, &facts);
        return TROUPE_OK;
    }
    size_t n = (size_t)facts.my_planes * (size_t)job->scene.width;
    double *rows = malloc(n * sizeof *rows + 1);
    troupe_outgoing *sends = malloc((size_t)troupe_n_ranks(job->self) * sizeof *sends);
    troupe_status status =
        rows && sends ? hand_out(job, &facts, rows, sends) : TROUPE_NO_MEMORY;
    free(rows);
    free(sends);
    return status;
}

/* ---- reports ------------------------------------------------------------------ */

/* Sums of absolute values, block by block; what fills planes up is 0. */
static void add_size(const troupe_block *block, void *result, const void *argument)
{
    const double *x = block->in[0];
    double *sum = result;
    (void)argument;
    for (int64_t i = 0; i < block->n; i++)
        *sum += fabs(x[i]);
}

static void merge_sizes(void *left, const void *right)
{
    *(double *)left += *(const double *)right;
}
TROUPE_REDUCTION_KERNEL(size_kernel, add_size, merge_sizes, double);

struct ends {
    double coldest, hottest;
};

static void find_ends(const troupe_block *block, void *result, const void *argument)
{
    const int64_t *width = argument;
    const double *x = block->in[0];
    struct ends ends = {x[0], x[0]};
    for (int64_t i = 1; i < *width; i++) {
        ends.coldest = x[i] < ends.coldest ? x[i] : ends.coldest;
        ends.hottest = x[i] > ends.hottest ? x[i] : ends.hottest;
    }
    *(struct ends *)result = ends;
}

static void merge_ends(void *left, const void *right)
{
    struct ends *into = left;
    const struct ends *from = right;
    into->coldest = from->coldest < into->coldest ? from->coldest : into->coldest;
    into->hottest = from->hottest > into->hottest ? from->hottest : into->hottest;
}
TROUPE_REDUCTION_KERNEL(ends_kernel, find_ends, merge_ends, struct ends);

static troupe_status look(struct job *job, struct report *report)
{
    const troupe_arrays arrays = {.in = {troupe_grid_array(job->now)}};
    struct ends ends = {0};
    TROUPE_TRY(troupe_sum(job->self, arrays.in[0],
                          (troupe_how){.level = job->options.level}, &report->energy));
    TROUPE_TRY(troupe_reduce_blocks(job->self, &ends_kernel, &arrays,
                                    &job->state->width, TROUPE_TREE, &ends));
    report->coldest = ends.coldest;
    report->hottest = ends.hottest;
    return TROUPE_OK;
}

static double drift_of(const struct job *job)
{
    return job->state->size > 0
               ? (job->state->last.energy - job->state->begin.energy) / job->state->size
               : 0;
}

/* An infinity or NaN on the plate shows in the energy. */
static bool is_finite(const struct job *job)
{
    const struct report *last = &job->state->last;
    return isfinite(last->energy) && isfinite(drift_of(job)) &&
           isfinite(last->hottest - last->coldest);
}

static troupe_status tell(struct job *job)
{
    char where[40];
    TROUPE_TRY(look(job, &job->state->last));
    snprintf(where, sizeof where, "step %lld", (long long)job->state->n_steps);
    TROUPE_TRY(agree(job, is_finite(job), where,
                     "the temperatures are too large: they or their sum overflow"));
    if (job->is_first && !job->options.json) {
        progress_hide(&job->progress);
        printf("%9lld %24.17g %10.2e %12.6g %12.6g\n", (long long)job->state->n_steps,
               job->state->last.energy, drift_of(job), job->state->last.coldest,
               job->state->last.hottest);
    }
    troupe_status status = frames_write(&job->frames, job->now, job->state->n_steps);
    job->state->n_frames += job->options.frames != NULL;
    return agree(job, status == TROUPE_OK, "a frame", job->frames.fault);
}

static void print_json(const struct job *job)
{
    const char *name = job->options.path ? job->options.path : "demo";
    double n_cells = (double)job->state->width * (double)job->state->height;
    printf("{\"scene\":");
    json_write_string(stdout, (const unsigned char *)name, strlen(name));
    printf(",\"width\":%lld,\"height\":%lld,\"ranks\":%d,\"steps\":%lld,\"rate\":%.17g,"
           "\"energy_begin\":\"%a\",\"energy\":\"%a\",\"drift\":%.6e,"
           "\"coldest\":%.17g,\"hottest\":%.17g,\"frames\":%lld,\"seconds\":%.6f,"
           "\"cells_per_second\":%.6e}\n",
           (long long)job->state->width, (long long)job->state->height,
           troupe_n_ranks(job->self), (long long)job->state->n_steps, job->options.rate,
           job->state->begin.energy, job->state->last.energy, drift_of(job),
           job->state->last.coldest, job->state->last.hottest,
           (long long)job->state->n_frames, job->seconds,
           job->seconds > 0 ? n_cells * (double)job->n_done / job->seconds : 0);
}

/* ---- steps -------------------------------------------------------------------- */

static troupe_status step(struct job *job)
{
    troupe_grid last = job->now;
    int64_t begin_ns = troupe_now_ns(job->self);
    TROUPE_TRY(troupe_stencil(job->self, &spread_kernel, job->now, job->next,
                              &job->options.rate, TROUPE_TREE));
    job->now = job->next;
    job->next = last;
    job->state->n_steps++;
    job->n_done++;
    int64_t now_ns = troupe_now_ns(job->self);
    job->seconds += (double)(now_ns - begin_ns) * 1e-9;
    if (job->is_first) {
        char text[80];
        snprintf(text, sizeof text, "heat: step %lld of %lld",
                 (long long)job->state->n_steps, (long long)job->options.n_steps);
        progress_say(&job->progress, text, now_ns);
    }
    return TROUPE_OK;
}

/* From the scene, or from the checkpoint. */
static troupe_status start(struct job *job)
{
    if (troupe_is_restored(job->self))
        return make_grids(job);
    TROUPE_TRY(read_scene(job));
    TROUPE_TRY(make_grids(job));
    TROUPE_TRY(fill(job));
    scene_fini(&job->scene);
    const troupe_arrays arrays = {.in = {troupe_grid_array(job->now)}};
    TROUPE_TRY(troupe_reduce_blocks(job->self, &size_kernel, &arrays, NULL, TROUPE_TREE,
                                    &job->state->size));
    return look(job, &job->state->begin);
}

static troupe_status prepare(struct job *job)
{
    TROUPE_TRY(start(job));
    if (!frames_init(&job->frames, job->self, job->now, job->options.frames))
        return TROUPE_NO_MEMORY;
    job->frames.coldest = job->state->begin.coldest;
    job->frames.hottest = job->state->begin.hottest;
    return TROUPE_OK;
}

static troupe_status work(struct job *job)
{
    bool is_written;

    TROUPE_TRY(prepare(job));
    progress_start(&job->progress, "heat", 1, troupe_now_ns(job->self));
    job->progress.on = job->progress.on && job->is_first;
    if (job->is_first && !job->options.json)
        printf("%9s %24s %10s %12s %12s\n", "step", "energy", "drift", "coldest",
               "hottest");
    if (!troupe_is_restored(job->self))
        TROUPE_TRY(tell(job));
    while (job->state->n_steps < job->options.n_steps) {
        if (job->state->n_steps % 2 == 0)
            troupe_safepoint(job->self);
        TROUPE_TRY(step(job));
        if (job->state->n_steps % job->options.n_between == 0 ||
            job->state->n_steps == job->options.n_steps)
            TROUPE_TRY(tell(job));
    }
    progress_hide(&job->progress);
    if (job->is_first && job->options.json)
        print_json(job);
    errno = 0;
    is_written = !job->is_first || (fflush(stdout) == 0 && !ferror(stdout));
    return agree(job, is_written, "the result",
                 errno ? strerror(errno) : "standard output failed");
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct job *job = troupe_alloc(self, sizeof *job);
    if (!job)
        return TROUPE_NO_MEMORY;
    /* A library linked with -ffast-math takes subnormals for zeros where we reckon
     * ourselves: what is read, and the drift. */
    fesetenv(FE_DFL_ENV);
    *job = (struct job){
        .self = self, .is_first = troupe_rank(self) == 0, .state = troupe_state(self)};
    TROUPE_TRY(troupe_defer(self, release, job));
    if (!options_parse(argc, argv, job->is_first, &job->options)) {
        exit_code = EXIT_USAGE;
        return TROUPE_OK;
    }
    if (job->options.help) {
        if (job->is_first) {
            options_print_help(stdout);
            exit_code = output_finish("heat") ? EXIT_ALL_DONE : EXIT_NO_RESULT;
        }
        return TROUPE_OK;
    }
    troupe_status status = work(job);
    /* It has been said already: no need for the runtime to say it again. */
    return exit_code == EXIT_NO_RESULT ? TROUPE_OK : status;
}
TROUPE_PROCESS(rank_process, body, TROUPE_STATE(state), .flags = TROUPE_REPLICATED);

int main(int argc, char **argv)
{
    output_begin();
    int code = troupe_main(argc, argv, &(troupe_program){.main = &rank_process});
    return code == TROUPE_CODE_OK ? exit_code : code;
}
