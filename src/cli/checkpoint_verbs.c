/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/checkpoint.h"
#include "cli/cli.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What each `troupe checkpoint VERB` does with a folder that has been listed. */

/* ---- which one
 * ------------------------------------------------------------------------- */

int checkpoint_complain(int exit_code, const char *path, const char *words)
{
    fprintf(stderr, "troupe: %s: %s\n", path, words);
    return exit_code;
}

/* "12" is the one of epoch 12 that counts, "12.3" that of attempt 3; NULL the newest
 * that was finished. */
static const struct store_entry *find(const struct store_list *list, const char *wanted)
{
    for (size_t i = 0; i < list->n_items; i++) {
        const struct store_entry *entry = &list->items[i];
        bool counts = entry->is_published && !entry->is_fenced;
        char name[64];

        snprintf(name, sizeof(name), "%" PRIu64 ".%" PRIu32, entry->epoch,
                 entry->attempt);
        if (wanted ? strcmp(wanted, name) == 0 : counts)
            return entry;
        *strchr(name, '.') = '\0';
        if (wanted && counts && strcmp(wanted, name) == 0)
            return entry;
    }
    return NULL;
}

static const struct store_entry *find_or_complain(const struct store *store,
                                                  const struct store_list *list,
                                                  const char *wanted)
{
    const struct store_entry *entry = find(list, wanted);
    char words[160];

    if (!entry) {
        snprintf(words, sizeof(words), "no checkpoint '%.100s'", wanted ? wanted : "");
        checkpoint_complain(CLI_IO, store->path,
                            wanted ? words : "no finished checkpoint");
    }
    return entry;
}

/* ---- the verbs
 * ---------------------------------------------------------------------------- */

static int complain_of_none(const struct checkpoint_arguments *arguments,
                            const struct store *store,
                            const char *words)
{
    if (arguments->is_json)
        printf("[]\n");
    return checkpoint_complain(CLI_IO, store->path, words);
}

static void print_listed(const struct checkpoint_arguments *arguments,
                         const struct checkpoint_found *found,
                         bool is_first)
{
    if (arguments->is_json) {
        printf("%s", is_first ? "[" : ",\n");
        checkpoint_print_json(found, false);
        return;
    }
    if (is_first)
        checkpoint_print_heading();
    checkpoint_print_line(found);
}

int checkpoint_run_list(const struct checkpoint_arguments *arguments,
                        const struct store *store,
                        const struct store_list *list)
{
    size_t n_shown = 0;

    for (size_t i = 0; i < list->n_items; i++) {
        struct checkpoint_found found;

        checkpoint_look(store, &list->items[i], STORE_QUICK, &found);
        if (found.problem.verdict != STORE_GONE)
            print_listed(arguments, &found, n_shown++ == 0);
        store_manifest_fini(&found.manifest);
    }
    if (n_shown == 0 && list->n_items > 0)
        return CHECKPOINT_LIST_AGAIN;
    if (n_shown == 0)
        return complain_of_none(arguments, store, "no checkpoints");
    if (arguments->is_json)
        printf("]\n");
    return CLI_OK;
}

int checkpoint_run_show(const struct checkpoint_arguments *arguments,
                        const struct store *store,
                        const struct store_list *list)
{
    const struct store_entry *entry =
        find_or_complain(store, list, arguments->checkpoint);
    struct checkpoint_found found;

    if (!entry)
        return CLI_IO;
    checkpoint_look(store, entry, STORE_QUICK, &found);
    if (found.problem.verdict == STORE_GONE) {
        store_manifest_fini(&found.manifest);
        return CHECKPOINT_LIST_AGAIN;
    }
    if (arguments->is_json) {
        checkpoint_print_json(&found, true);
        printf("\n");
    } else {
        checkpoint_print_details(&found);
    }
    store_manifest_fini(&found.manifest);
    return CLI_OK;
}

/* The exit code for one, which has been printed; or it has gone. */
static int verify_one(const struct checkpoint_arguments *arguments,
                      const struct store *store,
                      const struct store_entry *entry,
                      bool is_first)
{
    struct checkpoint_found found;
    enum store_depth depth = arguments->is_quick ? STORE_QUICK : STORE_DEEP;

    checkpoint_look(store, entry, depth, &found);
    if (found.problem.verdict != STORE_GONE && arguments->is_json) {
        printf("%s", is_first ? "[" : ",\n");
        checkpoint_print_json(&found, false);
    } else if (found.problem.verdict != STORE_GONE) {
        checkpoint_print_verdict(&found);
    }
    store_manifest_fini(&found.manifest);
    if (found.problem.verdict == STORE_GONE)
        return CHECKPOINT_LIST_AGAIN;
    /* A fenced one is whole. */
    if (found.problem.verdict == STORE_FENCED)
        return CLI_OK;
    return store_verdict_exit_code(found.problem.verdict);
}

