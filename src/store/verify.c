/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "store/disk.h"
#include <inttypes.h>
#include <string.h>

/* Is it as it was written, and is it ours? */

static troupe_status verify_records(struct store_reader *reader,
                                    const struct store_part *part)
{
    struct store_record record;
    uint64_t n_records = 0;
    troupe_status status;
    while ((status = store_reader_next(reader, &record)) == TROUPE_OK)
        n_records += record.is_last;
    if (status != TROUPE_NOT_FOUND || n_records == part->n_records)
        return status;
    return store_problem_set(&reader->problem, STORE_DAMAGED, reader->problem.path, -1,
                             "it holds %" PRIu64 " records instead of %" PRIu64,
                             n_records, part->n_records);
}

troupe_status store_verify_part(const struct store *store,
                                const struct store_manifest *manifest,
                                uint32_t part,
                                enum store_depth depth,
                                struct store_problem *problem)
{
    struct store_reader reader;
    troupe_status status = store_reader_open(&reader, store, manifest, part, NULL);
    if (status != TROUPE_OK) {
        *problem = reader.problem;
        return status;
    }
    status = TROUPE_NOT_FOUND;
    if (depth == STORE_DEEP)
        status = verify_records(&reader, &manifest->parts[part]);
    store_reader_close(&reader);
    if (status == TROUPE_NOT_FOUND)
        return TROUPE_OK;
    *problem = reader.problem;
    return status;
}

static troupe_status verify_parts(const struct store *store,
                                  const struct store_manifest *manifest,
                                  enum store_depth depth,
                                  struct store_problem *problem)
{
    for (uint32_t i = 0; i < manifest->n_parts; i++)
        TROUPE_TRY(store_verify_part(store, manifest, i, depth, problem));
    return TROUPE_OK;
}

troupe_status store_verify(const struct store *store,
                           const struct store_entry *entry,
                           enum store_depth depth,
                           struct store_problem *problem)
{
    struct store_manifest manifest;
    TROUPE_TRY(store_manifest_read(store, entry, &manifest, problem));
    troupe_status status = verify_parts(store, &manifest, depth, problem);
    store_manifest_fini(&manifest);
    return status;
}

troupe_status store_identity_check(const struct store *store,
                                   const struct store_identity *mine,
                                   const struct store_manifest *manifest,
                                   struct store_problem *problem)
{
    char path[STORE_PATH_BYTES];
    store_entry_path(path, store, manifest->epoch, manifest->attempt);
    if (mine->program && strcmp(mine->program, manifest->program) != 0)
        return store_problem_set(problem, STORE_OTHER_PROGRAM, path, -1,
                                 "it was saved by '%.50s', this is '%.50s'",
                                 manifest->program, mine->program);
    if (mine->schema_hash && mine->schema_hash != manifest->schema_hash)
        return store_problem_set(problem, STORE_OTHER_SCHEMA, path, -1,
                                 "it was saved with other types (%016" PRIx64
                                 ", here %016" PRIx64 ")",
                                 manifest->schema_hash, mine->schema_hash);
    return TROUPE_OK;
}

/* One candidate; on failure the manifest is gone again. */
static troupe_status try_entry(const struct store *store,
                               const struct store_entry *entry,
                               const struct store_identity *mine,
                               enum store_depth depth,
                               struct store_manifest *manifest,
                               struct store_problem *problem)
{
    TROUPE_TRY(store_manifest_read(store, entry, manifest, problem));
    troupe_status status = store_identity_check(store, mine, manifest, problem);
    if (status == TROUPE_OK)
        status = verify_parts(store, manifest, depth, problem);
    if (status != TROUPE_OK)
        store_manifest_fini(manifest);
    return status;
}

/* ---- choosing
 * ------------------------------------------------------------------------------ */

struct search {
    const struct store *store;
    const struct store_identity *mine;
    enum store_depth depth;
    struct store_manifest *manifest;
    struct store_problem *problem;
    store_skipped_fn *skipped;
    void *context;
    size_t n_bad, n_gone; /* of the last list */
};

/* NOT_FOUND: none would do. What cannot be read today may be the newest tomorrow. */
static troupe_status try_all(struct search *search, const struct store_list *list)
{
    search->n_bad = search->n_gone = 0;
    for (size_t i = 0; i < list->n_items; i++) {
        const struct store_entry *entry = &list->items[i];
        if (!entry->is_published || entry->is_fenced)
            continue;
        troupe_status status =
            try_entry(search->store, entry, search->mine, search->depth,
                      search->manifest, search->problem);
        if (status == TROUPE_OK)
            return TROUPE_OK;
        if (search->problem->verdict == STORE_GONE) {
            search->n_gone++;
        } else if (search->problem->verdict == STORE_DAMAGED) {
            search->skipped(search->context, entry, search->problem);
            search->n_bad++;
        } else if (search->problem->verdict != STORE_UNPUBLISHED) {
            return status;
        }
    }
    return TROUPE_NOT_FOUND;
}

static troupe_status search_through(struct search *search)
{
    troupe_status status;
    int n_lists = 0;
    do {
        struct store_list list;
        status = store_list_read(search->store, &list);
        if (status != TROUPE_OK) {
            store_problem_set(search->problem, STORE_UNREADABLE, search->store->path,
                              -1, "the folder cannot be read");
            return status;
        }
        status = try_all(search, &list);
        store_list_fini(&list);
    } while (status == TROUPE_NOT_FOUND && search->n_gone > 0 &&
             ++n_lists < STORE_MOST_LISTS);
    if (status == TROUPE_NOT_FOUND && search->n_bad > 0)
        store_problem_set(search->problem, STORE_DAMAGED, search->store->path, -1,
                          "none of its %zu checkpoints verifies", search->n_bad);
    else if (status == TROUPE_NOT_FOUND && search->n_gone == 0)
        store_problem_set(search->problem, STORE_UNPUBLISHED, search->store->path, -1,
                          "it has no finished checkpoint");
    return status;
}

troupe_status store_choose(const struct store *store,
                           const struct store_identity *mine,
                           enum store_depth depth,
                           struct store_manifest *manifest,
                           struct store_problem *problem,
                           store_skipped_fn *skipped,
                           void *context)
{
    struct search search = {.store = store,
                            .mine = mine,
                            .depth = depth,
                            .manifest = manifest,
                            .problem = problem,
                            .skipped = skipped,
                            .context = context};
    return search_through(&search);
}
