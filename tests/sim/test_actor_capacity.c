/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 20 */
#include "actor/actor.h"
#include "runtime/sim.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* How much a mailbox can have at most, and the mail that no capacity holds up. */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct chunk {
    uint8_t bytes[1000];
};
TROUPE_TYPE(chunk, bytes);
struct echo {
    int64_t number;
};
TROUPE_TYPE(echo, number);
TROUPE_SIGNAL(alarm_bell);

enum { N_SENDERS = 9, N_EACH = 40, CAPACITY = 4, N_CHUNKS = 6000 };

static struct {
    troupe_address reader;
    int64_t n_taken, most_waiting, n_sent, n_down;
    int64_t next[N_SENDERS];
} seen;

/* ---- local senders of both forms
 * ------------------------------------------------------ */

struct source {
    int64_t who, left;
};
TROUPE_TYPE(source, who, left);

static troupe_status send_next(troupe_actor *self, int64_t who, int64_t left)
{
    return troupe_send(self, seen.reader, note,
                       .number = who * N_EACH + (N_EACH - left));
}

static troupe_status source_body(troupe_actor *self)
{
    const struct source *source = troupe_arguments(self, source);

    for (int64_t left = source->left; left > 0; left--)
        EXPECT_OK(send_next(self, source->who, left));
    return TROUPE_OK;
}
TROUPE_PROCESS(source_process,
               source_body,
               TROUPE_ARGUMENTS(source),
               TROUPE_SENDS(note));

static troupe_status
on_begin(troupe_actor *self, struct source *source, const struct source *arguments)
{
    *source = *arguments;
    return troupe_send(self, troupe_self(self), alarm_bell);
}

static troupe_status on_bell(troupe_actor *self, struct source *source)
{
    for (int i = 0; i < 3 && source->left > 0; i++)
        EXPECT_OK(send_next(self, source->who, source->left--));
    return source->left ? troupe_send(self, troupe_self(self), alarm_bell) : TROUPE_OK;
}
TROUPE_BEHAVIOR(source_handler,
                source,
                TROUPE_INIT(source, on_begin),
                TROUPE_ON(alarm_bell, on_bell),
                TROUPE_SENDS(note),
                .capacity = 1);

static void take_notes(troupe_actor *self)
{
    for (; seen.n_taken < N_SENDERS * N_EACH; seen.n_taken++) {
        const struct note *note;
        int64_t waiting = (int64_t)troupe_n_waiting(self);

        if (waiting > seen.most_waiting)
            seen.most_waiting = waiting;
        EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, &note));
        EXPECT_INT(note->number % N_EACH, seen.next[note->number / N_EACH]++);
        if (seen.n_taken % 7 == 0)
            troupe_yield(self);
    }
}

static troupe_status crowd_body(troupe_actor *self)
{
    seen.reader = troupe_self(self);
    for (int64_t i = 0; i < N_SENDERS; i++) {
        const troupe_spawn_options with = {
            TROUPE_WITH(source, .who = i, .left = N_EACH)};
        troupe_address address;

        EXPECT_OK(troupe_spawn(self, i % 2 ? &source_process : &source_handler, &with,
                               &address));
    }
    take_notes(self);
    EXPECT_INT(seen.most_waiting, CAPACITY);
    return TROUPE_OK;
}
TROUPE_PROCESS(crowd,
               crowd_body,
               TROUPE_ACCEPTS(note),
               TROUPE_SPAWNS(&source_process, &source_handler),
               .capacity = CAPACITY);

START_TEST(never_over_capacity)
{
    scene_play(&(struct scene){
        .main = &crowd, .n_ranks = 1, .seen = &seen, .seen_bytes = sizeof seen});
}
END_TEST

/* ---- a flood from other ranks
 * --------------------------------------------------------------- */

