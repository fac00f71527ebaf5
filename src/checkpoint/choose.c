/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/cut.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What this attempt begins with: rank 0 looks into the store and decides for all. */

enum { EXIT_NO_CHECKPOINT = 74, EXIT_AGAIN = 75, EXIT_CONFIGURATION = 78 };

static void fail(struct checkpoint_choice *choice, int exit_code)
{
    choice->exit_code = exit_code;
}

/* ---- the store ----------------------------------------------------------------- */

/* What is wrong with it, 0: nothing. */
static int open_store(struct checkpoint_rank *here, int flags)
{
    const struct base_log *log = &here->home->rank->log;
    const char *directory = here->options.directory;
    char parent[STORE_PATH_BYTES];
    bool is_there;

    if (here->options.may_be_world_writable)
        flags |= STORE_ALLOW_WORLD_WRITABLE;
    errno = 0;
    if ((flags & STORE_CREATE) && store_place_check(here->options.files, directory,
                                                    parent, &is_there) != TROUPE_OK) {
        log_error(log, "the checkpoint directory %s cannot be made: %s: %s", directory,
                  parent, strerror(errno));
        return EXIT_NO_CHECKPOINT;
    }
    switch (store_open(&here->store, here->options.files, directory, here->options.job,
                       flags)) {
    case TROUPE_OK:
        here->pace.packing = here->options.packing;
        here->store.pace = &here->pace;
        return 0;
    case TROUPE_REFUSED:
        log_error(log,
                  "all the world may write into the checkpoint directory %s: chmod o-w "
                  "it, choose another, or set TROUPE_CHECKPOINT_WORLD_WRITABLE=1",
                  here->store.path);
        return EXIT_CONFIGURATION;
    case TROUPE_INVALID:
        log_error(log, "no place for checkpoints: directory '%s', job '%s'", directory,
                  here->options.job);
        return EXIT_CONFIGURATION;
    default:
        log_error(log, "the checkpoint directory %s cannot be used: %s", directory,
                  strerror(errno));
        return EXIT_NO_CHECKPOINT;
    }
}

int checkpoint_store_open(struct checkpoint_rank *here)
{
    return open_store(here, 0);
}

/* ---- which one ----------------------------------------------------------------- */

static void say_skipped(void *context,
                        const struct store_entry *entry,
                        const struct store_problem *problem)
{
    const struct checkpoint_rank *here = context;

    log_warning(&here->home->rank->log,
                "checkpoint %" PRIu64 ".%" PRIu32 " passed over, %s: %s: %s",
                entry->epoch, entry->attempt, store_verdict_text(problem->verdict),
                problem->path, problem->text);
}

static void refuse(struct checkpoint_rank *here,
                   const struct store_problem *problem,
                   struct checkpoint_choice *choice)
{
    log_error(&here->home->rank->log, "no restart: %s: %s: %s",
              store_verdict_text(problem->verdict), problem->path, problem->text);
    fail(choice, store_verdict_exit_code(problem->verdict));
}

static struct store_identity identity_of(const struct checkpoint_rank *here)
{
    return (struct store_identity){here->options.program, here->schema_hash};
}

static void choose_newest(struct checkpoint_rank *here,
                          struct checkpoint_choice *choice)
{
    struct store_identity identity = identity_of(here);
    struct store_problem problem = {0};
    struct store_manifest manifest;
    troupe_status status = store_choose(&here->store, &identity, STORE_QUICK, &manifest,
                                        &problem, say_skipped, here);

    if (status == TROUPE_OK) {
        choice->is_restart = true;
        choice->epoch = manifest.epoch;
        choice->of_attempt = manifest.attempt;
        store_manifest_fini(&manifest);
    } else if (problem.verdict != STORE_GOOD) {
        refuse(here, &problem, choice);
    } else {
        log_error(&here->home->rank->log, "none of the checkpoints in %s can be used",
                  here->store.path);
        fail(choice, EXIT_NO_CHECKPOINT);
    }
}

static void check_exact(struct checkpoint_rank *here,
                        const struct store_entry *entry,
                        struct checkpoint_choice *choice)
{
    struct store_identity identity = identity_of(here);
    struct store_problem problem = {0};
    struct store_manifest manifest;
    troupe_status status =
        store_manifest_read(&here->store, entry, &manifest, &problem);

    if (status == TROUPE_OK) {
        status = store_identity_check(&here->store, &identity, &manifest, &problem);
        store_manifest_fini(&manifest);
    }
    if (status == TROUPE_OK)
        status = store_verify(&here->store, entry, STORE_QUICK, &problem);
    if (status != TROUPE_OK) {
        refuse(here, &problem, choice);
        return;
    }
    choice->is_restart = true;
    choice->epoch = entry->epoch;
    choice->of_attempt = entry->attempt;
}

static void choose_exact(struct checkpoint_rank *here,
                         const struct store_list *list,
                         const char *from,
                         struct checkpoint_choice *choice)
{
    uint64_t epoch = 0;
    uint32_t attempt = 0;
    int n = sscanf(from, "%20" SCNu64 ".%10" SCNu32, &epoch, &attempt);

