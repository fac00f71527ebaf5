/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "support/child.h"
#include "unit/store/memory_disk.h"
#include "unit/store/story.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Between the store and its files stands one who fails a chosen call, cuts it short, or
 * kills the process before, within or after it. What was published stays, and the next
 * start finds nothing left over.
 */

enum harm {
    HARM_ERROR,
    HARM_SHORT,
    HARM_KILL_BEFORE,
    HARM_KILL_WITHIN,
    HARM_KILL_AFTER
};

enum { MAX_CALLS = 200 };

struct trouble {
    struct base_files files;
    const struct base_files *inner;
    enum harm harm;
    int error;
    int n_calls, chosen;  /* the chosen call, from 1; 0: none */
    const char *happened; /* in which function */
    const char *functions[MAX_CALLS];
};

static struct trouble *trouble_of(const struct base_files *files)
{
    struct trouble *trouble;
    const void *found = CONTAINER_OF_CONST(files, struct trouble, files);
    memcpy(&trouble, &found, sizeof(trouble));
    return trouble;
}

/* Is it this call? Then it may be the last. */
static bool is_chosen(struct trouble *trouble, const char *function)
{
    if (trouble->n_calls < MAX_CALLS)
        trouble->functions[trouble->n_calls] = function;
    if (++trouble->n_calls != trouble->chosen)
        return false;
    trouble->happened = function;
    if (trouble->harm == HARM_KILL_BEFORE)
        raise(SIGKILL);
    return true;
}

static void leave(const struct trouble *trouble)
{
    if (trouble->harm == HARM_KILL_AFTER && trouble->n_calls == trouble->chosen)
        raise(SIGKILL);
}

#define INSTEAD(trouble, function)                                                     \
    do {                                                                               \
        if (is_chosen(trouble, function) && (trouble)->harm == HARM_ERROR) {           \
            errno = (trouble)->error;                                                  \
            return -1;                                                                 \
        }                                                                              \
    } while (0)

static int
troubled_open(const struct base_files *files, const char *path, int flags, mode_t mode)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "open");
    int result = trouble->inner->open(trouble->inner, path, flags, mode);
    leave(trouble);
    return result;
}

static ssize_t troubled_pread(const struct base_files *files,
                              int descriptor,
                              void *data,
                              size_t size_bytes,
                              off_t offset_bytes)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "pread");
    bool is_short = trouble->harm == HARM_SHORT && trouble->n_calls == trouble->chosen;
    if (is_short && size_bytes > 1)
        size_bytes /= 2;
    return trouble->inner->pread(trouble->inner, descriptor, data, size_bytes,
                                 offset_bytes);
}

static ssize_t troubled_write(const struct base_files *files,
                              int descriptor,
                              const void *data,
                              size_t size_bytes)
{
    struct trouble *trouble = trouble_of(files);
    bool is_now = is_chosen(trouble, "write");
    if (is_now && trouble->harm == HARM_ERROR && trouble->error == EINTR) {
        errno = EINTR;
        return -1;
    }
    if (is_now && trouble->harm != HARM_KILL_AFTER && size_bytes > 1)
        size_bytes /= 2; /* a disk that is full has taken some of it */
    ssize_t n = trouble->inner->write(trouble->inner, descriptor, data, size_bytes);
    if (is_now && trouble->harm == HARM_ERROR) {
        errno = trouble->error;
        return -1;
    }
    if (is_now && trouble->harm == HARM_KILL_WITHIN)
        raise(SIGKILL);
    leave(trouble);
    return n;
}

static int troubled_fsync(const struct base_files *files, int descriptor)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "fsync");
    int result = trouble->inner->fsync(trouble->inner, descriptor);
    leave(trouble);
    return result;
}

/* A close that fails has closed. */
static int troubled_close(const struct base_files *files, int descriptor)
{
    struct trouble *trouble = trouble_of(files);
    bool is_now = is_chosen(trouble, "close");
    int result = trouble->inner->close(trouble->inner, descriptor);
    leave(trouble);
    if (!is_now || trouble->harm != HARM_ERROR)
        return result;
    errno = trouble->error;
    return -1;
}

