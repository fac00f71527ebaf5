/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "unit/store/memory_disk.h"
#include "unit/store/story.h"
#include <limits.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

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
    REQUIRE(store_attempt_begin(store, &attempt) == TROUPE_OK);
    REQUIRE(store_clean(store, attempt) == TROUPE_OK);
    REQUIRE(story_choose(store, &n_skipped) == found);
    REQUIRE(store_attempt_fence(store, attempt, found) == TROUPE_OK);
    REQUIRE(story_write(store, found + 1, attempt) == TROUPE_OK);
    REQUIRE(story_choose(store, &n_skipped) == found + 1);
}

/* Nothing is ever seen as a checkpoint that is not whole. */
static void expect_all_whole(const struct store *store)
{
    struct store_list list;
    struct store_problem problem;
    REQUIRE(store_list_read(store, &list) == TROUPE_OK);
    for (size_t i = 0; i < list.n_items; i++)
        REQUIRE(!list.items[i].is_published ||
                store_verify(store, &list.items[i], STORE_DEEP, &problem) == TROUPE_OK);
    store_list_fini(&list);
}

static void judge(struct memory_disk *memory, int n, uint64_t least)
{
    struct store store;
    if (store_open(&store, &memory->files, "/disk/run", "job", 0) == TROUPE_OK) {
        uint64_t found = story_choose(&store, NULL);
        if (found < least)
            ck_abort_msg("after %d actions: epoch %d instead of %d", n, (int)found,
                         (int)least);
        expect_all_whole(&store);
        go_on(&store, found);
    } else {
        REQUIRE(least == 0);
    }
}

/* ---- which disks there were
 * --------------------------------------------------------- */

enum { MAX_STATES = 1 << 20, MAX_ACTIONS = 1000, N_TEARS = 200 };

/* Trees that were judged, and the epoch that they had to hold at least. */
struct seen {
    uint64_t hashes[MAX_STATES], leasts[MAX_STATES];
    int n;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct disk_name *)a)->name,
                  ((const struct disk_name *)b)->name);
}

/* Of all that a path leads to: names, in their order, and bytes. */
static uint64_t hash_tree(const struct disk *disk,
                          int node) /* NOLINT(misc-no-recursion) */
{
    const struct disk_node *here = disk->nodes[node];
    struct disk_name names[MAX_NAMES];
    if (!here)
        return 0;
    uint64_t hash = XXH3_64bits_withSeed(here->data, here->size_bytes, here->is_folder);
    memcpy(names, here->names, sizeof(names));
    qsort(names, (size_t)here->n_names, sizeof(names[0]), compare_names);
    for (int i = 0; i < here->n_names; i++) {
        hash = XXH3_64bits_withSeed(names[i].name, NAME_BYTES, hash);
        uint64_t below = hash_tree(disk, names[i].node);
        hash = XXH3_64bits_withSeed(&below, sizeof(below), hash);
    }
    return hash;
}

/* Is there more to learn from this tree than from those that were? */
static bool is_news(struct seen *seen, uint64_t hash, uint64_t least)
{
    size_t i = hash % MAX_STATES;
    while (seen->hashes[i] != 0 && seen->hashes[i] != hash)
        i = (i + 1) % MAX_STATES;
    bool is_new = seen->hashes[i] == 0;
    if (!is_new && seen->leasts[i] >= least)
        return false;
    seen->n += is_new;
    REQUIRE(seen->n < MAX_STATES);
    seen->hashes[i] = hash;
    seen->leasts[i] = least;
    return true;
}

/* ---- a moment
 * ----------------------------------------------------------------------- */

/* Behind the first n actions, of which those were not synced. */
struct moment {
    const struct disk_log *log;
    int n, n_loose;
    int loose[MAX_ACTIONS];
    struct disk_fate fates[MAX_ACTIONS];
    uint64_t least;
    struct base_random random;
};

static void moment_init(struct moment *moment, const struct disk_log *log, int n)
{
    *moment = (struct moment){.log = log, .n = n, .random = {(uint64_t)n}};
    for (int i = 0; i < n; i++) {
        moment->fates[i] = disk_kept;
        if (log->actions[i].verb < DISK_SYNC && !disk_is_durable(log, i, n))
            moment->loose[moment->n_loose++] = i;
    }
}