    for (size_t i = 0; n >= 1 && i < list->n_items; i++) {
        const struct store_entry *entry = &list->items[i];

        if (entry->epoch == epoch && entry->is_published && !entry->is_fenced &&
            (n == 1 || entry->attempt == attempt)) {
            check_exact(here, entry, choice);
            return;
        }
    }
    log_error(&here->home->rank->log, "there is no checkpoint %s in %s", from,
              here->store.path);
    fail(choice, EXIT_NO_CHECKPOINT);
}

static void choose(struct checkpoint_rank *here,
                   const struct store_list *list,
                   struct checkpoint_choice *choice)
{
    const char *from = here->options.from ? here->options.from : "newest";
    bool has_any = false;

    for (size_t i = 0; i < list->n_items; i++) {
        has_any |= list->items[i].is_published && !list->items[i].is_fenced;
        if (list->items[i].epoch > choice->epoch)
            choice->epoch = list->items[i].epoch;
    }
    if (strcmp(from, "newest") == 0 && !has_any && here->options.from)
        log_warning(&here->home->rank->log,
                    "no checkpoint in %s: the job begins at its start",
                    here->store.path);
    if (strcmp(from, "none") == 0 || (strcmp(from, "newest") == 0 && !has_any))
        return;
    if (strcmp(from, "newest") == 0)
        choose_newest(here, choice);
    else
        choose_exact(here, list, from, choice);
}

/* ---- the attempt --------------------------------------------------------------- */

/* Of two who work on a job, what one publishes is void. One that was killed a moment
 * ago may still be there. */
static troupe_status lock(struct checkpoint_rank *here,
                          struct checkpoint_choice *choice)
{
    const int64_t patience_ns = INT64_C(5) * 1000 * 1000 * 1000;
    troupe_status status =
        store_lock(&here->store, patience_ns, &here->lock_descriptor);

    if (status != TROUPE_REFUSED)
        return status;
    log_error(&here->home->rank->log,
              "somebody else works on this job in %s: wait for its end, or name "
              "another by TROUPE_CHECKPOINT_JOB",
              here->store.path);
    fail(choice, EXIT_AGAIN);
    return TROUPE_OK;
}

/* It may have had other arguments; so nobody goes on from its end by accident. */
static void refuse_completed(struct checkpoint_rank *here,
                             struct checkpoint_choice *choice)
{
    if (here->options.from || !store_is_completed(&here->store))
        return;
    log_error(&here->home->rank->log,
              "the job in %s is completed: TROUPE_RESTART_FROM=none begins anew, "
              "TROUPE_RESTART_FROM=newest goes on from its last checkpoint",
              here->store.path);
    fail(choice, EXIT_CONFIGURATION);
}

static troupe_status claim(struct checkpoint_rank *here,
                           struct checkpoint_choice *choice)
{
    choice->attempt = here->options.attempt;
    if (choice->attempt)
        return TROUPE_OK; /* a supervisor has done all this */
    TROUPE_TRY(lock(here, choice));
    if (choice->exit_code == 0)
        refuse_completed(here, choice);
    if (choice->exit_code != 0)
        return TROUPE_OK;
    TROUPE_TRY(store_attempt_begin(&here->store, &choice->attempt));
    return store_clean(&here->store, choice->attempt);
}

static troupe_status decide(struct checkpoint_rank *here,
                            struct checkpoint_choice *choice)
{
    struct store_list list;

    TROUPE_TRY(claim(here, choice));
    if (choice->exit_code != 0)
        return TROUPE_OK;
    TROUPE_TRY(store_list_read(&here->store, &list));
    choose(here, &list, choice);
    store_list_fini(&list);
    if (choice->exit_code != 0 || here->options.attempt)
        return TROUPE_OK;
    return store_attempt_fence(&here->store, choice->attempt, choice->epoch);
}

void checkpoint_choose(struct troupe *rank, struct checkpoint_choice *choice)
{
    struct checkpoint_rank *here = checkpoint_of(rank);
    troupe_status status;

    *choice = (struct checkpoint_choice){0};
    fail(choice, open_store(here, STORE_CREATE));
    if (choice->exit_code != 0)
        return;
    errno = 0;
    status = decide(here, choice);
    if (status != TROUPE_OK) {
        log_error(&rank->log, "the checkpoint directory %s cannot be used: %s",
                  here->store.path,
                  status == TROUPE_INVALID ? "no number is left for an attempt: a "
                                             "folder there ends with 4294967295"
                                           : strerror(errno));
        fail(choice, EXIT_NO_CHECKPOINT);
    }
    if (choice->exit_code == 0 && choice->is_restart)
        log_info(&rank->log, "attempt %" PRIu32 " goes on from checkpoint %" PRIu64,
                 choice->attempt, choice->epoch);
}

void checkpoint_completed(struct troupe *rank)
{
    struct checkpoint_rank *here = checkpoint_of(rank);

    if (!here->options.directory || here->options.attempt)
        return; /* a supervisor knows how the program ends, too */
    errno = 0;
    if (store_complete(&here->store, true) != TROUPE_OK)
        log_warning(&rank->log, "no mark that the job is completed in %s: %s",
                    here->store.path, strerror(errno));
}
