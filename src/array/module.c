/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/file.h"
#include "array/work.h"
#include "base/alloc.h"
#include "base/environment.h"
#include "placement/here.h"
#include <stdlib.h>
#include <string.h>

/* The arrays as one of the rank's modules. */

/* The first number of OpenMP's own variable, which may list one for each level; what
 * the rank's place has room for where it is not set. */
static int openmp_threads(const struct placement_here *place)
{
    const char *text = getenv("OMP_NUM_THREADS");
    long n = text ? strtol(text, NULL, 10) : place ? place->n_workers : 1;

    return n < 1 ? 1 : n > ARRAY_MOST_THREADS ? ARRAY_MOST_THREADS : (int)n;
}

static troupe_status count_threads(struct array_rank *here, const struct base_log *log)
{
    int64_t n = openmp_threads(placement_of(here->home->rank));

    TROUPE_TRY(base_env_int(log, "TROUPE_WORKERS", 1, ARRAY_MOST_THREADS, n, &n));
#ifdef _OPENMP
    here->n_threads = here->is_simulated ? 1 : (int)n;
#else
    here->n_threads = 1;
#endif
    return TROUPE_OK;
}

static troupe_status init(struct troupe *rank, const void *options)
{
    struct array_rank *here = base_new(struct array_rank);

    (void)options;
    rank->slot[BASE_SLOT_ARRAY] = here;
    here->home = actor_of(rank);
    here->is_simulated = strcmp(comm_backend_name(here->home->comm), "sim") == 0;
    base_map_init(&here->arrays);
    base_map_init(&here->filled);
    base_list_init(&here->all);
    base_list_init(&here->open);
    here->files = &base_files_real;
    return count_threads(here, &rank->log);
}

static void close_all(struct array_rank *here, const troupe_actor *member)
{
    struct base_list *node = here->open.next;

    while (node != &here->open) {
        struct array_file *file = CONTAINER_OF(node, struct array_file, node);

        node = node->next;
        if (!member || file->member == member)
            array_file_close(file);
    }
}

static void free_all(struct array_rank *here, const troupe_actor *member)
{
    struct base_list *node = here->all.next;

    while (node != &here->all) {
        struct array *array = CONTAINER_OF(node, struct array, node);

        node = node->next;
        if (!member || array->member == member)
            array_destroy(array);
    }
}

static void
actor_ended(struct troupe *rank, troupe_actor *actor, troupe_address address)
{
    struct array_rank *here = array_of(rank);

    (void)address;
    if (!here)
        return;
    close_all(here, actor);
    free_all(here, actor);
}

static void fini(struct troupe *rank)
{
    struct array_rank *here = array_of(rank);

    if (!here)
        return;
    close_all(here, NULL);
    free_all(here, NULL);
    base_map_fini(&here->arrays);
    base_map_fini(&here->filled);
    base_free(here);
    rank->slot[BASE_SLOT_ARRAY] = NULL;
}

static const struct base_saved_kind saved_kinds[] = {
    {ARRAY_SAVED_HEAD, BASE_SAVED_ASKED, "arrays"},
    {ARRAY_SAVED_RUN, BASE_SAVED_ASKED, "elements"},
};

const struct base_module array_module = {
    .name = "array",
    .slot = BASE_SLOT_ARRAY,
    .init = init,
    .fini = fini,
    .actor_ended = actor_ended,
    .saved = saved_kinds,
    .n_saved = ARRAY_LENGTH(saved_kinds),
    .save_bytes = array_save_bytes,
    .save = array_save,
    .loaded = array_loaded,
};
