/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/internal.h"
#include <string.h>

/*
 * Between the comparison and the actors, where there are checkpoints: rank 0 says from
 * which one all go on, all load, and only when all have does anybody run.
 */

static void keep_first(void *into, const void *from)
{
    (void)into;
    (void)from;
}

static void keep_choice(struct troupe *holder, const void *result, size_t size_bytes)
{
    struct runtime_rank *rank = runtime_rank_of(holder);

    memcpy(&rank->choice, result, size_bytes);
    rank->has_result = true;
}

struct comm_step runtime_choose_step(struct runtime_rank *rank)
{
    bool moved;

    if (!rank->is_reducing) {
        if (comm_rank(rank->comm) == 0)
            checkpoint_choose(&rank->troupe, &rank->choice);
        runtime_reduce(rank, keep_first, keep_choice, &rank->choice,
                       sizeof rank->choice);
    }
    moved = runtime_pump(rank);
    if (runtime_reduced(rank)) {
        rank->exit_code = rank->choice.exit_code;
        rank->phase = rank->exit_code == 0 ? RUNTIME_LOAD : RUNTIME_THROUGH;
        moved = true;
    }
    return runtime_wait(rank, moved);
}

struct comm_step runtime_load_step(struct runtime_rank *rank)
{
    bool moved;

    if (!rank->is_reducing)
        runtime_reduce_exit_code(rank, checkpoint_load(&rank->troupe, &rank->choice));
    moved = runtime_pump(rank);
    if (runtime_reduced(rank)) {
        rank->phase = rank->exit_code == 0 ? RUNTIME_JOIN : RUNTIME_THROUGH;
        rank->is_refused = rank->exit_code != 0;
        moved = true;
    }
    return runtime_wait(rank, moved);
}

struct comm_step runtime_join_step(struct runtime_rank *rank)
{
    bool moved;

    if (!rank->is_reducing)
        runtime_reduce_exit_code(rank, checkpoint_join(&rank->troupe));
    moved = runtime_pump(rank);
    if (runtime_reduced(rank)) {
        rank->phase = rank->exit_code == 0 ? RUNTIME_ACTORS : RUNTIME_THROUGH;
        rank->is_refused = rank->exit_code != 0;
        if (rank->exit_code == 0)
            checkpoint_begin(&rank->troupe);
        moved = true;
    }
    return runtime_wait(rank, moved);
}
