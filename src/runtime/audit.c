/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "comm/last_word.h"
#include "runtime/internal.h"
#include "runtime/lines.h"
#include <stdio.h>

/*
 * After the end: what was sent was taken, all credits are home, nothing is left behind.
 * Looked at when statistics are asked for, and always in builds with TROUPE_ASSERT,
 * where a defect also fails the job.
 */

#ifdef TROUPE_ASSERT
static const bool is_strict = true;
#else
static const bool is_strict = false;
#endif

static void audit_rank(struct runtime_rank *rank, struct base_bytes *faults)
{
    struct message_pool_counts pool;

    (void)comm_audit(rank->comm, faults);
    message_pool_count(rank->pool, &pool);
    if (pool.n_live_blocks > 0)
        base_bytes_append_format(
            faults, "rank %d: %llu message blocks were never given back\n",
            comm_rank(rank->comm), (unsigned long long)pool.n_live_blocks);
}

static void print_lines(const struct base_log *log, const struct base_bytes *text)
{
    size_t position = 0, length;
    const char *line;

    while (runtime_line_next(text, &position, &line, &length))
        log_error(log, "audit: %.*s", (int)length, line);
}

bool runtime_audit(struct runtime_job *job)
{
    bool has_statistics = job->ranks[0]->verdict.has_statistics;
    struct base_bytes faults;
    uint64_t is_well; /* everywhere */

    if (!has_statistics && !is_strict)
        return true;
    job->is_audited = true;
    base_bytes_init(&faults);
    for (int i = 0; i < job->n_ranks; i++)
        audit_rank(job->ranks[i], &faults);
    print_lines(&job->handle.log, &faults);
    is_well = faults.size == 0;
    comm_last_word(job->ranks[0]->comm, &is_well, 1);
    base_bytes_fini(&faults);
    if (is_well && has_statistics && comm_rank(job->ranks[0]->comm) == 0)
        fprintf(stderr, "audit: all well\n");
    return is_well || !is_strict;
}

void runtime_audit_memory(const struct base_log *log, int64_t n_live_before)
{
    int64_t n_left = base_alloc_live() - n_live_before;

    if (n_left == 0)
        return;
    log_error(log, "audit: %lld allocations were never freed", (long long)n_left);
    if (is_strict)
        base_end(TROUPE_CODE_RANK_FAILED);
}
