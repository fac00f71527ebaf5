/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/checkpoint.h"
#include "runtime/internal.h"
#include <stdio.h>
#include <string.h>

/* What a supervisor hears of checkpoints; rank 0 knows, and is the one that it asks. */

/* Before that a wish still comes in time: the cut is made of what is there then. */
static bool is_writing(const struct checkpoint_statistics *now)
{
    return strcmp(now->doing, "writing") == 0;
}

static bool ask(struct troupe *holder, uint32_t n, char *why, size_t why_capacity)
{
    struct checkpoint_statistics now;

    checkpoint_count(holder, &now);
    runtime_wishes_take(&runtime_rank_of(holder)->wishes, n, is_writing(&now));
    if (checkpoint_ask(holder) == TROUPE_OK)
        return true;
    snprintf(why, why_capacity, "this job takes no checkpoints");
    return false;
}

static uint32_t to_ms(int64_t duration_ns)
{
    return (uint32_t)(duration_ns / (1000 * 1000));
}

static void tell_published(struct runtime_rank *rank,
                           const struct checkpoint_statistics *now,
                           struct control_saved *saved)
{
    uint64_t n_new = now->n_published - rank->n_published_told;

    rank->n_published_told = now->n_published;
    *saved = (struct control_saved){.epoch = now->published,
                                    .attempt = now->attempt,
                                    .size_bytes = now->size_bytes,
                                    .frozen_ms = to_ms(now->frozen_ns),
                                    .waited_ms = to_ms(now->waited_ns),
                                    .n_answered =
                                        runtime_wishes_published(&rank->wishes, n_new)};
}

static enum runtime_news
news(struct troupe *holder, struct control_saved *saved, char *why, size_t why_capacity)
{
    struct runtime_rank *rank = runtime_rank_of(holder);
    struct checkpoint_statistics now;
    enum runtime_news news = RUNTIME_NO_NEWS;

    if (!checkpoint_is_on(holder) || comm_rank(rank->comm) != 0)
        return RUNTIME_NO_NEWS;
    checkpoint_count(holder, &now);
    if (now.n_published > rank->n_published_told) {
        tell_published(rank, &now, saved);
        news = RUNTIME_PUBLISHED;
    } else if (now.n_given_up > rank->n_given_up_told) {
        rank->n_given_up_told = now.n_given_up;
        runtime_wishes_given_up(&rank->wishes);
        snprintf(why, why_capacity, "a checkpoint was given up: %s",
                 now.held_up_by[0] ? now.held_up_by : "see the job's log");
        news = RUNTIME_GAVE_UP;
    }
    runtime_wishes_look(&rank->wishes, is_writing(&now));
    return news;
}

const struct runtime_saver runtime_saver = {.ask = ask, .news = news};
