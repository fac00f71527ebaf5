/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "checkpoint/cut.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * What rank 0 does: it begins a cut, hears how far the ranks are, orders the freeze,
 * hears of the parts, and has the whole published or taken away. One cut at a time,
 * and the next begins only when nothing of the last one is left to do.
 */

static const int64_t least_retry_ns = 1000 * 1000 * 1000;
static const int64_t most_retry_ns = INT64_C(60) * 1000 * 1000 * 1000;
enum { RELEASE_SPAN_NS = 10 * 1000 * 1000, MOST_RELEASE_SPAN_NS = 1000 * 1000 * 1000 };

void checkpoint_send_all(struct checkpoint_rank *here,
                         enum checkpoint_kind kind,
                         uint64_t reference,
                         uint32_t word)
{
    const struct comm_header header = {
        .kind = (uint8_t)kind, .reference = reference, .incarnation = word};

    for (int rank = 1; rank < here->home->n_ranks; rank++)
        comm_post_must(here->home->comm, rank, &header, NULL, 0);
    comm_flush(here->home->comm, COMM_FLUSH_URGENT);
}

/* ---- beginning ----------------------------------------------------------------- */

static int64_t later(int64_t now_ns, int64_t span_ns)
{
    return span_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + span_ns;
}

void checkpoint_lead_plan(struct checkpoint_rank *here)
{
    if (here->lead->retry_ns == 0)
        here->lead->retry_ns = least_retry_ns;
    here->lead->next_ns = later(
        checkpoint_now_ns(here),
        checkpoint_interval_ns(here->options.every_ns, here->statistics.frozen_ns));
}

static bool may_begin(const struct checkpoint_rank *here)
{
    const struct checkpoint_lead *lead = here->lead;

    return here->is_on && here->phase == CHECKPOINT_IDLE && lead->chore == CHORE_NONE &&
           !lead->must_abandon && !here->home->is_ending &&
           here->home->verdict == ACTOR_VERDICT_NONE;
}

static void begin(struct checkpoint_rank *here)
{
    struct checkpoint_lead *lead = here->lead;
    int64_t now_ns = checkpoint_now_ns(here);

    lead->is_for_request |= lead->is_wanted;
    lead->reason = lead->is_for_request ? "asked for" : "interval";
    lead->deadline_ns = later(now_ns, here->options.patience_ns);
    lead->release_span_ns = RELEASE_SPAN_NS;
    lead->release_ns = now_ns + RELEASE_SPAN_NS;
    lead->n_written = 0;
    memset(lead->has_written, 0,
           (size_t)here->home->n_ranks * sizeof *lead->has_written);
    lead->failed_rank = -1;
    lead->has_folder = false;
    memset(lead->status, 0, (size_t)here->home->n_ranks * sizeof *lead->status);
    here->statistics.held_up_by[0] = '\0';
    checkpoint_lead_plan(here);
    checkpoint_send_all(here, CHECKPOINT_KIND_PREPARE, here->epoch + 1, here->turn + 1);
    checkpoint_prepare(here, here->epoch + 1, here->turn + 1);
    checkpoint_chore_give(here, CHORE_BEGIN);
}

/* ---- giving up ----------------------------------------------------------------- */

/* One line for each cause, until something has changed. */
static void complain(struct checkpoint_rank *here, int cause, const char *text)
{
    if (here->lead->complained != cause)
        log_warning(&here->home->rank->log,
                    "checkpoint %" PRIu64 " given up: %s; the job goes on", here->epoch,
                    text);
    here->lead->complained = cause;
    here->statistics.n_given_up++;
    snprintf(here->statistics.held_up_by, sizeof here->statistics.held_up_by, "%s",
             text);
}

static void
complain_of(struct checkpoint_rank *here, int rank, int status, int error_number)
{
    char text[120];

    snprintf(text, sizeof text, "rank %d: %s", rank,
             error_number ? strerror(error_number)
                          : troupe_status_text((troupe_status)status));
    complain(here, error_number ? error_number : -1 - status, text);
}

