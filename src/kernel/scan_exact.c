/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/work.h"
#include "kernel/element.h"
#include "kernel/exact.h"
#include "kernel/scan.h"
#include "numeric/running.h"
#include "team/team.h"
#include <string.h>

/*
 * Where sums are exact it does not show how they are split. So a part is cut into a
 * chunk for each thread: an accumulator is as large as hundreds of elements, and blocks
 * may be as short as 16. First the chunks are summed, then each is scanned from what
 * stands before it on.
 */

enum { TASK = 4096 }; /* elements: some 70 us to scan */

struct exact_chunk {
    struct numeric_exact sum;
    struct numeric_running running;
};

struct exact_scan {
    const struct array *x, *to;
    struct numeric_terms terms; /* the part */
    int64_t n, n_chunks;
    bool is_exclusive;
    struct exact_chunk *chunks;
};

static int64_t tasks_per_chunk(const struct exact_scan *work)
{
    int64_t n_most = work->n / work->n_chunks + (work->n % work->n_chunks != 0);

    return (n_most + TASK - 1) / TASK;
}

/* A task's chunk and elements; a chunk's last tasks may have none. */
struct exact_piece {
    struct exact_chunk *chunk;
    int64_t begin, n; /* of the part */
};

static struct exact_piece piece_of(const struct exact_scan *work, int64_t task)
{
    int64_t n_tasks = tasks_per_chunk(work), chunk = task / n_tasks;
    int64_t begin = array_share(work->n, work->n_chunks, chunk) + task % n_tasks * TASK;
    int64_t n_left = array_share(work->n, work->n_chunks, chunk + 1) - begin;

    return (struct exact_piece){&work->chunks[chunk], begin,
                                n_left < TASK ? n_left : TASK};
}

static void total_task(void *context, int64_t task, int thread)
{
    const struct exact_scan *work = context;
    struct exact_piece piece = piece_of(work, task);
    struct numeric_terms terms;

    (void)thread;
    if (piece.n <= 0)
        return;
    terms = numeric_terms_at(&work->terms, piece.begin);
    numeric_exact_add(&piece.chunk->sum, NULL, &terms, piece.n);
}

static void scan_task(void *context, int64_t task, int thread)
{
    const struct exact_scan *work = context;
    struct exact_piece piece = piece_of(work, task);
    int64_t first = array_mine_first(work->x) + piece.begin;

    (void)thread;
    if (piece.n <= 0)
        return;
    numeric_running_scan(&piece.chunk->running, kernel_element_of(work->x->element),
                         work->is_exclusive, array_at(work->x, first), piece.n,
                         (double *)(void *)array_at(work->to, first));
}

/* What stands before the part: `all` comes as the part's own sum. */
static troupe_status
sum_before(struct kernel_run *run, struct kernel_exact *all, struct numeric_exact *sum)
{
    const struct kernel_fold fold = {.join = kernel_exact_join};

    numeric_exact_init(sum);
    TROUPE_TRY(kernel_combine_before(run, &all->partial, sizeof *all, &fold));
    return run->team->index > 0 ? numeric_exact_unpack(sum, all->bytes) : TROUPE_OK;
}

static void begin_chunks(struct exact_scan *work, struct numeric_exact *before)
{
    for (int64_t i = 0; i < work->n_chunks; i++) {
        numeric_running_begin(&work->chunks[i].running, before);
        numeric_exact_merge(before, &work->chunks[i].sum);
    }
}

static troupe_status scan_part(struct kernel_run *run, struct exact_scan *work)
{
    int64_t n_tasks = work->n_chunks * tasks_per_chunk(work);
    struct numeric_exact sum;
    struct kernel_exact all;
    troupe_status status;

    for (int64_t i = 0; i < work->n_chunks; i++)
        numeric_exact_init(&work->chunks[i].sum);
    kernel_work_rising(run, n_tasks, total_task, work);
    numeric_exact_init(&sum);
    for (int64_t i = 0; i < work->n_chunks; i++)
        numeric_exact_merge(&sum, &work->chunks[i].sum);
    memset(&all, 0, sizeof all);
    numeric_exact_pack(&sum, all.bytes);
    status = array_agree(run->self, run->team, sum_before(run, &all, &sum), 0);
    if (status == TROUPE_OK) {
        begin_chunks(work, &sum);
        kernel_work_rising(run, n_tasks, scan_task, work);
    }
    return status;
}

troupe_status kernel_scan_exactly(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  troupe_status mine)
{
    const struct array *x = request->in[0];
    struct exact_scan work = {.x = x,
                              .to = request->out[0],
                              .terms = {.isa = run->here->isa,
                                        .term = x->element == TROUPE_FLOAT
                                                    ? NUMERIC_SUM_FLOAT
                                                    : NUMERIC_SUM_DOUBLE,
                                        .x = x->memory.bytes},
                              .n = array_mine_length(x),
                              .n_chunks = array_n_threads(run->self),
                              .is_exclusive = request->words[1] != 0};

    if (run->is_again) /* other splits */
        work.n_chunks *= 3;
    work.chunks = kernel_take(run, (size_t)work.n_chunks * sizeof *work.chunks);
    if (mine == TROUPE_OK && !work.chunks)
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK)
        mine = scan_part(run, &work);
    kernel_give(work.chunks);
    return mine;
}