static int
troubled_stat(const struct base_files *files, const char *path, struct stat *status)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "stat");
    return trouble->inner->stat(trouble->inner, path, status);
}

static int troubled_mkdir(const struct base_files *files, const char *path, mode_t mode)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "mkdir");
    int result = trouble->inner->mkdir(trouble->inner, path, mode);
    leave(trouble);
    return result;
}

static int
troubled_rename(const struct base_files *files, const char *from, const char *to)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "rename");
    int result = trouble->inner->rename(trouble->inner, from, to);
    leave(trouble);
    return result;
}

static int troubled_unlink(const struct base_files *files, const char *path)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "unlink");
    int result = trouble->inner->unlink(trouble->inner, path);
    leave(trouble);
    return result;
}

static int troubled_rmdir(const struct base_files *files, const char *path)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "rmdir");
    int result = trouble->inner->rmdir(trouble->inner, path);
    leave(trouble);
    return result;
}

static int troubled_list(const struct base_files *files,
                         const char *path,
                         base_file_visit_fn *visit,
                         void *context)
{
    struct trouble *trouble = trouble_of(files);
    INSTEAD(trouble, "list");
    return trouble->inner->list(trouble->inner, path, visit, context);
}

static void trouble_init(struct trouble *trouble, const struct base_files *inner)
{
    *trouble = (struct trouble){
        .files = {.open = troubled_open,
                  .pread = troubled_pread,
                  .write = troubled_write,
                  .fsync = troubled_fsync,
                  .close = troubled_close,
                  .stat = troubled_stat,
                  .mkdir = troubled_mkdir,
                  .rename = troubled_rename,
                  .unlink = troubled_unlink,
                  .rmdir = troubled_rmdir,
                  .list = troubled_list},
        .inner = inner,
    };
}

/* ---- what is tried
 * ----------------------------------------------------------------------- */

/* Epoch 3, and the removal of epoch 1. */
static troupe_status act(const struct trouble *trouble, const struct store *calm)
{
    struct store store = *calm;
    int n_pruned = 0;
    store.files = &trouble->files;
    TROUPE_TRY(story_write(&store, 3, 1));
    return store_prune(&store, 2, STORE_QUICK, false, story_forget, &n_pruned);
}

static void
prepare(struct store *store, const struct base_files *files, const char *path)
{
    uint32_t attempt;
    ck_assert_int_eq(store_open(store, files, path, "job", STORE_CREATE), TROUPE_OK);
    ck_assert_int_eq(store_attempt_begin(store, &attempt), TROUPE_OK);
    ck_assert_int_eq(story_write(store, 1, attempt), TROUPE_OK);
    ck_assert_int_eq(story_write(store, 2, attempt), TROUPE_OK);
}

static void forbid_leftover(void *context, const char *name)
{
    (void)context;
    ck_assert_msg(!strstr(name, ".tmp") && !strstr(name, ".trash"), "%s is left", name);
}

/* 2 or 3 is there; after the next start nothing else but older ones. */
static uint64_t expect_intact(const struct store *store, bool must_be_new)
{
    struct store_list list;
    uint32_t attempt;
    uint64_t found = story_choose(store, NULL);
    ck_assert_uint_ge(found, must_be_new ? 3 : 2);
    ck_assert_int_eq(store_attempt_begin(store, &attempt), TROUPE_OK);
    ck_assert_int_eq(store_clean(store, attempt), TROUPE_OK);
    ck_assert_uint_eq(story_choose(store, NULL), found);
    ck_assert_int_eq(
        store->files->list(store->files, store->path, forbid_leftover, NULL), 0);
    ck_assert_int_eq(store_list_read(store, &list), TROUPE_OK);
    ck_assert_uint_ge(list.n_items, 2);
    for (size_t i = 0; i < list.n_items; i++) {
        char path[STORE_PATH_BYTES + 64];
        ck_assert(list.items[i].is_published);
        snprintf(path, sizeof(path), "%s/ckpt-%012d.%04d", store->path,
                 (int)list.items[i].epoch, (int)list.items[i].attempt);
        ck_assert_int_eq(store->files->list(store->files, path, forbid_leftover, NULL),
                         0);
    }
    store_list_fini(&list);
    return found;
}

