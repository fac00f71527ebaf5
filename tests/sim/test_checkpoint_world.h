/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TEST_CHECKPOINT_WORLD_H
#define SIM_TEST_CHECKPOINT_WORLD_H

/* Short programs with a small state, each run in a folder of its own. */

#include "actor/actor.h"
#include "test_checkpoint_job.h"
#include <dirent.h>

/* Of the test, as all ranks live in this process. */
static struct world {
    struct quick_disk disk;
    struct checkpoint_options options;
    struct checkpoint_statistics statistics; /* rank 0's, when it ended */
    uint64_t seed;
    int64_t n_restored, sum;
    int n_finished;
    bool is_over;
} world;

struct toy {
    int64_t step;
    int64_t share;
};
TROUPE_TYPE(toy, step, share);

static inline void look(troupe_actor *self)
{
    if (troupe_rank(self) == 0)
        checkpoint_count(self->home->rank, &world.statistics);
}

static inline troupe_status meet(troupe_actor *self)
{
    return troupe_barrier(self, troupe_rank_team(self));
}

static inline int count_folders(void)
{
    char path[128];
    DIR *folder;
    int n = 0;

    snprintf(path, sizeof path, "%s/job", world.disk.path);
    folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        n += strncmp(entry->d_name, "ckpt-", 5) == 0;
    closedir(folder);
    return n;
}

static inline void open_world(void)
{
    world = (struct world){0};
    world.options = attempt_options(&world.disk);
}

static inline struct attempt attempt_of(const troupe_behavior *main, int n_ranks)
{
    return (struct attempt){.main = main,
                            .n_ranks = n_ranks,
                            .seed = attempt_first_seed(),
                            .checkpoint = &world.options};
}

static inline int run_to_end(const troupe_behavior *main, int n_ranks)
{
    struct attempt attempt = attempt_of(main, n_ranks);
    int exit_code = attempt_run(&attempt);

    ck_assert_int_eq(attempt.result.end, COMM_SIM_DONE);
    return exit_code;
}

#endif