/* Whoever asked for it need not ask again; but not at once. */
static void plan_retry(struct checkpoint_rank *here)
{
    struct checkpoint_lead *lead = here->lead;
    int64_t at_ns;

    if (!lead->is_for_request && !lead->is_wanted)
        return;
    lead->is_wanted = false;
    at_ns = later(checkpoint_now_ns(here), lead->retry_ns);
    if (at_ns < lead->next_ns)
        lead->next_ns = at_ns;
    lead->retry_ns =
        lead->retry_ns < most_retry_ns / 2 ? lead->retry_ns * 2 : most_retry_ns;
}

static void clean_up(struct checkpoint_rank *here)
{
    plan_retry(here);
    here->lead->must_abandon = true;
    here->lead->deadline_ns = INT64_MAX;
}

static void give_up(struct checkpoint_rank *here)
{
    checkpoint_send_all(here, CHECKPOINT_KIND_GIVE_UP, 0, 0);
    checkpoint_drop(here);
    clean_up(here);
}

/* ---- getting ready ------------------------------------------------------------- */

void checkpoint_lead_status(struct checkpoint_rank *here,
                            int rank,
                            const struct checkpoint_status *status)
{
    bool has_been_ready = here->lead->status[rank].has_been_ready;

    here->lead->status[rank] = *status;
    here->lead->status[rank].has_been_ready = has_been_ready || status->is_ready;
}

static bool are_all_ready(const struct checkpoint_rank *here)
{
    const struct checkpoint_status *status = here->lead->status;
    const struct checkpoint_status *first = NULL;
    uint64_t balance = 0;

    for (int i = 0; i < here->home->n_ranks; i++) {
        if (!status[i].is_known || !status[i].is_ready)
            return false;
        balance += status[i].balance;
        if (!status[i].has_number)
            continue;
        if (first && first->number != status[i].number)
            return false;
        first = &status[i];
    }
    return balance == 0;
}

/* Of those that are at safe points and would go on; UINT64_MAX: none would. */
static uint64_t lowest_number(const struct checkpoint_rank *here)
{
    uint64_t lowest = UINT64_MAX;

    for (int i = 0; i < here->home->n_ranks; i++) {
        const struct checkpoint_status *status = &here->lead->status[i];

        if (status->is_process_able && status->number < lowest)
            lowest = status->number;
    }
    return lowest;
}

static bool is_any_able(const struct checkpoint_rank *here)
{
    for (int i = 0; i < here->home->n_ranks; i++)
        if (here->lead->status[i].is_any_able)
            return true;
    return false;
}

/* The others may wait for what these do next. */
static void release(struct checkpoint_rank *here)
{
    struct checkpoint_lead *lead = here->lead;

    if (is_any_able(here)) {
        uint64_t number = lowest_number(here);

        checkpoint_send_all(here, CHECKPOINT_KIND_RELEASE, number, 0);
        checkpoint_release(here, number);
        here->has_told = false;
    }
    if (lead->release_span_ns < MOST_RELEASE_SPAN_NS)
        lead->release_span_ns *= 2;
    lead->release_ns = checkpoint_now_ns(here) + lead->release_span_ns;
}

/*
 * Who is not there yet may be waiting for one that is: for room in its mailbox, or for
 * an answer. That one goes on, and comes to its safe point again.
 */
static void release_wanted(struct checkpoint_rank *here)
{
    struct checkpoint_status *status = here->lead->status;
    struct comm_header header = {.kind = CHECKPOINT_KIND_RELEASE_WANTED,
                                 .reference = lowest_number(here)};

    for (int rank = 1; rank < here->home->n_ranks; rank++) {
        if (!status[rank].is_wanted)
            continue;
        status[rank].is_wanted = false; /* until it is told again */
        comm_post_must(here->home->comm, rank, &header, NULL, 0);
        comm_flush_rank(here->home->comm, rank, COMM_FLUSH_URGENT);
    }
    if (status[0].is_wanted)
        checkpoint_release_wanted(here, header.reference);
    status[0].is_wanted = false;
}

static void order_freeze(struct checkpoint_rank *here)
{
    here->lead->deadline_ns = later(checkpoint_now_ns(here), here->options.patience_ns);
    checkpoint_send_all(here, CHECKPOINT_KIND_FREEZE, 0, here->turn);
    here->is_freeze_ordered = true;
}