START_TEST(an_error_at_each_call)
{
    static const int errors[] = {ENOSPC, EDQUOT, EIO, EINTR, EMFILE, EACCES, 0};
    int n_tried = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(errors); i++) {
        for (int chosen = 1;; chosen++, n_tried++) {
            struct memory_disk memory;
            struct trouble trouble;
            struct store store;
            memory_init(&memory, NULL);
            prepare(&store, &memory.files, "/disk");
            trouble_init(&trouble, &memory.files);
            trouble.chosen = chosen;
            trouble.error = errors[i];
            trouble.harm = errors[i] ? HARM_ERROR : HARM_SHORT;
            errno = 0;
            troupe_status status = act(&trouble, &store);
            int error = errno;
            /* What only disturbs must not stop it; for names there is no second try. */
            bool only_disturbs = errors[i] == EINTR || errors[i] == 0;
            if (only_disturbs && trouble.happened && strcmp(trouble.happened, "list"))
                ck_assert_msg(status == TROUPE_OK, "%s, call %d", trouble.happened,
                              chosen);
            if (status != TROUPE_OK && trouble.happened)
                ck_assert_msg(error == errors[i], "%s, call %d: errno is %d, not %d",
                              trouble.happened, chosen, error, errors[i]);
            expect_intact(&store, status == TROUPE_OK);
            memory_fini(&memory);
            if (!trouble.happened)
                break;
        }
    }
    printf("%d calls disturbed\n", n_tried);
    ck_assert_int_gt(n_tried, 300);
}
END_TEST

/* A fence that fails can be put up again; nothing of the first is left. */
START_TEST(an_error_at_each_call_of_a_fence)
{
    for (int chosen = 1;; chosen++) {
        struct memory_disk memory;
        struct trouble trouble;
        struct store calm, store;
        uint32_t attempt;
        memory_init(&memory, NULL);
        prepare(&calm, &memory.files, "/disk");
        ck_assert_int_eq(store_attempt_begin(&calm, &attempt), TROUPE_OK);
        trouble_init(&trouble, &memory.files);
        trouble.chosen = chosen;
        trouble.error = ENOSPC;
        store = calm;
        store.files = &trouble.files;
        bool is_harmed = store_attempt_fence(&store, attempt, 1) != TROUPE_OK;
        if (is_harmed) {
            ck_assert_int_eq(errno, ENOSPC);
            ck_assert_int_lt(
                memory_find(&memory, "/disk/job/attempt-00000002/FENCE.tmp"), 0);
            ck_assert_int_eq(store_attempt_fence(&calm, attempt, 1), TROUPE_OK);
        }
        ck_assert_uint_eq(story_choose(&calm, NULL), 1);
        memory_fini(&memory);
        if (!trouble.happened)
            break;
        ck_assert(is_harmed || strcmp(trouble.happened, "close") == 0);
    }
}
END_TEST

START_TEST(a_fence_half_written_goes)
{
    static const char path[] = "/disk/job/attempt-00000001/FENCE.tmp";
    struct memory_disk memory;
    struct store store;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    ck_assert_int_gt(memory_create(&memory, path, false), 0);
    ck_assert_int_eq(store_clean(&store, 2), TROUPE_OK);
    ck_assert_int_lt(memory_find(&memory, path), 0);
    memory_fini(&memory);
}
END_TEST