static void crash(struct moment *moment, struct seen *seen)
{
    struct memory_disk memory;
    memory_init(&memory, NULL);
    memory.n_nodes = MAX_NODES / 2; /* those of the log have their own */
    disk_crash(&memory.disk, moment->log, moment->n, moment->fates);
    if (is_news(seen, hash_tree(&memory.disk, 0), moment->least))
        judge(&memory, moment->n, moment->least);
    memory_fini(&memory);
}

static void choose_fates(struct moment *moment, uint64_t kept)
{
    for (int i = 0; i < moment->n_loose; i++)
        moment->fates[moment->loose[i]] = kept >> i & 1 ? disk_kept : disk_lost;
}

/* Any operations that were not synced, all the sets of them where these are few. */
static void lose_some(struct moment *moment, int n_most, struct seen *seen)
{
    bool is_every = moment->n_loose < 31 && 1 << moment->n_loose <= n_most;
    int n = is_every ? 1 << moment->n_loose : n_most;
    REQUIRE(moment->n_loose < 64);
    for (int i = 0; i < n; i++) {
        uint64_t kept = is_every || i == 0 ? (uint64_t)i : UINT64_MAX;
        if (!is_every && i > 1)
            kept = base_random_next(&moment->random);
        choose_fates(moment, kept);
        crash(moment, seen);
    }
}

/* Its file can be seen, or it would not matter what is in it. */
static void keep_name(struct moment *moment, int node)
{
    for (int i = 0; i < moment->n_loose; i++) {
        const struct disk_action *action = &moment->log->actions[moment->loose[i]];
        if (action->verb == DISK_LINK && action->target == node)
            moment->fates[moment->loose[i]] = disk_kept;
    }
}

/* Of one write the bytes up to one of them, or from it on; of the others whatever. */
static void tear(struct moment *moment, int torn, int n_most, struct seen *seen)
{
    const struct disk_action *action = &moment->log->actions[torn];
    size_t size_bytes = action->size_bytes;
    bool is_every = size_bytes <= (size_t)n_most;
    for (int i = 1; i < (is_every ? (int)size_bytes : n_most); i++) {
        size_t at = is_every ? (size_t)i
                             : base_random_below(&moment->random, (uint32_t)size_bytes);
        choose_fates(moment, base_random_next(&moment->random));
        keep_name(moment, action->node);
        moment->fates[torn] =
            i % 2 == 0 ? (struct disk_fate){0, at} : (struct disk_fate){at, size_bytes};
        crash(moment, seen);
    }
}

static void crash_at(struct moment *moment, int n_most, struct seen *seen)
{
    lose_some(moment, n_most < 64 ? n_most : 64, seen);
    for (int i = 0; i < moment->n_loose; i++)
        if (moment->log->actions[moment->loose[i]].verb == DISK_WRITE)
            tear(moment, moment->loose[i], n_most, seen);
}

static bool is_set(const char *name)
{
    const char *text = getenv(name);
    return text && text[0] && strcmp(text, "0") != 0;
}

/* Tries of a kind at one moment: in full every byte of a write; less with sanitizers.
 */
static int how_many(void)
{
    bool is_full = is_set("TROUPE_TEST_FULL");
    if (is_set("TROUPE_SANITIZE"))
        return is_full ? N_TEARS : N_TEARS / 50;
    return is_full ? INT_MAX : N_TEARS;
}

START_TEST(whatever_a_crash_leaves_holds_what_was_published)
{
    int n_most = how_many();
    static struct seen seen;
    static struct moment moment;
    struct disk_log log = {0};
    struct memory_disk memory;
    memory_init(&memory, &log);
    ck_assert_int_eq(memory.files.mkdir(&memory.files, "/disk", 0700), 0);
    memory_do(&memory, (struct disk_action){.verb = DISK_SYNC});
    int n_before = log.n_actions;
    live(&memory);
    memory_fini(&memory);
    ck_assert_int_lt(log.n_actions, MAX_ACTIONS);
    uint64_t least = 0;
    for (int n = n_before; n <= log.n_actions; n++) {
        if (log.actions[n - 1].verb == DISK_MARK)
            least = (uint64_t)log.actions[n - 1].target;
        moment_init(&moment, &log, n);
        moment.least = least;
        crash_at(&moment, n_most, &seen);
    }
    ck_assert_uint_eq(least, 5);
    printf("%d actions, %d different disks\n", log.n_actions, seen.n);
    ck_assert(n_most < N_TEARS || seen.n >= 10000);
    disk_log_fini(&log);
}
END_TEST

CHECK_MAIN("crash", whatever_a_crash_leaves_holds_what_was_published)
