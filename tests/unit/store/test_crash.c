/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "unit/store/memory_disk.h"
#include "unit/store/story.h"

/*
 * The machine stops at any moment while a job of two attempts takes checkpoints, prunes
 * and is fenced: what was published before is found, or something newer, whole.
 */

/* Marks carry the epoch that a restart must reach from there on. */
static void mark(struct memory_disk *memory, uint64_t epoch)
{
    memory_do(memory, (struct disk_action){.verb = DISK_MARK, .target = (int)epoch});
}

static void take(struct memory_disk *memory,
                 const struct store *store,
                 uint64_t epoch,
                 uint32_t attempt)
{
    int n_pruned = 0;
    ck_assert_int_eq(story_write(store, epoch, attempt), TROUPE_OK);
    mark(memory, epoch);
    ck_assert_int_eq(store_prune(store, 2, STORE_QUICK, false, story_forget, &n_pruned),
                     TROUPE_OK);
    ck_assert_int_eq(n_pruned, epoch > 2);
}

/* Attempt 1 takes 1, 2, 3; attempt 2 goes on from 3, takes 4, 5. */
static void live(struct memory_disk *memory)
{
    struct store store;
    uint32_t attempt;
    ck_assert_int_eq(
        store_open(&store, &memory->files, "/disk/run", "job", STORE_CREATE),
        TROUPE_OK);
    for (uint64_t epoch = 1; epoch <= 5; epoch++) {
        if (epoch == 1 || epoch == 4) {
            ck_assert_int_eq(store_attempt_begin(&store, &attempt), TROUPE_OK);
            ck_assert_int_eq(attempt, epoch == 1 ? 1 : 2);
            ck_assert_int_eq(store_clean(&store, attempt), TROUPE_OK);
            ck_assert_int_eq(store_attempt_fence(&store, attempt, epoch - 1),
                             TROUPE_OK);
        }
        take(memory, &store, epoch, attempt);
    }
}

/* What the next start does, on what is left. */
static void go_on(const struct store *store, uint64_t found)
{
    uint32_t attempt;
    int n_skipped = 0;
    ck_assert_int_eq(store_attempt_begin(store, &attempt), TROUPE_OK);
    ck_assert_int_eq(store_clean(store, attempt), TROUPE_OK);
    ck_assert_uint_eq(story_choose(store, &n_skipped), found);
    ck_assert_int_eq(store_attempt_fence(store, attempt, found), TROUPE_OK);
    ck_assert_int_eq(story_write(store, found + 1, attempt), TROUPE_OK);
    ck_assert_uint_eq(story_choose(store, &n_skipped), found + 1);
}

/* Nothing is ever seen as a checkpoint that is not whole. */
static void expect_all_whole(const struct store *store)
{
    struct store_list list;
    struct store_problem problem;
    ck_assert_int_eq(store_list_read(store, &list), TROUPE_OK);
    for (size_t i = 0; i < list.n_items; i++)
        ck_assert(!list.items[i].is_published ||
                  store_verify(store, &list.items[i], STORE_DEEP, &problem) ==
                      TROUPE_OK);
    store_list_fini(&list);
}

static void judge(const struct disk_log *log, int n, int variant, uint64_t least)
{
    struct base_random random = {(uint64_t)n * 1000 + (uint64_t)variant};
    struct memory_disk memory;
    struct store store;
    memory_init(&memory, NULL);
    memory.n_nodes = MAX_NODES / 2; /* those of the log have their own */
    disk_crash(&memory.disk, log, n, variant, &random);
    if (store_open(&store, &memory.files, "/disk/run", "job", 0) == TROUPE_OK) {
        uint64_t found = story_choose(&store, NULL);
        ck_assert_msg(found >= least,
                      "after %d actions, variant %d: epoch %d instead of %d", n,
                      variant, (int)found, (int)least);
        expect_all_whole(&store);
        go_on(&store, found);
    } else {
        ck_assert_uint_eq(least, 0);
    }
    memory_fini(&memory);
}

START_TEST(whatever_a_crash_leaves_holds_what_was_published)
{
    const char *sanitizer = getenv("TROUPE_SANITIZE");
    int n_variants = sanitizer && sanitizer[0] ? 4 : 60; /* it is slow there */
    struct disk_log log = {0};
    struct memory_disk memory;
    memory_init(&memory, &log);
    ck_assert_int_eq(memory.files.mkdir(&memory.files, "/disk", 0700), 0);
    memory_do(&memory, (struct disk_action){.verb = DISK_SYNC});
    int n_before = log.n_actions;
    live(&memory);
    memory_fini(&memory);
    uint64_t least = 0, n_states = 0;
    for (int n = n_before; n <= log.n_actions; n++) {
        if (n > 0 && log.actions[n - 1].verb == DISK_MARK)
            least = (uint64_t)log.actions[n - 1].target;
        for (int variant = 0; variant < n_variants; variant++, n_states++)
            judge(&log, n, variant, least);
    }
    ck_assert_uint_eq(least, 5);
    printf("%d actions, %d states\n", log.n_actions, (int)n_states);
    ck_assert(n_variants < 60 || n_states >= 10000);
    disk_log_fini(&log);
}
END_TEST

CHECK_MAIN("crash", whatever_a_crash_leaves_holds_what_was_published)
