/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

/*
 * Scenes: small programs on simulated time whose actors check as they go, each over a
 * few seeds. All ranks live in this process, so what they have seen stands in one
 * static struct, which is cleared before each run. A check that fails names the seed.
 */

#include "support/child.h"
#include "troupe/troupe.h"

struct scene {
    const troupe_behavior *main; /* names what it spawns by TROUPE_SPAWNS */
    int n_ranks;                 /* where records go over two hops, 3 instead of 2 */
    bool is_exact;               /* unless it must be so many */
    int exit_code;               /* that the run must give */
    void *seen;                  /* cleared before each run, may be NULL */
    size_t seen_bytes;
    void (*begin)(void); /* after that; may be NULL */
    void (*check)(void); /* after each run; may be NULL */
    bool may_leak;       /* the run is left in the middle */
};

/* TROUPE_TEST_SEEDS runs, or TROUPE_TEST_SEED alone; also looks for leaks. */
void scene_play(const struct scene *scene);
/* The same for tests that run their jobs themselves: `play` with each seed, and it may
 * use the EXPECTs. It says whether the seed was of use; one in so many has to be. */
void scene_play_seeds(bool (*play)(uint64_t seed), unsigned one_in);
/* One run in a child: what it says on standard error. Its exit code must be the
 * scene's. */
void scene_listen(const struct scene *scene, struct child_end *end);

uint64_t scene_seed(void);
bool scene_is_hostile(void);
void scene_fail(const char *file, int line, const char *format, ...)
    TROUPE_PRINTF(3, 4);

#define EXPECT(condition)                                                              \
    do {                                                                               \
        if (!(condition))                                                              \
            scene_fail(__FILE__, __LINE__, "not so: %s", #condition);                  \
    } while (0)

#define SCENE_STATUS(call, wanted, words)                                              \
    do {                                                                               \
        troupe_status scene_status_ = (call);                                          \
        if (scene_status_ != (wanted))                                                 \
            scene_fail(__FILE__, __LINE__, "%s gives %s, not %s", words,               \
                       troupe_status_name(scene_status_), troupe_status_name(wanted)); \
    } while (0)
#define EXPECT_STATUS(call, wanted) SCENE_STATUS(call, wanted, #call)
#define EXPECT_OK(call)             SCENE_STATUS(call, TROUPE_OK, #call)

#define EXPECT_INT(value, wanted)                                                      \
    do {                                                                               \
        long long scene_value_ = (long long)(value);                                   \
        long long scene_wanted_ = (long long)(wanted);                                 \
        if (scene_value_ != scene_wanted_)                                             \
            scene_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #value,             \
                       scene_value_, scene_wanted_);                                   \
    } while (0)

#endif
