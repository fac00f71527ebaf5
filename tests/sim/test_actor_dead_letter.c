/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 10 */
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Dead letters: one for each reason, what is told of them, and the last 64. */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct flag {
    bool is_set;
};
TROUPE_TYPE(flag, is_set);
TROUPE_SIGNAL(quit);
TROUPE_SIGNAL(go);

enum { N_KEPT = 64, MOST_SEEN = 16 };

static struct {
    troupe_dead_letter letter[MOST_SEEN];
    int n_letters;
    troupe_address main;
} seen;

static void keep(void *context, const troupe_dead_letter *letter)
{
    EXPECT(context == &seen);
    EXPECT(seen.n_letters < MOST_SEEN);
    seen.letter[seen.n_letters++] = *letter;
}

static void play(const troupe_behavior *main, int n_ranks)
{
    scene_play(&(struct scene){
        .main = main, .n_ranks = n_ranks, .seen = &seen, .seen_bytes = sizeof seen});
}

/* The last letter, and that it was the only one. */
static void expect_letter(const char *reason,
                          troupe_address from,
                          troupe_address to,
                          const char *type_name)
{
    const troupe_dead_letter *letter = &seen.letter[0];

    EXPECT_INT(seen.n_letters, 1);
    if (strcmp(letter->reason, reason) != 0)
        scene_fail(__FILE__, __LINE__, "'%s', not '%s'", letter->reason, reason);
    EXPECT(letter->sender.bits == from.bits && letter->to.bits == to.bits);
    EXPECT(strcmp(letter->type_name, type_name) == 0);
    seen.n_letters = 0;
}

/* ---- those who do not take their mail ---- */

static troupe_status on_note(troupe_actor *self, const struct note *note)
{
    return troupe_reply(self, note, note, .number = note->number);
}

static troupe_status on_quit(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(guest,
                troupe_no_state,
                TROUPE_ON(note, on_note),
                TROUPE_ON(quit, on_quit));

static troupe_status sleep_body(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 0.1));
    return TROUPE_OK;
}
TROUPE_PROCESS(sleeper, sleep_body, TROUPE_ACCEPTS(note, go));

static troupe_status slow_body(troupe_actor *self)
{
    const struct note *note;

    EXPECT_OK(troupe_receive(self, note, TROUPE_FOREVER, &note));
    troupe_sleep_until(self, troupe_after_s(self, 0.01));
    return troupe_reply(self, note, note, .number = 1);
}
TROUPE_PROCESS(slow, slow_body, TROUPE_ACCEPTS(note));

static troupe_status on_go(troupe_actor *self)
{
    (void)self;
    return TROUPE_OK;
}

/* It sends in its last call, when the job ends. */
static void on_fini(troupe_actor *self)
{
    EXPECT_STATUS(troupe_send(self, seen.main, note, .number = 9), TROUPE_CLOSED);
}
TROUPE_BEHAVIOR(late_one,
                troupe_no_state,
                TROUPE_ON(go, on_go),
                TROUPE_FINI(on_fini),
                TROUPE_SENDS(note));

static troupe_address spawn_on(troupe_actor *self,
                               const troupe_behavior *behavior,
                               int rank,
                               uint32_t capacity,
                               enum troupe_overflow overflow)
{
    const troupe_spawn_options there = {
        .place = TROUPE_ON_RANK(rank), .capacity = capacity, .overflow = overflow};
    troupe_address who;

    EXPECT_OK(troupe_spawn(self, behavior, &there, &who));
    return who;
}

/* Time for what is on its way to come, on this rank and on the other. */
static void settle(troupe_actor *self)
{
    troupe_sleep_until(self, troupe_after_s(self, 0.02));
}

static void expect_refusal(troupe_actor *self,
                           troupe_address to,
                           enum troupe_refusal reason,
                           const char *type_name)
{
    const struct troupe_refused *refused;

    EXPECT_OK(troupe_receive(self, troupe_refused, TROUPE_NOW, &refused));
    EXPECT(refused->to.bits == to.bits);
    EXPECT_INT(refused->reason, reason);
    EXPECT(strcmp(refused->type_name, type_name) == 0);
}