START_TEST(an_error_while_reading)
{
    for (int chosen = 1;; chosen++) {
        struct memory_disk memory;
        struct trouble trouble;
        struct store calm, store;
        struct store_manifest manifest;
        struct store_problem problem;
        int n_skipped = 0;
        memory_init(&memory, NULL);
        prepare(&calm, &memory.files, "/disk");
        trouble_init(&trouble, &memory.files);
        trouble.chosen = chosen;
        trouble.error = EIO;
        store = calm;
        store.files = &trouble.files;
        troupe_status status = store_choose(&store, &story_me, STORE_DEEP, &manifest,
                                            &problem, story_skip, &n_skipped);
        if (status == TROUPE_OK) {
            ck_assert_uint_eq(manifest.epoch, 2);
            store_manifest_fini(&manifest);
        } else {
            ck_assert_int_eq(status, TROUPE_IO);
            ck_assert_int_eq(problem.verdict, STORE_UNREADABLE);
            ck_assert_int_eq(problem.error, EIO);
            ck_assert_ptr_nonnull(strstr(problem.text, strerror(EIO)));
        }
        ck_assert_int_eq(n_skipped, 0);
        memory_fini(&memory);
        if (!trouble.happened)
            break;
    }
}
END_TEST

/* ---- what may not be touched
 * ---------------------------------------------------------------- */

static int
refuse_open(const struct base_files *files, const char *path, int flags, mode_t mode)
{
    errno = EACCES;
    return strstr(path, "/FENCE") ? -1 : memory_open(files, path, flags, mode);
}

static int
refuse_stat(const struct base_files *files, const char *path, struct stat *status)
{
    errno = EACCES;
    return strstr(path, "ckpt-000000000001.0001/") ? -1
                                                   : memory_stat(files, path, status);
}

static int refuse_unlink(const struct base_files *files, const char *path)
{
    errno = EACCES;
    return strstr(path, ".trash") ? -1 : memory_unlink(files, path);
}

/* It may be pinned, and better than what is kept. */
START_TEST(what_cannot_be_looked_into_is_kept)
{
    struct memory_disk memory;
    struct store store;
    int n_pruned = 0;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    memory.files.stat = refuse_stat;
    ck_assert_int_eq(store_clean(&store, 2), TROUPE_OK);
    ck_assert_int_eq(
        store_prune(&store, 1, STORE_QUICK, false, story_forget, &n_pruned), TROUPE_OK);
    ck_assert_int_eq(n_pruned, 0);
    ck_assert_int_gt(memory_find(&memory, "/disk/job/ckpt-000000000001.0001"), 0);
    memory_fini(&memory);
}
END_TEST

/* The late writer's checkpoint would win. */
START_TEST(a_fence_that_cannot_be_read_is_asked_for)
{
    struct memory_disk memory;
    struct store store;
    struct store_list list;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    memory.files.open = refuse_open;
    ck_assert_int_eq(store_list_read(&store, &list), TROUPE_IO);
    ck_assert_int_eq(errno, EACCES);
    memory_fini(&memory);
}
END_TEST

START_TEST(trash_that_does_not_go_stops_nobody)
{
    static const char *const names[] = {"/disk/job/ckpt-000000000002.0001",
                                        "/disk/job/.trashckpt-000000000002.0001"};
    struct memory_disk memory;
    struct store store;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    ck_assert_int_eq(memory_rename(&memory.files, names[0], names[1]), 0);
    ck_assert_int_eq(store_epoch_begin(&store, 3, 1), TROUPE_OK);
    memory.files.unlink = refuse_unlink;
    ck_assert_int_eq(store_clean(&store, 2), TROUPE_OK);
    ck_assert_int_gt(memory_find(&memory, names[1]), 0);
    ck_assert_int_lt(memory_find(&memory, "/disk/job/ckpt-000000000003.0001"), 0);
    ck_assert_uint_eq(story_choose(&store, NULL), 1);
    memory_fini(&memory);
}
END_TEST

/* ---- death
 * ---------------------------------------------------------------------------------- */

struct death {
    const struct store *store;
    struct trouble trouble;
};

static void die_within(void *argument)
{
    const struct death *death = argument;
    if (act(&death->trouble, death->store) != TROUPE_OK)
        _exit(1);
}