int checkpoint_run_verify(const struct checkpoint_arguments *arguments,
                          const struct store *store,
                          const struct store_list *list)
{
    int exit_code = CLI_OK;
    size_t n_verified = 0, n_gone = 0, n_fenced = 0;
    const struct store_entry *only = NULL;

    if (arguments->checkpoint) {
        only = find_or_complain(store, list, arguments->checkpoint);
        if (!only)
            return CLI_IO;
    }
    for (size_t i = 0; i < list->n_items; i++) {
        const struct store_entry *entry = &list->items[i];

        if (only ? entry != only : !entry->is_published)
            continue;
        int code = verify_one(arguments, store, entry, n_verified == 0);
        if (code == CHECKPOINT_LIST_AGAIN) {
            n_gone++;
            continue;
        }
        exit_code = code > exit_code ? code : exit_code;
        n_verified++;
        n_fenced += entry->is_fenced;
    }
    if (n_verified == 0 && n_gone > 0)
        return CHECKPOINT_LIST_AGAIN;
    if (n_verified == 0)
        return complain_of_none(arguments, store, "no finished checkpoint");
    if (arguments->is_json)
        printf("]\n");
    if (n_fenced == n_verified && !only)
        checkpoint_complain(exit_code, store->path,
                            "all are fenced: no restart takes one of them");
    return exit_code;
}

struct pruning {
    const struct checkpoint_arguments *arguments;
    size_t n_pruned;
};

static void tell_pruned(void *context, const struct store_entry *entry)
{
    struct pruning *pruning = context;

    if (pruning->arguments->is_json)
        printf("%s{\"epoch\":%" PRIu64 ",\"attempt\":%" PRIu32 "}",
               pruning->n_pruned ? ",\n" : "[", entry->epoch, entry->attempt);
    else
        printf("%s %" PRIu64 ".%" PRIu32 "\n",
               pruning->arguments->is_trial ? "would remove" : "removed", entry->epoch,
               entry->attempt);
    pruning->n_pruned++;
}

int checkpoint_run_prune(const struct checkpoint_arguments *arguments,
                         const struct store *store,
                         const struct store_list *list)
{
    struct pruning pruning = {.arguments = arguments};
    enum store_depth depth = arguments->is_quick ? STORE_QUICK : STORE_DEEP;
    troupe_status status;

    if (list->n_items == 0)
        return complain_of_none(arguments, store, "no checkpoints");
    status = store_prune(store, (size_t)arguments->n_keep, depth, arguments->is_trial,
                         tell_pruned, &pruning);
    if (arguments->is_json)
        printf("%s]\n", pruning.n_pruned ? "" : "[");
    else if (pruning.n_pruned == 0 && status == TROUPE_OK)
        printf("nothing to remove\n");
    if (status != TROUPE_OK)
        return checkpoint_complain(CLI_IO, store->path, strerror(errno));
    return CLI_OK;
}

int checkpoint_run_pin(const struct checkpoint_arguments *arguments,
                       const struct store *store,
                       const struct store_list *list)
{
    const struct store_entry *entry =
        find_or_complain(store, list, arguments->checkpoint);
    troupe_status status;

    if (!entry)
        return CLI_IO;
    if (!entry->is_published)
        return checkpoint_complain(CLI_IO, store->path,
                                   "an unfinished checkpoint is not pinned");
    status = store_pin(store, entry, !arguments->is_removal);
    if (status == TROUPE_NOT_FOUND)
        return CHECKPOINT_LIST_AGAIN;
    if (status != TROUPE_OK)
        return checkpoint_complain(CLI_IO, store->path, strerror(errno));
    if (arguments->is_json)
        printf("{\"epoch\":%" PRIu64 ",\"attempt\":%" PRIu32 ",\"pinned\":%s}\n",
               entry->epoch, entry->attempt, arguments->is_removal ? "false" : "true");
    else
        printf("%s %" PRIu64 ".%" PRIu32 "\n",
               arguments->is_removal ? "no longer pinned:" : "pinned", entry->epoch,
               entry->attempt);
    return CLI_OK;
}
