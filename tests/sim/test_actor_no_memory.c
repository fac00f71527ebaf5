/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 1 */
#include "base/alloc.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "support/sim_job.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * No memory. Where a header promises TROUPE_NO_MEMORY that comes, nothing has happened,
 * and the job goes on. Everywhere else a job in which every n-th allocation fails ends
 * with the words of the rank that could not go on: it never crashes, hangs or leaks.
 */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct chunk {
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(chunk, n_data, TROUPE_TAIL(data, n_data));
TROUPE_SIGNAL(quit);

enum { MANY = 200000, LARGE = 1 << 20 };

static uint8_t large[LARGE];

static troupe_status on_note(troupe_actor *self, const struct note *note)
{
    const struct chunk head = {0};

    if (note->number < 0) {
        (void)base_alloc_fail_every(1);
        EXPECT_STATUS(
            troupe_reply_with_tail(self, TROUPE_TYPE_OF(chunk), &head, large, LARGE),
            TROUPE_NO_MEMORY);
        (void)base_alloc_fail_every(0);
    }
    return troupe_reply(self, note, note, .number = note->number);
}

static troupe_status on_chunk(troupe_actor *self, const struct chunk *chunk)
{
    (void)self;
    EXPECT(chunk->n_data == 0 || chunk->data[chunk->n_data - 1] == 0);
    return TROUPE_OK;
}

static troupe_status on_quit(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(guest,
                troupe_no_state,
                TROUPE_ON(note, on_note),
                TROUPE_ON(chunk, on_chunk),
                TROUPE_ON(quit, on_quit),
                .capacity = TROUPE_UNBOUNDED);

/* ---- what is promised ---- */

/* Again and again, until the pool has no more to give; nothing else runs meanwhile. */
#define UNTIL_NO_MEMORY(call)                                                          \
    do {                                                                               \
        troupe_status until_status_ = TROUPE_OK;                                       \
        (void)base_alloc_fail_every(1);                                                \
        for (int until_i_ = 0; until_i_ < MANY && until_status_ == TROUPE_OK;          \
             until_i_++)                                                               \
            until_status_ = (call);                                                    \
        (void)base_alloc_fail_every(0);                                                \
        SCENE_STATUS(until_status_, TROUPE_NO_MEMORY, #call);                          \
    } while (0)

static void do_nothing(void *argument)
{
    (void)argument;
}

static troupe_status own_until(troupe_actor *self)
{
    troupe_message *message;

    return troupe_message_create(self, TROUPE_TYPE_OF(note), 0, &message);
}

static troupe_status join_another(troupe_actor *self, int *n)
{
    char name[32];

    snprintf(name, sizeof name, "group %d", (*n)++);
    return troupe_join(self, name);
}

static troupe_status register_another(troupe_actor *self, int *n)
{
    char name[32];

    snprintf(name, sizeof name, "name %d", (*n)++);
    return troupe_register(self, TROUPE_LOCAL, name, troupe_self(self));
}

static troupe_status register_global(troupe_actor *self, int *n)
{
    char name[32];

    snprintf(name, sizeof name, "name %d", (*n)++);
    return troupe_register(self, TROUPE_GLOBAL, name, troupe_self(self));
}

static troupe_status alloc_another(troupe_actor *self)
{
    return troupe_alloc(self, 500) ? TROUPE_OK : TROUPE_NO_MEMORY;
}

static troupe_status create_another(troupe_actor *self)
{
    const troupe_address alone[] = {troupe_self(self)};
    troupe_team *team;

    return troupe_team_create(self, alone, 1, &team);
}

static void small_things(troupe_actor *self, troupe_address mate)
{
    troupe_reference reference;
    int n_groups = 0, n_names = 0;

    /* What goes to a handler here would take its turn, and memory with it. */
    UNTIL_NO_MEMORY(troupe_send(self, troupe_self(self), quit));
    UNTIL_NO_MEMORY(troupe_spawn(self, &guest, NULL, NULL));
    UNTIL_NO_MEMORY(troupe_monitor(self, mate, &reference));
    UNTIL_NO_MEMORY(troupe_defer(self, do_nothing, NULL));
    UNTIL_NO_MEMORY(alloc_another(self));
    UNTIL_NO_MEMORY(own_until(self));
    UNTIL_NO_MEMORY(troupe_send_after(self, mate, 0.001, &reference, quit));
    UNTIL_NO_MEMORY(troupe_send_every(self, mate, 1000, &reference, quit));
    UNTIL_NO_MEMORY(troupe_call_async(self, mate, troupe_after_s(self, 100), &reference,
                                      note, .number = 1));
    UNTIL_NO_MEMORY(join_another(self, &n_groups));
    UNTIL_NO_MEMORY(register_another(self, &n_names));
    UNTIL_NO_MEMORY(
        troupe_register_async(self, "global", troupe_self(self), &reference));
    UNTIL_NO_MEMORY(troupe_whereis_async(self, "global", &reference));
    UNTIL_NO_MEMORY(create_another(self));
}

static void large_things(troupe_actor *self, troupe_address mate)
{
    const struct chunk head = {0};
    const struct chunk *chunk;
    troupe_message *message = NULL;

    UNTIL_NO_MEMORY(troupe_send_tail(self, mate, chunk, data, large, LARGE));
    UNTIL_NO_MEMORY(
        troupe_message_create(self, TROUPE_TYPE_OF(chunk), LARGE, &message));
    EXPECT(message == NULL);
    UNTIL_NO_MEMORY(troupe_call_bytes(self, mate, TROUPE_TYPE_OF(chunk),
                                      (const void **)&chunk, TROUPE_FOREVER,
                                      TROUPE_TYPE_OF(chunk), large, LARGE));
    EXPECT_OK(troupe_join(self, "choir"));
    UNTIL_NO_MEMORY(
        troupe_group_send_bytes(self, "choir", TROUPE_TYPE_OF(chunk), large, LARGE));
    UNTIL_NO_MEMORY(
        troupe_send_with_tail(self, mate, TROUPE_TYPE_OF(chunk), &head, large, LARGE));
    EXPECT_OK(troupe_call(self, mate, note, NULL, TROUPE_FOREVER, note, .number = -1));
}

static void keeping(troupe_actor *self)
{
    troupe_message *message = NULL;

    EXPECT_OK(troupe_send(self, troupe_self(self), note, .number = 3));
    EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, NULL));
    UNTIL_NO_MEMORY(own_until(self));
    UNTIL_NO_MEMORY(troupe_keep(self, &message));
    EXPECT_OK(troupe_keep(self, &message));
    EXPECT_INT(((struct note *)troupe_message_body(message))->number, 3);
}

/* Before anything else has asked about a name; its keeper is told what is taken back.
 */
static void global_names(troupe_actor *self, troupe_address mate)
{
    const struct troupe_name_result *result;
    troupe_reference reference;
    troupe_address who;

    EXPECT_OK(troupe_register_async(self, "taken", troupe_self(self), &reference));
    EXPECT_OK(troupe_receive(self, troupe_name_result, TROUPE_FOREVER, &result));
    EXPECT_INT(result->status, TROUPE_OK);
    UNTIL_NO_MEMORY(troupe_register(self, TROUPE_GLOBAL, "first", mate));
    UNTIL_NO_MEMORY(troupe_whereis(self, TROUPE_GLOBAL, "taken", TROUPE_NOW, &who));
    UNTIL_NO_MEMORY(troupe_whereis(self, TROUPE_GLOBAL, "taken", TROUPE_FOREVER, &who));
    UNTIL_NO_MEMORY(troupe_unregister(self, TROUPE_GLOBAL, "taken"));
    EXPECT_STATUS(troupe_unregister(self, TROUPE_GLOBAL, "taken"), TROUPE_NOT_FOUND);
    EXPECT_OK(troupe_register(self, TROUPE_GLOBAL, "taken", mate));
}

static troupe_status promised_body(troupe_actor *self)
{
    int last = troupe_n_ranks(self) - 1;
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(last)};
    troupe_address mate, far;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    /* In a body that is as large as its fields say. */
    ((struct chunk *)(void *)large)->n_data = LARGE - sizeof(struct chunk);
    EXPECT_OK(troupe_spawn(self, &guest, NULL, &mate));
    EXPECT_OK(troupe_spawn(self, &guest, &there, &far));
    global_names(self, mate);
    small_things(self, mate);
    large_things(self, mate);
    large_things(self, far);
    keeping(self);
    UNTIL_NO_MEMORY(troupe_stop_actor(self, far, TROUPE_EXIT_KILLED));
    return TROUPE_OK;
}
TROUPE_PROCESS(promised,
               promised_body,
               TROUPE_ACCEPTS(note,
                              chunk,
                              quit,
                              troupe_down,
                              troupe_call_failed,
                              troupe_name_result),
               TROUPE_SPAWNS(&guest));

