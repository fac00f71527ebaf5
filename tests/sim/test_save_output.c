/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 30 */
#define _XOPEN_SOURCE 700
#include "actor/actor.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "support/still.h"
#include "troupe/output.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Outputs through checkpoints: whatever was written after the cut, each file ends with
 * every line once, in order, as if nothing had happened; one that has lost bytes since
 * then is not gone on with.
 */

enum { N_WRITERS = 5, N_LINES = 200 };

TROUPE_SIGNAL(feed);
struct line {
    int64_t number;
};
TROUPE_TYPE(line, number);
struct writer {
    int64_t number, n_lines;
    troupe_reference output;
};
TROUPE_TYPE(writer, number, n_lines, output);

static char folder[] = "/tmp/troupe-output-XXXXXX";

static void path_of(int64_t number, char *path, size_t capacity)
{
    snprintf(path, capacity, "%s/writer-%lld", folder, (long long)number);
}

static troupe_status write_line(troupe_actor *self, struct writer *writer)
{
    char text[40];
    int n = snprintf(text, sizeof text, "line %lld of %lld\n",
                     (long long)writer->n_lines++, (long long)writer->number);

    return troupe_output_write(self, writer->output, text, (size_t)n);
}

static troupe_status open_own(troupe_actor *self, struct writer *writer)
{
    char path[sizeof folder + 40];

    path_of(writer->number, path, sizeof path);
    return troupe_output_open(self, path, &writer->output);
}

/* ---- a handler keeps the reference in its state ------------------------------- */

static troupe_status
writer_init(troupe_actor *self, struct writer *writer, const struct line *line)
{
    writer->number = line->number;
    TROUPE_TRY(open_own(self, writer));
    return troupe_send_after(self, troupe_self(self), 1e-5, NULL, feed);
}

static troupe_status on_feed(troupe_actor *self, struct writer *writer)
{
    TROUPE_TRY(write_line(self, writer));
    if (writer->n_lines < N_LINES)
        return troupe_send_after(self, troupe_self(self), 1e-5, NULL, feed);
    return troupe_output_close(self, &writer->output);
}
TROUPE_BEHAVIOR(writer_behavior,
                writer,
                TROUPE_INIT(line, writer_init),
                TROUPE_ON(feed, on_feed));

/* ---- a process opens the file again ------------------------------------------- */

static troupe_status process_body(troupe_actor *self)
{
    struct writer *writer = troupe_state(self);

    writer->number = troupe_arguments(self, line)->number;
    TROUPE_TRY(open_own(self, writer));
    EXPECT((troupe_output_length(self, writer->output) > 0) == (writer->n_lines > 0));
    while (writer->n_lines < N_LINES) {
        TROUPE_TRY(troupe_send_after(self, troupe_self(self), 1e-5, NULL, feed));
        TROUPE_TRY(troupe_receive(self, feed, TROUPE_FOREVER, NULL));
        TROUPE_TRY(write_line(self, writer));
        while (troupe_receive(self, feed, TROUPE_NOW, NULL) == TROUPE_OK)
            continue; /* of an earlier life */
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(writer_process,
               process_body,
               TROUPE_STATE(writer),
               TROUPE_ARGUMENTS(line),
               TROUPE_ACCEPTS(feed));

/* ---- the program -------------------------------------------------------------- */

static troupe_status body(troupe_actor *self)
{
    if (troupe_rank(self) != 0 || (self->flags & ACTOR_RESTORED))
        return TROUPE_OK;
    for (int i = 0; i < N_WRITERS; i++)
        TROUPE_TRY(troupe_spawn(
            self, i % 2 ? &writer_process : &writer_behavior,
            &(troupe_spawn_options){.place = TROUPE_ON_RANK(i % troupe_n_ranks(self)),
                                    TROUPE_WITH(line, .number = i)},
            NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_SPAWNS(&writer_behavior, &writer_process),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);
static const troupe_program program = {.main = &main_process};

/* ---- files -------------------------------------------------------------------- */

static void check_files(void)
{
    for (int i = 0; i < N_WRITERS; i++) {
        char path[sizeof folder + 40], wanted[40], line[80];
        FILE *file;

        path_of(i, path, sizeof path);
        file = fopen(path, "r");
        if (!file)
            scene_fail(__FILE__, __LINE__, "no %s", path);
        for (int n = 0; n < N_LINES; n++) {
            snprintf(wanted, sizeof wanted, "line %d of %d\n", n, i);
            if (!fgets(line, sizeof line, file) || strcmp(line, wanted) != 0)
                scene_fail(__FILE__, __LINE__, "%s: line %d", path, n);
        }
        if (fgets(line, sizeof line, file))
            scene_fail(__FILE__, __LINE__, "%s is too long", path);
        fclose(file);
    }
}

/* As a job does that runs on and dies after the cut. False: there is no such file. */
static bool spoil(int number)
{
    char path[sizeof folder + 40];
    FILE *file;

    path_of(number, path, sizeof path);
    if (access(path, F_OK) != 0)
        return false;
    file = fopen(path, "a");
    for (int i = 0; i < N_LINES; i++)
        fputs("what is not to stay\n", file);
    fclose(file);
    return true;
}

static void remove_files(void)
{
    for (int i = 0; i < N_WRITERS; i++) {
        char path[sizeof folder + 40];

        path_of(i, path, sizeof path);
        (void)remove(path);
    }
}

/* ---- the tests ---------------------------------------------------------------- */

/* A file that was closed before the cut stays as it is. */
static void spoil_open_ones(const struct still_store *store)
{
    for (size_t i = 0; i < store->n_records; i++) {
        const char *end = (const char *)store->records[i].data;

        end += store->records[i].size_bytes;
        if (store->records[i].kind == BASE_KIND(BASE_SLOT_OUTPUT, 0))
            EXPECT(spoil(end[-1] - '0'));
    }
}

static bool play(uint64_t seed)
{
    struct base_random random = {seed};
    struct still_store store = {.n_ranks = 0};
    enum still_end end;

    remove_files();
    end = still_save(&program, 1 + (int)base_random_below(&random, 4), seed,
                     base_random_below(&random, 64u << base_random_below(&random, 6)),
                     &store);
    EXPECT_OK(store.status);
    if (end == STILL_SAVED) {
        spoil_open_ones(&store);
        EXPECT_INT(still_resume(&program, 1 + (int)base_random_below(&random, 4), seed,
                                &store),
                   0);
        check_files();
    }
    still_free(&store);
    return end == STILL_SAVED;
}

START_TEST(every_line_is_there_once)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    scene_play_seeds(play, 4);
    remove_files();
    rmdir(folder);
}
END_TEST

START_TEST(lost_bytes_are_noticed)
{
    struct still_store store = {.n_ranks = 0};
    char path[sizeof folder + 40];
    int descriptor;

    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(still_save(&program, 1, 1, 400, &store), STILL_SAVED);
    path_of(2, path, sizeof path);
    descriptor = open(path, O_WRONLY);
    ck_assert_int_eq(ftruncate(descriptor, 3), 0);
    close(descriptor);
    ck_assert_int_eq(still_resume(&program, 2, 1, &store), -1);
    ck_assert_int_eq(store.status, TROUPE_IO);
    still_free(&store);
    remove_files();
    rmdir(folder);
}
END_TEST

CHECK_MAIN("save output", every_line_is_there_once, lost_bytes_are_noticed)
