/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 3 */
#include "actor/actor.h"
#include "base/alloc.h"
#include "comm/internal.h"
#include "support/check_main.h"
#include "support/child.h"
#include "support/scene.h"
#include "support/sim_job.h"
#include <stdio.h>
#include <string.h>

/*
 * TROUPE_STATS=1: the tables of jobs that know what they must say, and the audit of
 * jobs that leave something behind.
 */

enum { N_RANKS = 3, MILLION = 1000 * 1000 };

/* ---- reading a table ---- */

/* The n-th word of a line, from 0; false: it has none. */
static bool word_at(const char *line, int n, char word[static 32])
{
    for (;; n--) {
        line += strspn(line, " ");
        size_t length = strcspn(line, " \n");
        if (length == 0)
            return false;
        if (n == 0) {
            snprintf(word, 32, "%.*s", (int)length, line);
            return true;
        }
        line += length;
    }
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end ? end + 1 : line + strlen(line);
}

/* The column of that name, or -1. */
static int find_column(const char *head, const char *name)
{
    char word[32];

    for (int n = 0; word_at(head, n, word); n++)
        if (strcmp(word, name) == 0)
            return n;
    return -1;
}

/* What stands in the rank's row under the name. */
static void
find_cell(const char *text, const char *name, int rank, char cell[static 32])
{
    char word[32];

    for (const char *head = text; *head; head = next_line(head)) {
        int column = find_column(head, name);
        const char *row = head;

        if (!word_at(head, 0, word) || strcmp(word, "rank") != 0 || column < 0)
            continue;
        for (int i = 0; i <= rank; i++)
            row = next_line(row);
        ck_assert(word_at(row, 0, word) && atoi(word) == rank);
        ck_assert(word_at(row, column, cell));
        return;
    }
    ck_abort_msg("no column '%s' in\n%s", name, text);
}

static long long number_at(const char *text, const char *name, int rank)
{
    char cell[32];

    find_cell(text, name, rank, cell);
    ck_assert_msg(cell[strspn(cell, "0123456789")] == '\0', "%s of %s", cell, name);
    return atoll(cell);
}

/* ---- jobs that print one ---- */

struct job {
    const troupe_behavior *main;
    uint64_t seed;
    int exit_code;
};

static void *left; /* by the job, for good */

static void run_here(void *argument)
{
    const struct job *job = argument;
    const troupe_program program = {.main = job->main};
    int exit_code = sim_job_once(&program, N_RANKS, job->seed);

    base_free(left);
    exit(exit_code);
}

static void listen(const struct job *job, struct child_end *end)
{
    struct job copy = *job;

    setenv("TROUPE_STATS", "1", 1);
    setenv("TROUPE_LOG", "error", 1);
    child_run(run_here, &copy, end);
    ck_assert_msg(end->exit_code == job->exit_code,
                  "seed %llu: exit code %d; it said\n%s", (unsigned long long)job->seed,
                  end->exit_code, end->text);
}

