/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/quiet.h"
#include "base/require.h"

/*
 * Mattern's four-counter method (F. Mattern, "Algorithms for distributed termination
 * detection", Distributed Computing 2, 1987, section 4) over a tree.
 *
 * A wave collects from every rank, at some moment of its own while it is passive and
 * has read all that arrived, the records it ever posted (S) and took (R). The verdict
 * falls when two waves, the second begun after the first was complete, find S1 = R1 =
 * S2 = R2 in sum.
 *
 * Why that is never early. Let t lie between the end of the first wave and the
 * beginning of the second. Counts only grow, so R1 <= R(t) and S(t) <= S2; a record is
 * posted before it is taken, so R(t) <= S(t). With R1 = S2 all are equal: at t nothing
 * was on its way, and as S1 = S2 and R1 = R2 hold in sums of things that only grow,
 * they hold for every rank: none posted or took anything between its two answers. Let
 * t_i be the moment of rank i's second answer. It was passive then. Suppose some rank
 * becomes active after its t_i because of a record, and take the first such: its record
 * was posted by a rank j after t_j (before t_j nobody had posted since t, when nothing
 * was on its way); so j was active after t_j, with no record to wake it, as ours is the
 * first. So it woke by itself: by a timer, a deadline, a foreign request. Ranks that
 * may do that say so in the flags that they offer, and the layer above does not act on
 * such a verdict. Hence, where it acts, all ranks are passive for good.
 *
 * It comes in the end: once nothing moves, every wave finds the same sums.
 *
 * Counting as taken only what the layer above has been given, and offering anew after
 * each record, is the caller's side of the bargain (receive.c, comm_is_active()).
 */

enum {
    PASSIVE_NS = 100 * 1000, /* before a wave, unless eager */
    RETRY_NS = 10 * 1000,    /* after a wave that found something on its way */
    MAX_RETRY_NS = 1000 * 1000,
    BACKOFF_NS = 1000 * 1000,         /* after a verdict on which nobody acted */
    MAX_BACKOFF_NS = 64 * 1000 * 1000 /* each wave wakes every rank */
};

void comm_quiet_init(struct comm_quiet *quiet, int rank, int n_ranks)
{
    *quiet = (struct comm_quiet){.rank = rank, .parent = rank ? (rank - 1) / 2 : -1};
    for (int child = 2 * rank + 1; child <= 2 * rank + 2 && child < n_ranks; child++)
        quiet->child[quiet->n_children++] = child;
    quiet->retry_ns = RETRY_NS;
    quiet->backoff_ns = BACKOFF_NS;
}

static bool is_root(const struct comm_quiet *quiet)
{
    return quiet->parent < 0;
}

void comm_quiet_set(
    struct comm_quiet *quiet, uint32_t any, uint32_t all, bool eager, int64_t now_ns)
{
    quiet->any = any;
    quiet->all = all;
    if (!quiet->is_offered || (eager && !quiet->is_eager))
        quiet->next_ns = eager ? now_ns : now_ns + PASSIVE_NS;
    quiet->n_offers += !quiet->is_offered;
    quiet->is_offered = true;
    quiet->is_eager = eager;
}

void comm_quiet_clear(struct comm_quiet *quiet)
{
    quiet->is_offered = false;
    quiet->is_eager = false;
    quiet->retry_ns = RETRY_NS;
    quiet->backoff_ns = BACKOFF_NS;
}

/* ---- what is heard ---- */

void comm_quiet_hear_down(struct comm_quiet *quiet, const struct comm_wave_down *down)
{
    if (down->verdict != quiet->down.verdict)
        quiet->has_verdict = true;
    if (down->verdict != quiet->down.verdict || down->wave != quiet->down.wave)
        quiet->tell_children = true;
    quiet->down = *down;
}

bool comm_quiet_hear_up(struct comm_quiet *quiet,
                        int child,
                        const struct comm_wave_up *up)
{
    for (int i = 0; i < quiet->n_children; i++) {
        if (quiet->child[i] == child) {
            quiet->heard[i] = *up;
            return true;
        }
    }
    return false;
}

/* ---- what is done ---- */

static bool is_wave_open(const struct comm_quiet *quiet)
{
    return quiet->answer.wave != quiet->down.wave;
}

static bool have_children_answered(const struct comm_quiet *quiet)
{
    for (int i = 0; i < quiet->n_children; i++) {
        if (quiet->heard[i].wave != quiet->down.wave)
            return false;
    }
    return true;
}

bool comm_quiet_is_due(const struct comm_quiet *quiet, int64_t now_ns)
{
    if (!quiet->is_offered)
        return false;
    if (is_wave_open(quiet))
        return have_children_answered(quiet);
    return is_root(quiet) && now_ns >= quiet->next_ns;
}

int64_t comm_quiet_wake_ns(const struct comm_quiet *quiet)
{
    bool may_begin = is_root(quiet) && quiet->is_offered && !is_wave_open(quiet);
    return may_begin ? quiet->next_ns : INT64_MAX;
}

static void grow(int64_t *duration_ns, int64_t limit_ns)
{
    *duration_ns = *duration_ns < limit_ns / 2 ? *duration_ns * 2 : limit_ns;
}

/* The root has the sums of a wave. */
static void judge(struct comm_quiet *quiet, int64_t now_ns)
{
    const struct comm_wave_up *sum = &quiet->answer;
    bool is_even = sum->n_posted == sum->n_taken;

    if (is_even && quiet->has_before && quiet->n_before == sum->n_posted) {
        quiet->down.verdict = sum->wave;
        quiet->down.any = sum->any;
        quiet->down.all = sum->all;
        quiet->has_verdict = quiet->tell_children = true;
        quiet->next_ns = now_ns + quiet->backoff_ns;
        grow(&quiet->backoff_ns, MAX_BACKOFF_NS);
    } else if (is_even) {
        quiet->next_ns = now_ns;
    } else {
        quiet->next_ns = now_ns + quiet->retry_ns;
        grow(&quiet->retry_ns, MAX_RETRY_NS);
    }
    quiet->has_before = is_even;
    quiet->n_before = sum->n_posted;
}

void comm_quiet_answer(struct comm_quiet *quiet,
                       uint64_t n_posted,
                       uint64_t n_taken,
                       int64_t now_ns)
{
    if (!is_wave_open(quiet)) {
        quiet->down.wave++;
        quiet->tell_children = true;
        if (!have_children_answered(quiet))
            return;
    }
    struct comm_wave_up sum = {quiet->down.wave, quiet->any, quiet->all, n_posted,
                               n_taken};
    for (int i = 0; i < quiet->n_children; i++) {
        sum.any |= quiet->heard[i].any;
        sum.all &= quiet->heard[i].all;
        sum.n_posted += quiet->heard[i].n_posted;
        sum.n_taken += quiet->heard[i].n_taken;
    }
    quiet->answer = sum;
    if (is_root(quiet))
        judge(quiet, now_ns);
    else
        quiet->tell_parent = true;
}

bool comm_quiet_verdict(struct comm_quiet *quiet, uint32_t *any, uint32_t *all)
{
    if (!quiet->has_verdict)
        return false;
    quiet->has_verdict = false;
    *any = quiet->down.any;
    *all = quiet->down.all;
    return true;
}