static void nobody_there(troupe_actor *self, int rank)
{
    troupe_address who = spawn_on(self, &guest, rank, 0, TROUPE_PARK);
    bool is_here = rank == troupe_rank(self);

    EXPECT_OK(troupe_send(self, who, quit));
    settle(self);
    EXPECT_STATUS(troupe_send(self, who, note, .number = 1),
                  is_here ? TROUPE_DOWN : TROUPE_OK);
    settle(self);
    expect_letter("no actor", troupe_self(self), who, "note");
    if (!is_here)
        expect_refusal(self, who, TROUPE_REFUSAL_NO_ACTOR, "note");
}

static void wrong_type(troupe_actor *self, int rank)
{
    troupe_address who = spawn_on(self, &guest, rank, 0, TROUPE_PARK);
    bool is_here = rank == troupe_rank(self);

    EXPECT_STATUS(troupe_send(self, who, go), is_here ? TROUPE_REFUSED : TROUPE_OK);
    settle(self);
    expect_letter("refused", troupe_self(self), who, "go");
    if (!is_here)
        expect_refusal(self, who, TROUPE_REFUSAL_TYPE, "go");
}

/* Of three messages to a mailbox of two one is dropped; the others stay unread. */
static void too_many(troupe_actor *self, int rank, enum troupe_overflow overflow)
{
    troupe_address who = spawn_on(self, &sleeper, rank, 2, overflow);
    bool is_told = overflow == TROUPE_REFUSE, is_here = rank == troupe_rank(self);

    EXPECT_OK(troupe_send(self, who, go));
    EXPECT_OK(troupe_send(self, who, note, .number = 1));
    EXPECT_STATUS(troupe_send(self, who, note, .number = 2),
                  is_told && is_here ? TROUPE_FULL : TROUPE_OK);
    settle(self);
    if (is_told && is_here)
        EXPECT_INT(seen.n_letters, 0);
    else
        expect_letter("dropped", troupe_self(self), who,
                      overflow == TROUPE_DROP_OLDEST ? "go" : "note");
    if (is_told && !is_here)
        expect_refusal(self, who, TROUPE_REFUSAL_FULL, "note");
    troupe_sleep_until(self, troupe_after_s(self, 0.2));
    EXPECT_INT(seen.n_letters, 2);
    EXPECT(strcmp(seen.letter[0].reason, "unread") == 0);
    EXPECT(strcmp(seen.letter[1].reason, "unread") == 0);
    seen.n_letters = 0;
}

/* A bool that is neither: what comes from outside a rank is looked at. */
static void no_value(troupe_actor *self, int rank)
{
    troupe_address who = spawn_on(self, &guest, rank, 0, TROUPE_PARK);
    static const unsigned char two = 2;

    if (rank == troupe_rank(self))
        return;
    EXPECT_OK(
        troupe_send_bytes(self, who, TROUPE_TYPE_OF(flag), &two, sizeof(struct flag)));
    settle(self);
    expect_letter("malformed", troupe_self(self), who, "flag");
    expect_refusal(self, who, TROUPE_REFUSAL_MALFORMED, "flag");
}

static void late_reply(troupe_actor *self, int rank)
{
    troupe_address who = spawn_on(self, &slow, rank, 0, TROUPE_PARK);
    troupe_deadline soon = troupe_after_s(self, 0.005);

    EXPECT_STATUS(troupe_call(self, who, note, NULL, soon, note, .number = 1),
                  TROUPE_TIMEOUT);
    settle(self);
    expect_letter("late reply", who, troupe_self(self), "note");
}

/* It waits for just this, but is stopped before its turn. */
static void not_read_any_more(troupe_actor *self, int rank)
{
    troupe_address who = spawn_on(self, &slow, rank, 0, TROUPE_PARK);

    settle(self);
    EXPECT_OK(troupe_send(self, who, note, .number = 1));
    EXPECT_OK(troupe_stop_actor(self, who, TROUPE_EXIT_SHUTDOWN));
    settle(self);
    expect_letter("unread", troupe_self(self), who, "note");
}

