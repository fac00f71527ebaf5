/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/checkpoint.h"
#include "runtime/internal.h"
#include <stdio.h>

/* What a supervisor hears of checkpoints; rank 0 knows, and is the one that it asks. */

static bool ask(struct troupe *rank, char *why, size_t why_capacity)
{
    if (checkpoint_ask(rank) == TROUPE_OK)
        return true;
    snprintf(why, why_capacity, "this job takes no checkpoints");
    return false;
}

static uint32_t to_ms(int64_t duration_ns)
{
    return (uint32_t)(duration_ns / (1000 * 1000));
}

static enum runtime_news
news(struct troupe *holder, struct control_saved *saved, char *why, size_t why_capacity)
{
    struct runtime_rank *rank = runtime_rank_of(holder);
    struct checkpoint_statistics now;

    if (!checkpoint_is_on(holder) || comm_rank(rank->comm) != 0)
        return RUNTIME_NO_NEWS;
    checkpoint_count(holder, &now);
    if (now.n_published > rank->n_published_told) {
        rank->n_published_told = now.n_published;
        *saved = (struct control_saved){.epoch = now.published,
                                        .attempt = now.attempt,
                                        .size_bytes = now.size_bytes,
                                        .frozen_ms = to_ms(now.frozen_ns),
                                        .waited_ms = to_ms(now.waited_ns)};
        return RUNTIME_PUBLISHED;
    }
    if (now.n_given_up == rank->n_given_up_told)
        return RUNTIME_NO_NEWS;
    rank->n_given_up_told = now.n_given_up;
    snprintf(why, why_capacity, "a checkpoint was given up: %s",
             now.held_up_by[0] ? now.held_up_by : "see the job's log");
    return RUNTIME_GAVE_UP;
}

const struct runtime_saver runtime_saver = {.ask = ask, .news = news};