START_TEST(promises)
{
    memset(large, 0, sizeof large);
    scene_play(&(struct scene){.main = &promised, .n_ranks = 2});
}
END_TEST

/* The keeper of a name is the only rank. */
static troupe_status keeper_body(troupe_actor *self)
{
    troupe_address who;
    int n = 0;

    EXPECT_OK(troupe_register(self, TROUPE_GLOBAL, "first", troupe_self(self)));
    UNTIL_NO_MEMORY(
        troupe_whereis(self, TROUPE_GLOBAL, "nobody's", troupe_after_s(self, 1), &who));
    UNTIL_NO_MEMORY(register_global(self, &n));
    return TROUPE_OK;
}
TROUPE_PROCESS(keeper, keeper_body);

START_TEST(promises_of_a_keeper)
{
    scene_play(&(struct scene){.main = &keeper, .n_ranks = 1});
}
END_TEST

/* ---- a start ---- */

static troupe_status idle_body(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}
TROUPE_PROCESS(idle, idle_body);

enum { NOT_STARTED = 42, UNTIDY };

static void start_with(void *argument)
{
    const troupe_program program = {.main = &idle};
    const troupe_options options = {.program = &program, .sim_ranks = 2};
    int64_t n_live = base_alloc_live();
    troupe *runtime = NULL;
    troupe_status status;
    int exit_code;

    alarm(100);
    (void)base_alloc_fail_every(*(const uint64_t *)argument);
    status = troupe_start(&options, &runtime);
    (void)base_alloc_fail_every(0);
    if (status == TROUPE_NO_MEMORY)
        exit(runtime || base_alloc_live() != n_live ? UNTIDY : NOT_STARTED);
    exit_code = status == TROUPE_OK ? troupe_run(runtime) : UNTIDY;
    troupe_stop(runtime);
    exit(exit_code);
}