static void say_who_holds_up(struct checkpoint_rank *here)
{
    char text[140];
    int n = 0, first = -1;

    for (int i = 0; i < here->home->n_ranks; i++) {
        if (here->lead->status[i].has_been_ready)
            continue;
        n++;
        if (first < 0)
            first = i;
    }
    if (n == 0)
        snprintf(text, sizeof text,
                 "the processes come to their safe points at different times");
    else
        snprintf(text, sizeof text, "rank %d%s no safe point in %.0f s", first,
                 n > 1 ? " and others come to" : " comes to",
                 (double)here->options.patience_ns * 1e-9);
    complain(here, INT32_MIN, text);
}

/* Nothing will happen any more: what the job comes to is found when the cut is over. */
static void leave(struct checkpoint_rank *here)
{
    int64_t at_ns = later(checkpoint_now_ns(here), least_retry_ns);

    if (here->otherwise == ACTOR_VERDICT_DEADLOCK)
        complain(here, INT32_MIN + 2, "nobody can go on");
    give_up(here);
    if (here->lead->next_ns < at_ns)
        here->lead->next_ns = at_ns;
}

static void all_still(struct checkpoint_rank *here)
{
    if (is_any_able(here))
        release(here);
    else if (here->otherwise != ACTOR_VERDICT_NONE)
        leave(here);
}

static void prepare_step(struct checkpoint_rank *here)
{
    struct checkpoint_lead *lead = here->lead;
    int64_t now_ns = checkpoint_now_ns(here);

    if (are_all_ready(here)) {
        if (lead->has_folder && !here->is_freeze_ordered)
            order_freeze(here);
    } else if (now_ns >= lead->deadline_ns) {
        say_who_holds_up(here);
        give_up(here);
    } else if (here->quiet_tag == here->cut.tag) {
        all_still(here);
    } else if (now_ns >= lead->release_ns) {
        release(here);
    } else {
        release_wanted(here);
    }
}

static void frozen_step(struct checkpoint_rank *here)
{
    if (checkpoint_now_ns(here) < here->lead->deadline_ns)
        return;
    complain(here, INT32_MIN + 1, "messages on their way do not arrive");
    give_up(here);
}

void checkpoint_lead_step(struct checkpoint_rank *here)
{
    if (here->phase == CHECKPOINT_PREPARING)
        prepare_step(here);
    else if (here->phase == CHECKPOINT_FROZEN)
        frozen_step(here);
}

/* ---- saved, written ------------------------------------------------------------ */

void checkpoint_lead_summed(struct checkpoint_rank *here)
{
    int64_t now_ns = checkpoint_now_ns(here);

    if (here->sum.outcome == OUTCOME_NOT_READY)
        return;
    here->lead->is_for_request |= here->lead->is_wanted;
    here->lead->is_wanted = false;
    here->lead->deadline_ns = INT64_MAX;
    here->statistics.frozen_ns = now_ns - here->froze_ns;
    here->statistics.waited_ns = here->froze_ns - here->began_ns;
    if (here->sum.outcome == OUTCOME_FAILED) {
        complain_of(here, here->sum.rank, here->sum.status, 0);
        clean_up(here);
    }
}

static void all_written(struct checkpoint_rank *here)
{
    struct checkpoint_lead *lead = here->lead;

    if (lead->failed_rank < 0) {
        checkpoint_chore_give(here, CHORE_PUBLISH);
        return;
    }
    complain_of(here, lead->failed_rank, lead->failed_status, lead->failed_error);
    clean_up(here);
}

void checkpoint_lead_written(struct checkpoint_rank *here,
                             int rank,
                             const struct checkpoint_written *written)
{
    struct checkpoint_lead *lead = here->lead;

    /* Others may know the outcome, and have written, before this rank looks at it. */
    if (here->phase != CHECKPOINT_WRITING && here->phase != CHECKPOINT_SAVED)
        return;
    lead->has_written[rank] = true;
    lead->manifest.parts[rank] = written->part;
    if (written->status != TROUPE_OK && lead->failed_rank < 0) {
        lead->failed_rank = rank;
        lead->failed_status = written->status;
        lead->failed_error = written->error;
    }
    if (++lead->n_written == here->home->n_ranks)
        all_written(here);
    checkpoint_tick_arm(here);
}

/* ---- the worker's answers ------------------------------------------------------ */

