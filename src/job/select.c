/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/select.h"
#include "job/machine.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(const char *text, size_t n)
{
    return n > 0 && n < 19 && strspn(text, "0123456789") >= n;
}

bool job_from_is_sound(const char *from)
{
    size_t n = strcspn(from, ".");

    if (strcmp(from, "newest") == 0 || strcmp(from, "none") == 0)
        return true;
    return is_number(from, n) && strtoull(from, NULL, 10) > 0 &&
           (from[n] == '\0' || is_number(from + n + 1, strlen(from + n + 1)));
}

/* Is it the one that was named? */
static bool is_named(const struct store_entry *entry, const char *from)
{
    char name[64];

    snprintf(name, sizeof(name), "%" PRIu64 ".%" PRIu32, entry->epoch, entry->attempt);
    if (strcmp(name, from) == 0)
        return true;
    *strchr(name, '.') = '\0';
    return strcmp(name, from) == 0 && !entry->is_fenced;
}

static void
refuse(struct job_choice *choice, int exit_code, const char *where, const char *why)
{
    choice->exit_code = exit_code;
    snprintf(choice->why, sizeof(choice->why), "%s: %s", where, why);
}

static void refuse_for_disk(struct job_choice *choice, const struct store *store)
{
    refuse(choice, JOB_EXIT_NO_CHECKPOINT, store->path, strerror(errno));
    choice->may_pass = true;
}

static void take(struct job_choice *choice, const struct store_entry *entry)
{
    choice->epoch = entry->epoch;
    choice->epoch_attempt = entry->attempt;
}

enum answer { ANSWER_TAKEN_OR_REFUSED, ANSWER_PASSED_OVER, ANSWER_GONE };

/* Only damage is passed over: what cannot be read now may be whole. */
static enum answer look_at(const struct store *store,
                           const struct store_entry *entry,
                           bool is_only,
                           struct job_choice *choice,
                           store_skipped_fn *skipped,
                           void *context)
{
    struct store_problem problem;

    if (store_verify(store, entry, STORE_QUICK, &problem) == TROUPE_OK) {
        take(choice, entry);
        return ANSWER_TAKEN_OR_REFUSED;
    }
    if (!is_only && problem.verdict == STORE_GONE)
        return ANSWER_GONE;
    if (is_only ||
        (problem.verdict != STORE_DAMAGED && problem.verdict != STORE_UNPUBLISHED)) {
        refuse(choice, store_verdict_exit_code(problem.verdict), problem.path,
               problem.text);
        choice->may_pass = problem.verdict == STORE_UNREADABLE;
        return ANSWER_TAKEN_OR_REFUSED;
    }
    skipped(context, entry, &problem);
    return ANSWER_PASSED_OVER;
}

/* False: some have gone since the list was made, and of the others none will do. */
static bool search(const struct store *store,
                   const struct store_list *list,
                   const char *from,
                   uint64_t ceiling_epoch,
                   struct job_choice *choice,
                   store_skipped_fn *skipped,
                   void *context)
{
    bool is_any = strcmp(from, "newest") == 0;
    size_t n_passed = 0, n_gone = 0;

    for (size_t i = 0; i < list->n_items; i++) {
        const struct store_entry *entry = &list->items[i];

        if (!entry->is_published ||
            (is_any ? entry->is_fenced : !is_named(entry, from)))
            continue;
        n_passed++;
        if (ceiling_epoch && entry->epoch >= ceiling_epoch)
            continue;
        switch (look_at(store, entry, !is_any, choice, skipped, context)) {
        case ANSWER_TAKEN_OR_REFUSED:
            return true;
        case ANSWER_GONE:
            n_gone++;
            break;
        case ANSWER_PASSED_OVER:
            break;
        }
    }
    if (n_gone)
        return false;
    /* To begin anew where there was something would throw work away unasked. */
    if (!is_any)
        refuse(choice, JOB_EXIT_NO_CHECKPOINT, store->path,
               "no such checkpoint: 'troupe checkpoint list' shows those there are");
    else if (ceiling_epoch)
        refuse(choice, JOB_EXIT_GAVE_UP, store->path, "no older checkpoint is left");
    else if (n_passed)
        refuse(choice, JOB_EXIT_NO_CHECKPOINT, store->path, "no checkpoint verifies");
    return true;
}

void job_choose(const struct store *store,
                const char *from,
                uint64_t ceiling_epoch,
                struct job_choice *choice,
                store_skipped_fn *skipped,
                void *context)
{
    if (strcmp(from, "none") == 0)
        return;
    for (int i = 0; i < STORE_MOST_LISTS; i++) {
        struct store_list list;
        bool is_over;

        if (store_list_read(store, &list) != TROUPE_OK) {
            refuse_for_disk(choice, store);
            return;
        }
        is_over = search(store, &list, from, ceiling_epoch, choice, skipped, context);
        store_list_fini(&list);
        if (is_over)
            return;
    }
    refuse(choice, JOB_EXIT_NO_CHECKPOINT, store->path,
           "its checkpoints go while they are read: does the job still run?");
}

void job_claim(const struct store *store,
               const char *from,
               uint64_t ceiling_epoch,
               struct job_choice *choice,
               store_skipped_fn *skipped,
               void *context)
{
    troupe_status status;

    *choice = (struct job_choice){.exit_code = 0};
    status = store_attempt_begin(store, &choice->attempt);
    if (status == TROUPE_OK)
        status = store_clean(store, choice->attempt);
    if (status == TROUPE_INVALID) {
        refuse(choice, JOB_EXIT_NO_CHECKPOINT, store->path,
               "no number is left for an attempt: a folder there ends with 4294967295");
        return;
    }
    if (status != TROUPE_OK) {
        refuse_for_disk(choice, store);
        return;
    }
    job_choose(store, from, ceiling_epoch, choice, skipped, context);
    if (choice->exit_code == 0 &&
        store_attempt_fence(store, choice->attempt, choice->epoch) != TROUPE_OK)
        refuse_for_disk(choice, store);
}