static troupe_status flood_body(troupe_actor *self)
{
    static const struct chunk chunk;

    if (troupe_rank(self) != 0) {
        for (int64_t i = 0; i < N_CHUNKS; i++, seen.n_sent++)
            EXPECT_OK(
                troupe_send_value(self, troupe_rank_process(self, 0), chunk, &chunk));
        return TROUPE_OK;
    }
    troupe_sleep_until(self, troupe_after_s(self, 5));
    EXPECT(seen.n_sent < N_CHUNKS * (troupe_n_ranks(self) - 1));
    seen.most_waiting = (int64_t)troupe_n_waiting(self);
    for (int64_t i = 0; i < N_CHUNKS * (troupe_n_ranks(self) - 1); i++)
        EXPECT_OK(troupe_receive(self, chunk, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(flood, flood_body, TROUPE_ACCEPTS(chunk), .capacity = 1);

/* What one rank may have under way: its credits, at most the whole budget, and what may
 * wait for credits; in bytes. */
static void check_flood(void)
{
    const int64_t most_bytes = (2 << 20) + 3 * (256 << 10);

    EXPECT(seen.most_waiting * (int64_t)sizeof(struct chunk) <= most_bytes);
}

START_TEST(the_spill_is_bounded)
{
    for (int n_ranks = 2; n_ranks <= 4; n_ranks += 2)
        scene_play(&(struct scene){.main = &flood,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .check = check_flood});
}
END_TEST

/* ---- the same, exactly: credits and B for each sender ---- */

enum { CREDITS = 2, SLOT_BYTES = 512, PENDING_BYTES = 2048, NOTE_BYTES = 8 };

static troupe_status drip_body(troupe_actor *self)
{
    if (troupe_rank(self) != 0) {
        for (int64_t i = 0; i < 3000; i++, seen.n_sent++) {
            EXPECT_OK(
                troupe_send(self, troupe_rank_process(self, 0), note, .number = i));
            if (i % (5 + troupe_rank(self)) == 0)
                troupe_yield(self); /* now credits may come back, and XOFF */
        }
        return TROUPE_OK;
    }
    troupe_sleep_until(self, troupe_after_s(self, 1));
    seen.most_waiting = (int64_t)troupe_n_waiting(self);
    EXPECT(seen.n_sent < 3000 * (troupe_n_ranks(self) - 1));
    for (int64_t i = 0; i < 3000 * (troupe_n_ranks(self) - 1); i++)
        EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(drip, drip_body, TROUPE_ACCEPTS(note), .capacity = 1);

static int64_t run_drip(int n_ranks, uint64_t seed)
{
    const troupe_program program = {.main = &drip};
    const troupe_options options = {.program = &program};
    const struct runtime_sim sim = {.sim = {.n_ranks = n_ranks, .seed = seed},
                                    .comm = {.spin_ns = -1,
                                             .frame_bytes = SLOT_BYTES,
                                             .initial_credits = CREDITS,
                                             .receive_budget_bytes = 1, /* none lent */
                                             .pending_limit_bytes = PENDING_BYTES}};
    troupe *runtime;

    memset(&seen, 0, sizeof seen);
    EXPECT_OK(runtime_start_sim(&options, &sim, &runtime));
    EXPECT_INT(troupe_run(runtime), TROUPE_CODE_OK);
    troupe_stop(runtime);
    return seen.most_waiting;
}

/* What counts is what a record takes in a frame: its word and its note. The frame with
 * which the pending ones pass B is under way, too. */
static bool play_drip(uint64_t seed)
{
    const int64_t bound = (CREDITS + 1) * SLOT_BYTES + PENDING_BYTES;
    int n_senders = 1 + (int)(seed % 4);
    int64_t n_spilled = run_drip(1 + n_senders, seed) - 1;

    EXPECT(n_spilled * NOTE_BYTES <= n_senders * bound);
    EXPECT(n_spilled * NOTE_BYTES > n_senders * bound / 2);
    return true;
}

START_TEST(the_spill_keeps_its_bound)
{
    scene_play_seeds(play_drip, 1);
}
END_TEST

/* ---- the limit of a rank
 * --------------------------------------------------------------- */

struct block {
    uint8_t bytes[1024];
};
TROUPE_TYPE(block, bytes);

/* Receives once, and never again. */
static troupe_status hoard_body(troupe_actor *self)
{
    EXPECT_OK(troupe_receive(self, alarm_bell, TROUPE_FOREVER, NULL));
    while (troupe_receive(self, block, TROUPE_NOW, NULL) == TROUPE_OK)
        continue;
    troupe_sleep_until(self, troupe_after_s(self, 1));
    return TROUPE_OK;
}
TROUPE_PROCESS(hoarder,
               hoard_body,
               TROUPE_ACCEPTS(alarm_bell, block),
               .capacity = TROUPE_UNBOUNDED);

static void send_blocks(troupe_actor *self, const troupe_address *to, int n)
{
    static const struct block block;

    for (int i = 0; i < n; i++)
        EXPECT_OK(troupe_send_value(self, to[i % 2], block, &block));
}

enum { LIMIT_BLOCKS = 1024 };

static int n_excess;

/* Two mailboxes on rank 0 fill up to the limit together, with mail from the last rank;
 * again after they were emptied; and then comes more. */
static troupe_status hoards_body(troupe_actor *self)
{
    const troupe_spawn_options on_first = {.place = TROUPE_ON_RANK(0)};
    troupe_address hoards[2];

    if (troupe_rank(self) != troupe_n_ranks(self) - 1)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &hoarder, &on_first, &hoards[0]));
    EXPECT_OK(troupe_spawn(self, &hoarder, &on_first, &hoards[1]));
    send_blocks(self, hoards, LIMIT_BLOCKS);
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    for (int i = 0; i < 2; i++)
        EXPECT_OK(troupe_send(self, hoards[i], alarm_bell));
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    send_blocks(self, hoards, LIMIT_BLOCKS + n_excess);
    return TROUPE_OK;
}
TROUPE_PROCESS(hoards,
               hoards_body,
               TROUPE_SPAWNS(&hoarder),
               TROUPE_SENDS(alarm_bell, block));

START_TEST(a_rank_has_a_limit)
{
    ck_assert_int_eq(setenv("TROUPE_MAIL_LIMIT_MIB", "1", 1), 0);
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++) {
        struct scene scene = {.main = &hoards, .n_ranks = n_ranks};
        struct child_end end;

        n_excess = 0;
        scene_play(&scene);
        n_excess = 1;
        scene.exit_code = TROUPE_CODE_MISUSE;
        scene_listen(&scene, &end);
        ck_assert_ptr_nonnull(
            strstr(end.text, "troupe[0] fatal: src/actor/mailbox.c:"));
        ck_assert_ptr_nonnull(strstr(
            end.text, ": unread mail takes more than 1 MiB on this rank; the last "
                      "receiver is hoarder "));
        ck_assert_ptr_nonnull(strstr(end.text, " on rank 0 with 513 messages; receive "
                                               "faster, or raise "
                                               "TROUPE_MAIL_LIMIT_MIB"));
    }
    ck_assert_int_eq(unsetenv("TROUPE_MAIL_LIMIT_MIB"), 0);
}
END_TEST

/* ---- exempt mail
 * ------------------------------------------------------------------------------- */

static troupe_status on_echo(troupe_actor *self, const struct echo *echo)
{
    EXPECT_OK(troupe_reply(self, echo, echo, .number = echo->number));
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(echoing, troupe_no_state, TROUPE_ON(echo, on_echo), .capacity = 4);

/* Full, and yet the reply, the down, the alarm and the failure come; with only those
 * unread it is not full. */
static troupe_status exempt_body(troupe_actor *self)
{
    const troupe_spawn_options where = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    const struct troupe_call_failed *failed;
    troupe_reference monitor, call, late;
    troupe_address server, sender;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    seen.reader = troupe_self(self);
    EXPECT_OK(troupe_send(self, troupe_self(self), note, .number = -1));
    EXPECT_OK(troupe_spawn(self, &echoing, &where, &server));
    EXPECT_OK(troupe_monitor(self, server, &monitor));
    EXPECT_OK(
        troupe_call_async(self, server, TROUPE_FOREVER, &call, echo, .number = 5));
    EXPECT_OK(troupe_send_after(self, troupe_self(self), 0.1, NULL, alarm_bell));
    EXPECT_OK(
        troupe_call_async(self, server, TROUPE_FOREVER, &late, echo, .number = 6));
    troupe_sleep_until(self, troupe_after_s(self, 0.5));
    EXPECT_INT(troupe_n_waiting(self), 5);
    EXPECT_OK(troupe_receive(self, note, TROUPE_NOW, NULL));
    EXPECT_OK(troupe_spawn(
        self, &source_process,
        &(troupe_spawn_options){TROUPE_WITH(source, .who = 0, .left = 1)}, &sender));
    EXPECT_OK(troupe_receive(self, note, troupe_after_s(self, 0.5), NULL));
    EXPECT_OK(troupe_receive(self, echo, TROUPE_NOW, NULL));
    EXPECT(troupe_mail_reference(self).bits == call.bits);
    EXPECT_OK(troupe_receive(self, troupe_down, TROUPE_NOW, NULL));
    EXPECT(troupe_mail_reference(self).bits == monitor.bits);
    EXPECT_OK(troupe_receive(self, troupe_call_failed, TROUPE_NOW, &failed));
    EXPECT(failed->reference.bits == late.bits && failed->status == TROUPE_DOWN);
    EXPECT_OK(troupe_receive(self, alarm_bell, TROUPE_NOW, NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(exempt,
               exempt_body,
               TROUPE_ACCEPTS(note, echo, alarm_bell, troupe_down, troupe_call_failed),
               TROUPE_SPAWNS(&echoing, &source_process),
               .capacity = 1);

START_TEST(exempt_mail)
{
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++)
        scene_play(&(struct scene){.main = &exempt,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen});
}
END_TEST

/* ---- receivers that end while somebody waits for room
 * --------------------------------------------- */

static troupe_status deaf_body(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 0.5));
    return TROUPE_OK;
}
TROUPE_PROCESS(deaf, deaf_body, TROUPE_ACCEPTS(note), .capacity = 1);

static troupe_status stubborn_body(troupe_actor *self)
{
    troupe_status status = TROUPE_OK;
    int64_t begin_ns = troupe_now_ns(self), i = 0;

    for (; i < 1000 && status == TROUPE_OK; i++) {
        status = troupe_send(self, seen.reader, note, .number = i);
        if (troupe_now_ns(self) - begin_ns > 450 * 1000 * 1000)
            break;
        troupe_sleep_until(self, troupe_after_s(self, 0.01));
    }
    EXPECT(i < 100);
    EXPECT(troupe_now_ns(self) - begin_ns > 450 * 1000 * 1000);
    seen.n_down += status == TROUPE_DOWN;
    return TROUPE_OK;
}
TROUPE_PROCESS(stubborn, stubborn_body, TROUPE_SENDS(note));

static troupe_status deaf_main_body(troupe_actor *self)
{
    const troupe_spawn_options where = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address address;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &deaf, &where, &seen.reader));
    for (int i = 0; i < 3; i++)
        EXPECT_OK(troupe_spawn(self, &stubborn, NULL, &address));
    troupe_sleep_until(self, troupe_after_s(self, 1));
    EXPECT(seen.n_down == (troupe_n_ranks(self) == 1 ? 3 : 0));
    return TROUPE_OK;
}
TROUPE_PROCESS(deaf_main, deaf_main_body, TROUPE_SPAWNS(&deaf, &stubborn));

START_TEST(who_waits_hears_of_the_end)
{
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++)
        scene_play(&(struct scene){.main = &deaf_main,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen});
}
END_TEST

CHECK_MAIN("actor capacity",
           never_over_capacity,
           the_spill_is_bounded,
           the_spill_keeps_its_bound,
           a_rank_has_a_limit,
           exempt_mail,
           who_waits_hears_of_the_end)