/* All may begin the next; those that have not written their part yet do so before. */
static void send_done(struct checkpoint_rank *here, troupe_status status)
{
    const struct comm_header header = {.kind = CHECKPOINT_KIND_DONE,
                                       .type = (uint16_t)status};

    for (int rank = 1; rank < here->home->n_ranks; rank++)
        comm_post_must(here->home->comm, rank, &header, NULL, 0);
    comm_flush(here->home->comm, COMM_FLUSH_URGENT);
    if (here->phase == CHECKPOINT_WRITING)
        checkpoint_finish(here);
}

static void published(struct checkpoint_rank *here)
{
    struct checkpoint_statistics *statistics = &here->statistics;

    here->lead->complained = 0;
    here->lead->is_for_request = false;
    here->lead->retry_ns = least_retry_ns;
    statistics->published = here->epoch;
    statistics->published_at_ns = checkpoint_now_ns(here);
    statistics->n_published++;
    statistics->size_bytes = 0;
    for (int i = 0; i < here->home->n_ranks; i++)
        statistics->size_bytes += here->lead->manifest.parts[i].size_bytes;
    log_info(&here->home->rank->log,
             "checkpoint %" PRIu64 " published: %d ranks, %.3g MB, frozen %.0f ms, "
             "waited %.0f ms",
             here->epoch, here->home->n_ranks, (double)statistics->size_bytes * 1e-6,
             (double)statistics->frozen_ns * 1e-6,
             (double)statistics->waited_ns * 1e-6);
    if (here->lead->prune_status != TROUPE_OK)
        log_info(&here->home->rank->log, "older checkpoints could not be removed: %s",
                 troupe_status_text(here->lead->prune_status));
    send_done(here, TROUPE_OK);
    checkpoint_tell_published(here);
    if (here->options.every_ns == 0)
        checkpoint_lead_plan(here);
}

static void chore_done(struct checkpoint_rank *here)
{
    struct checkpoint_lead *lead = here->lead;
    enum checkpoint_chore chore = lead->chore;
    bool is_good = lead->chore_status == TROUPE_OK;

    lead->chore = CHORE_NONE;
    if (!is_good && chore != CHORE_ABANDON && !lead->must_abandon)
        complain_of(here, 0, (int)lead->chore_status, lead->chore_error);
    if (chore == CHORE_BEGIN) {
        lead->has_folder = is_good;
        if (!is_good && here->phase != CHECKPOINT_IDLE)
            give_up(here);
    } else if (chore == CHORE_PUBLISH && is_good) {
        published(here);
    } else if (chore == CHORE_PUBLISH) {
        clean_up(here);
    } else {
        lead->must_abandon = lead->has_folder = false;
        if (here->phase == CHECKPOINT_WRITING)
            send_done(here, TROUPE_IO);
    }
}

void checkpoint_lead_tick(struct checkpoint_rank *here)
{
    struct checkpoint_lead *lead = here->lead;

    if (here->is_writing || !checkpoint_worker_is_idle(&here->worker))
        return;
    if (lead->chore != CHORE_NONE)
        chore_done(here);
    if (lead->must_abandon && lead->chore == CHORE_NONE)
        checkpoint_chore_give(here, CHORE_ABANDON);
    if (may_begin(here) &&
        (lead->is_wanted || checkpoint_now_ns(here) >= lead->next_ns))
        begin(here);
}

int64_t checkpoint_lead_next_ns(const struct checkpoint_rank *here)
{
    const struct checkpoint_lead *lead = here->lead;

    if (here->phase == CHECKPOINT_PREPARING)
        return lead->release_ns < lead->deadline_ns ? lead->release_ns
                                                    : lead->deadline_ns;
    if (!may_begin(here))
        return INT64_MAX;
    return lead->is_wanted ? 0 : lead->next_ns;
}

/* ---- asking -------------------------------------------------------------------- */

troupe_status checkpoint_ask(struct troupe *rank)
{
    const struct comm_header header = {.kind = CHECKPOINT_KIND_ASK};
    struct checkpoint_rank *here = checkpoint_of(rank);

    if (!here->is_on)
        return TROUPE_REFUSED;
    if (!here->lead) {
        comm_post_must(here->home->comm, 0, &header, NULL, 0);
        return TROUPE_OK;
    }
    here->lead->is_wanted = true;
    checkpoint_tick_arm(here);
    return TROUPE_OK;
}