/* All of this on one rank of two after another, so that nobody else has letters. */
static troupe_status reasons_body(troupe_actor *self)
{
    troupe_on_dead_letter(self, keep, &seen);
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    for (int rank = 0; rank < troupe_n_ranks(self); rank++) {
        nobody_there(self, rank);
        wrong_type(self, rank);
        too_many(self, rank, TROUPE_REFUSE);
        too_many(self, rank, TROUPE_DROP_NEWEST);
        too_many(self, rank, TROUPE_DROP_OLDEST);
        no_value(self, rank);
        late_reply(self, rank);
    }
    not_read_any_more(self, 0);
    seen.main = troupe_self(self);
    (void)spawn_on(self, &late_one, troupe_n_ranks(self) - 1, 0, TROUPE_PARK);
    settle(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(reasons,
               reasons_body,
               TROUPE_ACCEPTS(note, troupe_refused),
               TROUPE_SENDS(go, quit, flag),
               TROUPE_SPAWNS(&guest, &sleeper, &slow, &late_one));

START_TEST(every_reason)
{
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++) {
        play(&reasons, n_ranks);
        EXPECT_INT(seen.n_letters, 1);
        EXPECT(strcmp(seen.letter[0].reason, "job ending") == 0);
        EXPECT(seen.letter[0].to.bits == seen.main.bits);
    }
}
END_TEST

/* ---- the last ones ---- */

static troupe_address dead_one(troupe_actor *self)
{
    troupe_address who = spawn_on(self, &guest, 0, 0, TROUPE_PARK);

    EXPECT_OK(troupe_send(self, who, quit));
    settle(self);
    return who;
}

static void count(void *context, const troupe_dead_letter *letter)
{
    EXPECT(letter->to.bits != 0);
    ++*(int *)context;
}

static troupe_status ring_body(troupe_actor *self)
{
    troupe_dead_letter letters[N_KEPT + 10];
    troupe_address dead[2] = {dead_one(self), dead_one(self)};
    int n_heard = 0;

    EXPECT_INT(troupe_n_dead_letters(self), 0);
    EXPECT_INT(troupe_dead_letters(self, letters, N_KEPT), 0);
    troupe_on_dead_letter(self, count, &n_heard);
    for (uint64_t i = 0; i < 200; i++) {
        size_t n_kept = i + 1 < N_KEPT ? i + 1 : N_KEPT;

        /* Every third is a note to the first. */
        if (i % 3 == 0)
            EXPECT_STATUS(troupe_send(self, dead[0], note, .number = 1), TROUPE_DOWN);
        else
            EXPECT_STATUS(troupe_send(self, dead[1], go), TROUPE_DOWN);
        EXPECT_INT(troupe_n_dead_letters(self), i + 1);
        EXPECT_INT(troupe_dead_letters(self, letters, N_KEPT + 10), n_kept);
        for (uint64_t k = 0; k < n_kept; k++) {
            bool is_third = (i - k) % 3 == 0; /* newest first */

            EXPECT(letters[k].to.bits == dead[!is_third].bits);
            EXPECT(strcmp(letters[k].type_name, is_third ? "note" : "go") == 0);
            EXPECT(strcmp(letters[k].reason, "no actor") == 0);
            EXPECT(letters[k].sender.bits == troupe_self(self).bits);
        }
        if (i == 99)
            troupe_on_dead_letter(self, NULL, NULL);
    }
    EXPECT_INT(n_heard, 100);
    EXPECT_INT(troupe_dead_letters(self, letters, 3), 3);
    EXPECT_INT(troupe_dead_letters(self, NULL, 0), 0);
    return TROUPE_OK;
}
TROUPE_PROCESS(ring, ring_body, TROUPE_SENDS(note, go, quit), TROUPE_SPAWNS(&guest));

START_TEST(the_last_are_kept)
{
    play(&ring, 1);
}
END_TEST

CHECK_MAIN("actor dead letter", every_reason, the_last_are_kept)