static uint64_t number_in(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void listen_to_seeds(const troupe_behavior *main,
                            void (*check)(const char *text))
{
    uint64_t first = number_in("TROUPE_TEST_SEED", 1);
    uint64_t last = number_in("TROUPE_TEST_SEED", number_in("TROUPE_TEST_SEEDS", 3));

    for (uint64_t seed = first; seed <= last; seed++) {
        struct child_end end;

        listen(&(struct job){.main = main, .seed = seed}, &end);
        check(end.text);
    }
}

/* ---- what actors did ---- */

TROUPE_SIGNAL(note);
TROUPE_SIGNAL(stray);
TROUPE_SIGNAL(quit);

static troupe_status on_note(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}
static troupe_status on_quit(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(sink,
                troupe_no_state,
                TROUPE_ON(note, on_note),
                TROUPE_ON(quit, on_quit));

static troupe_address readers[N_RANKS];

/* One note stands in its mailbox and its pushers wait before it reads. */
static troupe_status reader_body(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 0.02));
    for (int i = 0; i < troupe_rank(self) + 2; i++)
        TROUPE_TRY(troupe_receive(self, note, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(reader, reader_body, TROUPE_ACCEPTS(note), .capacity = 1);

static troupe_status pusher_body(troupe_actor *self)
{
    return troupe_send(self, readers[troupe_rank(self)], note);
}
TROUPE_PROCESS(pusher, pusher_body, TROUPE_SENDS(note));

static troupe_status wait_s(troupe_actor *self, double duration_s)
{
    troupe_sleep_until(self, troupe_after_s(self, duration_s));
    return TROUPE_OK;
}

static troupe_status send_notes(troupe_actor *self, troupe_address to, int n)
{
    for (int i = 0; i < n; i++)
        TROUPE_TRY(troupe_send(self, to, note));
    return TROUPE_OK;
}

static troupe_status fill_a_mailbox(troupe_actor *self, int n_pushers)
{
    troupe_address *full = &readers[troupe_rank(self)];

    TROUPE_TRY(troupe_spawn(self, &reader, NULL, full));
    TROUPE_TRY(send_notes(self, *full, 1));
    for (int i = 0; i < n_pushers; i++)
        TROUPE_TRY(troupe_spawn(self, &pusher, NULL, NULL));
    return TROUPE_OK;
}

static troupe_status send_in_vain(troupe_actor *self, troupe_address deaf, int n)
{
    troupe_address gone;

    TROUPE_TRY(troupe_spawn(self, &sink, NULL, &gone));
    TROUPE_TRY(troupe_send(self, gone, quit));
    TROUPE_TRY(wait_s(self, 0.001));
    for (int i = 0; i < n; i++) {
        EXPECT_STATUS(troupe_send(self, gone, note), TROUPE_DOWN);
        EXPECT_STATUS(troupe_send(self, deaf, stray), TROUPE_REFUSED);
        EXPECT_STATUS(troupe_send(self, deaf, stray), TROUPE_REFUSED);
    }
    return TROUPE_OK;
}

/* Times the number of the rank, from 1; the most that come together are those from
 * here. */
enum { N_HERE = 30, N_THERE = 7 };

static troupe_status known_body(troupe_actor *self)
{
    int number = troupe_rank(self) + 1;
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(number % N_RANKS)};
    troupe_address near, far;

    TROUPE_TRY(troupe_spawn(self, &sink, NULL, &near));
    TROUPE_TRY(troupe_spawn(self, &sink, &there, &far));
    TROUPE_TRY(send_notes(self, near, N_HERE * number));
    TROUPE_TRY(send_notes(self, far, N_THERE * number));
    TROUPE_TRY(fill_a_mailbox(self, number));
    TROUPE_TRY(send_in_vain(self, near, number));
    return wait_s(self, 0.1);
}
TROUPE_PROCESS(known_process,
               known_body,
               TROUPE_SENDS(note, stray, quit),
               TROUPE_SPAWNS(&sink, &reader, &pusher));

static void check_known(const char *text)
{
    for (int rank = 0; rank < N_RANKS; rank++) {
        int number = rank + 1;
        char dead[100];

        /* The reader's, and what makes an actor quit. */
        ck_assert_int_eq(number_at(text, "local", rank), N_HERE * number + 2 + number);
        ck_assert_int_eq(number_at(text, "remote", rank), N_THERE * number);
        ck_assert_int_eq(number_at(text, "parked", rank), number);
        ck_assert_int_eq(number_at(text, "queued", rank), N_HERE * number);
        ck_assert_int_eq(number_at(text, "dead", rank), 3 * number);
        /* A reader and three sinks, of which one is another rank's; all have ended, and
         * so has the rank's process. */
        ck_assert_int_eq(number_at(text, "spawned", rank), 4 + number);
        ck_assert_int_eq(number_at(text, "ended", rank), 5 + number);
        ck_assert_int_gt(number_at(text, "stack", rank), 0);
        ck_assert_int_lt(number_at(text, "stack", rank), 256);
        snprintf(dead, sizeof dead,
                 "dead letters of rank %d: %d no actor, %d refused\n", rank, number,
                 2 * number);
        ck_assert_msg(strstr(text, dead) != NULL, "not '%s' in\n%s", dead, text);
    }
    ck_assert_ptr_nonnull(strstr(text, "audit: all well\n"));
}

START_TEST(actors_are_counted)
{
    if (!scene_is_hostile()) /* more sends park */
        listen_to_seeds(&known_process, check_known);
}
END_TEST

/* ---- records ---- */

enum { N_FEW = 20, N_MANY = 120 };

static troupe_status post_notes(troupe_actor *self, int n)
{
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(1)};
    troupe_address far;

    if (troupe_rank(self) > 0)
        return TROUPE_OK;
    TROUPE_TRY(troupe_spawn(self, &sink, &there, &far));
    return send_notes(self, far, n);
}
static troupe_status few_body(troupe_actor *self)
{
    return post_notes(self, N_FEW);
}
TROUPE_PROCESS(few_process, few_body, TROUPE_SENDS(note), TROUPE_SPAWNS(&sink));
static troupe_status many_body(troupe_actor *self)
{
    return post_notes(self, N_MANY);
}
TROUPE_PROCESS(many_process, many_body, TROUPE_SENDS(note), TROUPE_SPAWNS(&sink));

/* A message more is a record more, in frames that leave for one cause each. */
START_TEST(records_are_counted)
{
    static const char *const causes[] = {"full", "idle", "age", "block", "urgt"};
    struct child_end few, many;
    long long n_frames = 0;

    if (scene_is_hostile())
        return;
    listen(&(struct job){.main = &few_process, .seed = 1}, &few);
    listen(&(struct job){.main = &many_process, .seed = 1}, &many);
    ck_assert_int_eq(number_at(many.text, "records", 0) -
                         number_at(few.text, "records", 0),
                     N_MANY - N_FEW);
    ck_assert_int_eq(number_at(many.text, "records", 2),
                     number_at(few.text, "records", 2));
    ck_assert_int_ge(number_at(many.text, "bytes", 0),
                     number_at(few.text, "bytes", 0) + (N_MANY - N_FEW) * 8);
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        n_frames += number_at(many.text, causes[i], 0);
    if (!getenv("TROUPE_SIM_ROUTE")) /* else it passes on others' frames */
        ck_assert_int_eq(number_at(many.text, "frames", 0), n_frames);
}
END_TEST

/* ---- each column has its own count ---- */

static const char *const columns[] = {"local",   "remote", "parked", "queued", "dead",
                                      "spawned", "ended",  "bytes",  "frames", "full",
                                      "idle",    "age",    "block",  "urgt",   "stall",
                                      "gap",     "mem"};
enum { N_COLUMNS = sizeof columns / sizeof *columns, FILL = 1234 };

/* In millions, so that what the job itself counts does not show. */
static unsigned number_of(int rank, int column)
{
    return (unsigned)(1 + rank * N_COLUMNS + column);
}

static troupe_status altering_body(troupe_actor *self)
{
    struct actor_counts *actors = &self->home->counts;
    struct comm_counts *comm = &self->home->comm->counts;
    uint64_t values[N_COLUMNS];

    for (int i = 0; i < N_COLUMNS; i++)
        values[i] = UINT64_C(1) * MILLION * number_of(troupe_rank(self), i);
    actors->n_sent_local = values[0];
    actors->n_sent_remote = values[1];
    actors->n_parked_sends = values[2];
    actors->most_queued = (uint32_t)values[3];
    actors->n_dead[ACTOR_DEAD_UNREAD] = values[4];
    actors->n_spawned = values[5];
    actors->n_ended = values[6];
    comm->n_bytes_sent = values[7];
    comm->n_frames_sent = values[8];
    comm->n_filled_bytes = values[8] * FILL + values[8] / 2;
    for (int i = 0; i < COMM_N_FLUSH_CAUSES; i++)
        comm->n_flushes[i] = values[9 + i];
    comm->n_credit_stalls = values[14];
    comm->longest_poll_gap_ns = (int64_t)values[15] * 1000;
    comm->peak_transport_bytes = values[16] * 1024;
    return TROUPE_OK;
}
TROUPE_PROCESS(altering_process, altering_body);

static void check_altered(const char *text)
{
    for (int rank = 0; rank < N_RANKS; rank++) {
        char dead[100];

        for (int i = 0; i < N_COLUMNS; i++) {
            char cell[32], wanted[32];

            find_cell(text, columns[i], rank, cell);
            snprintf(wanted, sizeof wanted, "%u.00M", number_of(rank, i));
            ck_assert_msg(strcmp(cell, wanted) == 0, "%s of rank %d: %s, not %s in\n%s",
                          columns[i], rank, cell, wanted, text);
        }
        ck_assert_int_eq(number_at(text, "fill", rank), FILL);
        snprintf(dead, sizeof dead, "dead letters of rank %d: %u000000 unread\n", rank,
                 number_of(rank, 4));
        ck_assert_ptr_nonnull(strstr(text, dead));
    }
}

START_TEST(each_column_has_its_count)
{
    listen_to_seeds(&altering_process, check_altered);
}
END_TEST

/* ---- what is left behind ---- */

#ifdef TROUPE_ASSERT
enum { FAULTY = TROUPE_CODE_RANK_FAILED, LEAKING = -1 /* aborts */ };
#else
enum { FAULTY = TROUPE_CODE_OK, LEAKING = TROUPE_CODE_OK };
#endif

static troupe_status forgetful_body(troupe_actor *self)
{
    for (int i = 0; i < troupe_rank(self); i++)
        EXPECT(message_take(self->home->pool, 8) != NULL);
    return TROUPE_OK;
}
TROUPE_PROCESS(forgetful_process, forgetful_body);

START_TEST(messages_that_are_left_are_named)
{
    struct child_end end;

    listen(&(struct job){.main = &forgetful_process, .seed = 1, .exit_code = FAULTY},
           &end);
    ck_assert_ptr_null(strstr(end.text, "audit: rank 0"));
    for (int rank = 1; rank < N_RANKS; rank++) {
        char wanted[100];

        snprintf(wanted, sizeof wanted,
                 "error: audit: rank %d: %d message blocks were never given back\n",
                 rank, rank);
        ck_assert_msg(strstr(end.text, wanted) != NULL, "not '%s' in\n%s", wanted,
                      end.text);
    }
    ck_assert_ptr_null(strstr(end.text, "all well"));
}
END_TEST

static troupe_status leaking_body(troupe_actor *self)
{
    if (troupe_rank(self) == 1)
        left = base_new(int);
    return TROUPE_OK;
}
TROUPE_PROCESS(leaking_process, leaking_body);

START_TEST(memory_that_is_left_is_counted)
{
    struct child_end end;

    listen(&(struct job){.main = &leaking_process, .seed = 1, .exit_code = LEAKING},
           &end);
    ck_assert_ptr_nonnull(
        strstr(end.text, "error: audit: 1 allocations were never freed\n"));
}
END_TEST

/* A count of comm's, to see that its audit is asked for, of each rank. */
static troupe_status miscounting_body(troupe_actor *self)
{
    if (troupe_rank(self) == 2)
        self->home->comm->n_pipe_slots++;
    return TROUPE_OK;
}
TROUPE_PROCESS(miscounting_process, miscounting_body);

START_TEST(faults_of_comm_are_told)
{
    struct child_end end;

    listen(&(struct job){.main = &miscounting_process, .seed = 1, .exit_code = FAULTY},
           &end);
    ck_assert_ptr_nonnull(strstr(end.text, "error: audit: comm: rank 2 made "));
    ck_assert_ptr_null(strstr(end.text, "all well"));
}
END_TEST

CHECK_MAIN("runtime_statistics",
           actors_are_counted,
           records_are_counted,
           each_column_has_its_count,
           messages_that_are_left_are_named,
           memory_that_is_left_is_counted,
           faults_of_comm_are_told)