static void remove_all(const char *folder)
{
    char command[200];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

/* In memory where there is such a place: death does not ask what was synced. */
static void make_folder(char path[64])
{
    bool has_memory = access("/dev/shm", W_OK) == 0;
    snprintf(path, 64, "%s/troupe_test_store_XXXXXX", has_memory ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

static bool kill_at(enum harm harm, int chosen)
{
    char folder[64];
    struct store store;
    struct child_end end;
    make_folder(folder);
    prepare(&store, &base_files_real, folder);
    struct death death = {.store = &store};
    trouble_init(&death.trouble, &base_files_real);
    death.trouble.harm = harm;
    death.trouble.chosen = chosen;
    child_run(die_within, &death, &end);
    ck_assert_int_eq(end.signal_number, SIGKILL);
    bool is_new = expect_intact(&store, false) == 3;
    remove_all(folder);
    return is_new;
}

/* The calls in order, as they are when nothing happens. */
static void rehearse(struct trouble *trouble)
{
    struct memory_disk memory;
    struct store store;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    trouble_init(trouble, &memory.files);
    ck_assert_int_eq(act(trouble, &store), TROUPE_OK);
    ck_assert_int_lt(trouble->n_calls, MAX_CALLS);
    memory_fini(&memory);
}

START_TEST(sigkill_at_each_call)
{
    static const char only_looks[] = "stat list pread close";
    struct trouble calls;
    int n_killed = 0, n_new = 0;
    rehearse(&calls);
    for (int i = 0; i < calls.n_calls; i++) {
        n_new += kill_at(HARM_KILL_BEFORE, i + 1);
        n_killed++;
        if (!strstr(only_looks, calls.functions[i])) {
            n_new += kill_at(HARM_KILL_AFTER, i + 1);
            n_killed++;
        }
        if (strcmp(calls.functions[i], "write") == 0) {
            n_new += kill_at(HARM_KILL_WITHIN, i + 1);
            n_killed++;
        }
    }
    printf("%d killed, %d had the new one\n", n_killed, n_new);
    ck_assert_int_gt(n_killed, 100);
    ck_assert(n_new > 10 && n_new < n_killed - 10);
}
END_TEST

/* ---- two at once
 * ------------------------------------------------------------------------------ */

/* Somebody pins it between the look at it and its removal. */
static int
rename_what_was_pinned(const struct base_files *files, const char *from, const char *to)
{
    char path[STORE_PATH_BYTES];
    snprintf(path, sizeof(path), "%s/PINNED", from);
    if (strstr(to, ".trash") && memory_find(memory_of(files), path) < 0)
        ck_assert_int_gt(memory_create(memory_of(files), path, false), 0);
    return memory_rename(files, from, to);
}

static const char *const second_names[] = {"/disk/job/ckpt-000000000002.0001",
                                           "/disk/job/.trashckpt-000000000002.0001"};

/* Its name goes while its pin is made, and comes back, or not. */
static int close_and_take_name(const struct base_files *files, int descriptor)
{
    ck_assert_int_eq(memory_rename(files, second_names[0], second_names[1]), 0);
    return memory_close(files, descriptor);
}

static int open_and_give_back(const struct base_files *files,
                              const char *path,
                              int flags,
                              mode_t mode)
{
    struct memory_disk *memory = memory_of(files);
    int descriptor = memory_open(files, path, flags, mode);
    if (descriptor < 0 && memory_find(memory, second_names[1]) >= 0) {
        ck_assert_int_eq(memory_rename(files, second_names[1], second_names[0]), 0);
        memory->files.close = memory_close;
        errno = ENOENT;
    }
    return descriptor;
}

START_TEST(a_pin_while_it_is_pruned)
{
    struct memory_disk memory;
    struct store store;
    int n_pruned = 0;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    ck_assert_int_eq(story_write(&store, 3, 1), TROUPE_OK);
    memory.files.rename = rename_what_was_pinned;
    ck_assert_int_eq(
        store_prune(&store, 1, STORE_QUICK, false, story_forget, &n_pruned), TROUPE_OK);
    ck_assert_int_eq(n_pruned, 0);
    ck_assert_int_eq(store_clean(&store, 2), TROUPE_OK);
    ck_assert_int_gt(
        memory_find(&memory, "/disk/job/ckpt-000000000001.0001/part-000001"), 0);
    ck_assert_int_gt(memory_find(&memory, "/disk/job/ckpt-000000000002.0001/PINNED"),
                     0);
    memory_fini(&memory);
}
END_TEST

START_TEST(a_pin_that_comes_too_late)
{
    const struct store_entry second = {.epoch = 2, .attempt = 1};
    struct memory_disk memory;
    struct store store;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    memory.files.close = close_and_take_name;
    ck_assert_int_eq(store_pin(&store, &second, true), TROUPE_NOT_FOUND);
    ck_assert_int_eq(store_pin(&store, &second, false), TROUPE_NOT_FOUND);
    ck_assert_int_eq(memory_rename(&memory.files, second_names[1], second_names[0]), 0);
    memory.files.open = open_and_give_back;
    ck_assert_int_eq(store_pin(&store, &second, true), TROUPE_OK);
    ck_assert(memory.files.close == memory_close);
    memory_fini(&memory);
}
END_TEST

/* The machine stopped before it had its name back. */
START_TEST(what_was_pinned_is_no_trash)
{
    const struct store_entry second = {.epoch = 2, .attempt = 1};
    struct memory_disk memory;
    struct store store;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    ck_assert_int_eq(store_pin(&store, &second, true), TROUPE_OK);
    ck_assert_int_eq(memory_rename(&memory.files, second_names[0], second_names[1]), 0);
    ck_assert_int_eq(store_clean(&store, 2), TROUPE_OK);
    ck_assert_uint_eq(story_choose(&store, NULL), 2);
    /* Not whole any more: trash. */
    ck_assert_int_eq(memory_rename(&memory.files, second_names[0], second_names[1]), 0);
    ck_assert_int_eq(
        memory_unlink(&memory.files, "/disk/job/.trashckpt-000000000002.0001/MANIFEST"),
        0);
    ck_assert_int_eq(store_clean(&store, 2), TROUPE_OK);
    ck_assert_int_lt(memory_find(&memory, second_names[1]), 0);
    memory_fini(&memory);
}
END_TEST

/* The second is refused, and the first does not notice. */
START_TEST(a_part_has_one_writer)
{
    struct memory_disk memory;
    struct store store;
    struct store_writer first, second;
    struct store_part part;
    struct store_place place = {3, 1, 0, 1, 0};
    struct store_manifest manifest = {
        .epoch = 3, .attempt = 1, .n_parts = 1, .parts = &part};
    struct store_problem problem;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    ck_assert_int_eq(store_epoch_begin(&store, 3, 1), TROUPE_OK);
    ck_assert_int_eq(store_epoch_begin(&store, 3, 1), TROUPE_EXISTS);
    ck_assert_int_eq(store_writer_open(&first, &store, &place), TROUPE_OK);
    ck_assert_int_eq(store_writer_put(&first, 1, 2, "three", 5), TROUPE_OK);
    ck_assert_int_eq(store_writer_open(&second, &store, &place), TROUPE_EXISTS);
    ck_assert_int_eq(store_writer_put(&second, 1, 2, "four", 4), TROUPE_EXISTS);
    store_writer_abandon(&second);
    ck_assert_int_eq(store_writer_finish(&first, &part), TROUPE_OK);
    ck_assert_int_eq(store_publish(&store, &manifest), TROUPE_OK);
    ck_assert_int_eq(store_verify_part(&store, &manifest, 0, STORE_DEEP, &problem),
                     TROUPE_OK);
    memory_fini(&memory);
}
END_TEST

/* While somebody chooses, the job takes two more and removes the two that were. */
static int list_and_overtake(const struct base_files *files,
                             const char *path,
                             base_file_visit_fn *visit,
                             void *context)
{
    struct memory_disk *memory = memory_of(files);
    int n_pruned = 0;
    int result = memory_list(files, path, visit, context);
    memory->files.list = memory_list;
    struct store store = {.files = files, .path = "/disk/job"};
    ck_assert_int_eq(story_write(&store, 3, 1), TROUPE_OK);
    ck_assert_int_eq(story_write(&store, 4, 1), TROUPE_OK);
    ck_assert_int_eq(
        store_prune(&store, 2, STORE_QUICK, false, story_forget, &n_pruned), TROUPE_OK);
    return result;
}

START_TEST(what_has_gone_is_no_fault)
{
    struct memory_disk memory;
    struct store store;
    struct store_list list;
    struct store_problem problem;
    int n_pruned = 0, n_skipped = 0;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    ck_assert_int_eq(store_list_read(&store, &list), TROUPE_OK);
    ck_assert_int_eq(
        store_prune(&store, 1, STORE_QUICK, false, story_forget, &n_pruned), TROUPE_OK);
    ck_assert_int_eq(store_verify(&store, &list.items[1], STORE_DEEP, &problem),
                     TROUPE_NOT_FOUND);
    ck_assert_int_eq(problem.verdict, STORE_GONE);
    store_list_fini(&list);
    memory_fini(&memory);
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    memory.files.list = list_and_overtake;
    ck_assert_int_eq(store_list_read(&store, &list), TROUPE_OK);
    ck_assert_uint_eq(list.n_items, 0);
    store_list_fini(&list);
    ck_assert_uint_eq(story_choose(&store, &n_skipped), 4);
    ck_assert_int_eq(n_skipped, 0);
    memory_fini(&memory);
}
END_TEST

/* They go behind the look at them. */
static int
stat_and_overtake(const struct base_files *files, const char *path, struct stat *status)
{
    static const char last_looked_at[] = "ckpt-000000000002.0001/PINNED";
    int result = memory_stat(files, path, status);
    if (strstr(path, last_looked_at)) {
        memory_of(files)->files.stat = memory_stat;
        list_and_overtake(files, "/disk/job", forbid_leftover, NULL);
        errno = ENOENT;
    }
    return result;
}

START_TEST(what_goes_while_one_chooses)
{
    struct memory_disk memory;
    struct store store;
    int n_skipped = 0;
    memory_init(&memory, NULL);
    prepare(&store, &memory.files, "/disk");
    memory.files.stat = stat_and_overtake;
    ck_assert_uint_eq(story_choose(&store, &n_skipped), 4);
    ck_assert_int_eq(n_skipped, 0);
    memory_fini(&memory);
}
END_TEST

static void write_often(void *argument)
{
    const struct store *store = argument;
    for (uint64_t epoch = 1; epoch <= 20; epoch++) {
        troupe_status status = story_write(store, epoch, 1);
        if (status != TROUPE_OK && status != TROUPE_EXISTS)
            _exit(1);
    }
}

START_TEST(two_writers_of_the_same_epochs)
{
    char folder[64];
    struct store store;
    struct child_end end;
    struct store_list list;
    struct store_problem problem;
    make_folder(folder);
    ck_assert_int_eq(store_open(&store, &base_files_real, folder, "job", STORE_CREATE),
                     TROUPE_OK);
    pid_t other = fork();
    if (other == 0) {
        write_often(&store);
        _exit(0);
    }
    child_run(write_often, &store, &end);
    int how = -1;
    ck_assert_int_eq(waitpid(other, &how, 0), other);
    ck_assert_int_eq(how, 0);
    ck_assert_int_eq(end.exit_code, 0);
    ck_assert_int_eq(store_list_read(&store, &list), TROUPE_OK);
    ck_assert_uint_eq(list.n_items, 20);
    for (size_t i = 0; i < list.n_items; i++)
        ck_assert_int_eq(store_verify(&store, &list.items[i], STORE_DEEP, &problem),
                         TROUPE_OK);
    store_list_fini(&list);
    ck_assert_uint_eq(story_choose(&store, NULL), 20);
    remove_all(folder);
}
END_TEST

CHECK_MAIN("trouble",
           an_error_at_each_call,
           an_error_at_each_call_of_a_fence,
           a_fence_half_written_goes,
           a_part_has_one_writer,
           a_pin_while_it_is_pruned,
           a_pin_that_comes_too_late,
           what_was_pinned_is_no_trash,
           what_has_gone_is_no_fault,
           what_goes_while_one_chooses,
           an_error_while_reading,
           what_cannot_be_looked_into_is_kept,
           a_fence_that_cannot_be_read_is_asked_for,
           trash_that_does_not_go_stops_nobody,
           sigkill_at_each_call,
           two_writers_of_the_same_epochs)