START_TEST(starting)
{
    int n_not_started = 0, n_started = 0;

    for (uint64_t n = 1; n < 200; n += 1 + n / 20) {
        struct child_end end;
        bool has_died;

        child_run(start_with, &n, &end);
        has_died = end.signal_number == SIGABRT || /* no rank runs yet */
                   end.exit_code == TROUPE_CODE_RANK_FAILED;

        n_not_started += end.exit_code == NOT_STARTED;
        n_started += end.exit_code == 0;
        ck_assert_msg(end.exit_code == NOT_STARTED || end.exit_code == 0 ||
                          (has_died && strstr(end.text, "memory")),
                      "every %d: exit code %d, signal %d; it said: %s", (int)n,
                      end.exit_code, end.signal_number, end.text);
    }
    ck_assert_int_gt(n_not_started, 0);
    ck_assert_int_gt(n_started, 0);
}
END_TEST

/* ---- every n-th allocation fails ---- */

static uint64_t fail_every;

/* What goes wrong for want of memory is the end of the process; nothing else may. */
#define TRY_MEMORY(call)                                                               \
    do {                                                                               \
        troupe_status try_status_ = (call);                                            \
        if (try_status_ == TROUPE_NO_MEMORY)                                           \
            return try_status_;                                                        \
        SCENE_STATUS(try_status_, TROUPE_OK, #call);                                   \
    } while (0)

static troupe_status do_mail(troupe_actor *self, troupe_address who, size_t size_bytes)
{
    troupe_message *message = NULL;
    troupe_reference reference;
    struct chunk *chunk = NULL;

    TRY_MEMORY(troupe_send(self, who, note, .number = 1));
    TRY_MEMORY(troupe_send_tail(self, who, chunk, data, large + 8, size_bytes));
    TRY_MEMORY(troupe_new_message(self, chunk, size_bytes, &message, &chunk));
    memset(chunk->data, 0, size_bytes);
    TRY_MEMORY(troupe_send_message(self, who, &message));
    TRY_MEMORY(troupe_send_after(self, who, 0.001, NULL, note, .number = 2));
    TRY_MEMORY(troupe_call_async(self, who, troupe_after_s(self, 1), &reference, note,
                                 .number = 3));
    TRY_MEMORY(troupe_receive(self, note, TROUPE_FOREVER, NULL));
    TRY_MEMORY(troupe_keep(self, &message));
    troupe_release(self, &message);
    TRY_MEMORY(troupe_call(self, who, note, NULL, troupe_after_s(self, 10), note,
                           .number = 4));
    return troupe_defer(self, do_nothing, NULL);
}

static troupe_status do_life(troupe_actor *self, int round)
{
    troupe_reference monitor, second;
    const troupe_spawn_options next = {
        .place = TROUPE_ON_RANK((troupe_rank(self) + round) % troupe_n_ranks(self)),
        .monitor = &monitor};
    troupe_address who;

    TRY_MEMORY(troupe_spawn(self, &guest, &next, &who));
    TRY_MEMORY(troupe_monitor(self, who, &second));
    TRY_MEMORY(do_mail(self, who, (size_t)(round * round * round) * 100));
    TRY_MEMORY(troupe_send(self, who, quit));
    TRY_MEMORY(troupe_receive(self, troupe_down, TROUPE_FOREVER, NULL));
    TRY_MEMORY(troupe_receive(self, troupe_down, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}

static troupe_status do_names(troupe_actor *self, int round)
{
    char name[32];
    troupe_address who;
    troupe_reference asked;

    snprintf(name, sizeof name, "name %d of %d", round, troupe_rank(self));
    TRY_MEMORY(troupe_register(self, TROUPE_GLOBAL, name, troupe_self(self)));
    TRY_MEMORY(troupe_register(self, TROUPE_LOCAL, name, troupe_self(self)));
    TRY_MEMORY(troupe_whereis(self, TROUPE_GLOBAL, name, TROUPE_NOW, &who));
    TRY_MEMORY(troupe_whereis_async(self, name, &asked));
    TRY_MEMORY(troupe_receive(self, troupe_name_result, TROUPE_FOREVER, NULL));
    TRY_MEMORY(troupe_join(self, name));
    TRY_MEMORY(troupe_group_send(self, name, note, .number = 1));
    return troupe_receive(self, note, TROUPE_FOREVER, NULL);
}

static troupe_status do_teams(troupe_actor *self, size_t size_bytes)
{
    enum { MOST = 100000 };
    static unsigned char mine[4][MOST], all[4][4 * MOST];
    troupe_team *team = troupe_rank_team(self), *child;
    int rank = troupe_rank(self);

    TROUPE_TRY(troupe_barrier(self, team));
    TROUPE_TRY(troupe_gather(self, team, -1, mine[rank], size_bytes, all[rank]));
    TROUPE_TRY(troupe_broadcast(self, team, 1, mine[rank], size_bytes));
    TROUPE_TRY(troupe_team_split(self, team, rank % 2, 0, &child));
    return troupe_barrier(self, child);
}

static troupe_status hungry_body(troupe_actor *self)
{
    if (troupe_rank(self) == 0)
        (void)base_alloc_fail_every(fail_every);
    for (int round = 0; round < 12; round++) {
        troupe_status status;

        TRY_MEMORY(do_life(self, round));
        TRY_MEMORY(do_names(self, round));
        status = do_teams(self, round % 2 ? 90000 : 100);
        if (status == TROUPE_PEER_GONE || status == TROUPE_MISMATCH)
            return TROUPE_OK; /* another had no memory */
        TRY_MEMORY(status);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(
    hungry,
    hungry_body,
    TROUPE_ACCEPTS(note, troupe_down, troupe_call_failed, troupe_name_result),
    TROUPE_SENDS(quit, chunk),
    TROUPE_SPAWNS(&guest),
    .capacity = 64);

static void run_hungry(void *argument)
{
    const troupe_program program = {.main = &hungry};
    const uint64_t *seed = argument;
    int exit_code;

    alarm(100); /* what hangs dies of a signal */
    exit_code = sim_job_once(&program, 4, *seed);
    (void)base_alloc_fail_every(0);
    exit(exit_code);
}

/* Well, or for want of memory and for nothing else. */
static int run_with(uint64_t n, uint64_t seed)
{
    struct child_end end;

    fail_every = n;
    child_run(run_hungry, &seed, &end);
    ck_assert_msg(end.signal_number == 0, "every %d: signal %d; it said:\n%.3000s",
                  (int)n, end.signal_number, end.text);
    if (end.exit_code == 0)
        return 0;
    ck_assert_msg((strstr(end.text, "no memory") || strstr(end.text, "NO_MEMORY")) &&
                      !strstr(end.text, "our own fault") &&
                      !strstr(end.text, "Sanitizer") && !strstr(end.text, "not so") &&
                      !strstr(end.text, "never freed"),
                  "every %d, seed %d: exit code %d; it said:\n%.3000s", (int)n,
                  (int)seed, end.exit_code, end.text);
    ck_assert_int_eq(end.exit_code, TROUPE_CODE_RANK_FAILED); /* worth another try */
    return 1;
}

START_TEST(every_nth)
{
    int n_failed = 0;

    setenv("TROUPE_LOG", "error", 1);
    for (uint64_t n = 1; n < 1000; n += 1 + n / 60)
        n_failed += run_with(n, n);
    ck_assert_int_eq(run_with(0, 1), 0);
    ck_assert_int_gt(n_failed, 10);
}
END_TEST

CHECK_MAIN("actor no memory", promises, promises_of_a_keeper, starting, every_nth)
