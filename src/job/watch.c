/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/watch.h"
#include "base/alloc.h"
#include <string.h>

void job_watch_init(struct job_watch *watch, uint32_t n_ranks)
{
    memset(watch, 0, sizeof(*watch));
    watch->n_ranks = n_ranks;
    watch->ranks = base_new_array(struct job_watched, n_ranks);
}

void job_watch_fini(struct job_watch *watch)
{
    base_free(watch->ranks);
    memset(watch, 0, sizeof(*watch));
}

void job_watch_reset(struct job_watch *watch, uint32_t n_ranks)
{
    job_watch_fini(watch);
    job_watch_init(watch, n_ranks);
}

/* ---- what ranks say
 * ------------------------------------------------------------------- */

bool job_watch_hello(struct job_watch *watch,
                     const struct control_message *message,
                     int64_t now_ns)
{
    struct job_watched *rank;

    if (message->n_ranks != watch->n_ranks)
        return false;
    rank = &watch->ranks[message->rank];
    /* A program may start the runtime again after it has ended; the last one counts. */
    if (rank->is_here && !(rank->is_lost && rank->has_completed))
        return false;
    watch->n_here += !rank->is_here;
    watch->n_completed -= rank->has_completed;
    memset(rank, 0, sizeof(*rank));
    rank->is_here = true;
    rank->process_id = message->process_id;
    memcpy(rank->host, message->host, sizeof(rank->host));
    rank->heard_ns = rank->moved_ns = now_ns;
    return true;
}

void job_watch_beat(struct job_watch *watch,
                    uint32_t number,
                    const struct control_message *message,
                    int64_t now_ns)
{
    struct job_watched *rank = &watch->ranks[number];

    rank->heard_ns = now_ns;
    if (message->n_turns != rank->n_turns || message->n_messages != rank->n_messages)
        rank->moved_ns = now_ns;
    rank->n_turns = message->n_turns;
    rank->n_messages = message->n_messages;
    rank->activity = message->activity;
}

void job_watch_complete(struct job_watch *watch, uint32_t number, int exit_code)
{
    struct job_watched *rank = &watch->ranks[number];

    watch->n_completed += !rank->has_completed;
    rank->has_completed = true;
    rank->exit_code = exit_code;
}

bool job_watch_lose(struct job_watch *watch, uint32_t number)
{
    watch->ranks[number].is_lost = true;
    return !watch->ranks[number].has_completed;
}

void job_watch_await(struct job_watch *watch, int64_t since_ns)
{
    watch->n_awaited = 0;
    for (uint32_t i = 0; i < watch->n_ranks; i++) {
        struct job_watched *rank = &watch->ranks[i];

        rank->is_awaited =
            rank->is_here && !rank->is_lost && rank->heard_ns >= since_ns;
        watch->n_awaited += rank->is_awaited;
    }
}

bool job_watch_dumped(struct job_watch *watch, uint32_t number)
{
    struct job_watched *rank = &watch->ranks[number];

    rank->has_dumped = true;
    if (!rank->is_awaited)
        return false;
    rank->is_awaited = false;
    return --watch->n_awaited == 0;
}

bool job_watch_is_complete(const struct job_watch *watch, int *exit_code)
{
    *exit_code = 0;
    for (uint32_t i = 0; i < watch->n_ranks; i++)
        if (watch->ranks[i].exit_code > *exit_code)
            *exit_code = watch->ranks[i].exit_code;
    return watch->n_completed == watch->n_ranks;
}

uint64_t job_watch_messages(const struct job_watch *watch)
{
    uint64_t n_messages = 0;

    for (uint32_t i = 0; i < watch->n_ranks; i++)
        n_messages += watch->ranks[i].n_messages;
    return n_messages;
}

/* ---- does it hang?
 * -------------------------------------------------------------------- */

/* The rank that was silent for longest counts. */
static void look_at_silence(const struct job_watched *rank,
                            int number,
                            int64_t limit_ns,
                            int64_t now_ns,
                            struct job_verdict *verdict)
{
    int64_t since_ns = now_ns - rank->heard_ns;

    if (limit_ns == 0 || since_ns < limit_ns)
        return;
    if (verdict->hang == JOB_HANG_SILENT && verdict->since_ns >= since_ns)
        return;
    *verdict = (struct job_verdict){JOB_HANG_SILENT, number, since_ns};
}

/* Idle without a timer, it can only be woken by another. */
static void look_at_turn(const struct job_watched *rank,
                         int number,
                         int64_t limit_ns,
                         int64_t now_ns,
                         struct job_verdict *verdict)
{
    int64_t since_ns = now_ns - rank->moved_ns;

    if (limit_ns == 0 || since_ns < limit_ns || verdict->hang != JOB_NO_HANG)
        return;
    if (rank->activity == CONTROL_BUSY || rank->activity == CONTROL_STARTS)
        *verdict = (struct job_verdict){JOB_HANG_STUCK, number, since_ns};
}

/*
 * All idle, no timer, and nothing moves: ranks that wait for each other notice it
 * themselves in milliseconds and end the job, unless what they wait for was lost.
 */
static bool
all_are_still(const struct job_watch *watch, int64_t limit_ns, int64_t now_ns)
{
    if (limit_ns == 0 || watch->n_ranks == 0)
        return false;
    for (uint32_t i = 0; i < watch->n_ranks; i++) {
        const struct job_watched *rank = &watch->ranks[i];

        if (!rank->is_here || rank->has_completed || rank->activity != CONTROL_IDLE ||
            now_ns - rank->moved_ns < limit_ns)
            return false;
    }
    return true;
}

struct job_verdict job_watch_check(const struct job_watch *watch,
                                   int64_t liveness_ns,
                                   int64_t progress_ns,
                                   int64_t now_ns)
{
    struct job_verdict verdict = {JOB_NO_HANG, -1, 0};

    for (uint32_t i = 0; i < watch->n_ranks; i++) {
        const struct job_watched *rank = &watch->ranks[i];

        if (!rank->is_here || rank->is_lost)
            continue;
        look_at_silence(rank, (int)i, liveness_ns, now_ns, &verdict);
        look_at_turn(rank, (int)i, progress_ns, now_ns, &verdict);
    }
    if (verdict.hang == JOB_NO_HANG && all_are_still(watch, progress_ns, now_ns))
        verdict = (struct job_verdict){JOB_HANG_STILL, -1, progress_ns};
    return verdict;
}

const char *job_hang_text(enum job_hang hang)
{
    switch (hang) {
    case JOB_HANG_SILENT:
        return "is not heard of";
    case JOB_HANG_STUCK:
        return "is in one turn";
    case JOB_HANG_STILL:
        return "wait for mail that does not come";
    default:
        return "goes on";
    }
}
