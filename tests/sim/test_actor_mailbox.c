/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 20 */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* What each overflow policy does to mail for a full mailbox, here and from elsewhere.
 */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);

enum { CAPACITY = 3, N_NOTES = 20 };

static struct {
    /* What is asked for. */
    int place;
    uint32_t capacity;
    enum troupe_overflow overflow;
    /* What came of it. */
    int64_t taken[N_NOTES], n_taken, n_waiting;
    int64_t n_ok, n_full, n_refused, n_dead;
    bool was_parked;
} seen;

/* ---- one late reader, one sender
 * ----------------------------------------------------- */

static void count_dead(void *context, const troupe_dead_letter *letter)
{
    (void)context;
    EXPECT(strcmp(letter->reason, "dropped") == 0);
    EXPECT(strcmp(letter->type_name, "note") == 0);
    seen.n_dead++;
}

/* Sleeps while its mailbox fills, then takes what is there and what follows. */
static troupe_status late_body(troupe_actor *self)
{
    const struct note *note;

    troupe_on_dead_letter(self, count_dead, NULL);
    troupe_sleep_until(self, troupe_after_s(self, 0.5));
    seen.n_waiting = (int64_t)troupe_n_waiting(self);
    while (troupe_receive(self, note, troupe_after_s(self, 0.5), &note) == TROUPE_OK)
        seen.taken[seen.n_taken++] = note->number;
    return TROUPE_OK;
}
TROUPE_PROCESS(late, late_body, TROUPE_ACCEPTS(note));

static void check_refused(troupe_actor *self, troupe_address to)
{
    const struct troupe_refused *refused;

    while (troupe_receive(self, troupe_refused, troupe_after_s(self, 1), &refused) ==
           TROUPE_OK) {
        EXPECT(refused->to.bits == to.bits);
        EXPECT_INT(refused->reason, TROUPE_REFUSAL_FULL);
        EXPECT(strcmp(refused->type_name, "note") == 0);
        EXPECT(troupe_sender(self).bits == to.bits);
        seen.n_refused++;
    }
}

/* Ten milliseconds between two: word that the mailbox is full gets here in time. */
static troupe_status sender_body(troupe_actor *self)
{
    const troupe_spawn_options options = {.place = TROUPE_ON_RANK(seen.place),
                                          .capacity = seen.capacity,
                                          .overflow = seen.overflow};
    int64_t begin_ns = troupe_now_ns(self);
    troupe_address to;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &late, &options, &to));
    for (int64_t i = 0; i < N_NOTES; i++) {
        troupe_status status = troupe_send(self, to, note, .number = i);

        EXPECT(status == TROUPE_OK || status == TROUPE_FULL);
        seen.n_ok += status == TROUPE_OK;
        seen.n_full += status == TROUPE_FULL;
        if (troupe_now_ns(self) - begin_ns < 300 * 1000 * 1000)
            troupe_sleep_until(self, troupe_after_s(self, 0.01));
        else
            seen.was_parked = true;
    }
    check_refused(self, to);
    return TROUPE_OK;
}
TROUPE_PROCESS(sender,
               sender_body,
               TROUPE_ACCEPTS(troupe_refused),
               TROUPE_SPAWNS(&late),
               .capacity = N_NOTES);

static struct {
    int place;
    uint32_t capacity;
    enum troupe_overflow overflow;
} wanted;

static void set_wanted(void)
{
    seen.place = wanted.place;
    seen.capacity = wanted.capacity;
    seen.overflow = wanted.overflow;
}

static void play(uint32_t capacity, enum troupe_overflow overflow, void (*check)(void))
{
    for (int place = 0; place < 2; place++) {
        wanted.place = place;
        wanted.capacity = capacity;
        wanted.overflow = overflow;
        scene_play(&(struct scene){.main = &sender,
                                   .n_ranks = 2,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen,
                                   .begin = set_wanted,
                                   .check = check});
    }
}

static void expect_taken(int64_t first, int64_t n)
{
    EXPECT_INT(seen.n_taken, n);
    for (int64_t i = 0; i < n; i++)
        EXPECT_INT(seen.taken[i], first + i);
}

/* A local sender never gets more in than there is room for; a remote one is told. */
static void check_park(void)
{
    EXPECT_INT(seen.n_ok, N_NOTES);
    EXPECT(seen.was_parked);
    expect_taken(0, N_NOTES);
    EXPECT_INT(seen.n_dead, 0);
    EXPECT_INT(seen.n_refused, 0);
    if (seen.place == 0)
        EXPECT_INT(seen.n_waiting, CAPACITY);
    else
        EXPECT(seen.n_waiting > CAPACITY && seen.n_waiting < N_NOTES / 2);
}

START_TEST(park)
{
    play(CAPACITY, TROUPE_PARK, check_park);
}
END_TEST

static void check_refuse(void)
{
    expect_taken(0, CAPACITY);
    EXPECT_INT(seen.n_waiting, CAPACITY);
    EXPECT(!seen.was_parked);
    EXPECT_INT(seen.n_full, seen.place == 0 ? N_NOTES - CAPACITY : 0);
    EXPECT_INT(seen.n_refused, seen.place == 0 ? 0 : N_NOTES - CAPACITY);
}

START_TEST(refuse)
{
    play(CAPACITY, TROUPE_REFUSE, check_refuse);
}
END_TEST

static void check_drop_newest(void)
{
    expect_taken(0, CAPACITY);
    EXPECT_INT(seen.n_ok, N_NOTES);
    EXPECT_INT(seen.n_dead, N_NOTES - CAPACITY);
    EXPECT(!seen.was_parked);
}

START_TEST(drop_newest)
{
    play(CAPACITY, TROUPE_DROP_NEWEST, check_drop_newest);
}
END_TEST

static void check_drop_oldest(void)
{
    expect_taken(N_NOTES - CAPACITY, CAPACITY);
    EXPECT_INT(seen.n_ok, N_NOTES);
    EXPECT_INT(seen.n_dead, N_NOTES - CAPACITY);
    EXPECT(!seen.was_parked);
}

START_TEST(drop_oldest)
{
    play(CAPACITY, TROUPE_DROP_OLDEST, check_drop_oldest);
}
END_TEST

static void check_unbounded(void)
{
    expect_taken(0, N_NOTES);
    EXPECT_INT(seen.n_waiting, N_NOTES);
    EXPECT(!seen.was_parked);
}

START_TEST(unbounded)
{
    play(TROUPE_UNBOUNDED, TROUPE_PARK, check_unbounded);
}
END_TEST

/* ---- large messages meet the same policies
 * ------------------------------------------- */

struct parcel {
    int64_t number;
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(parcel, number, n_data, TROUPE_TAIL(data, n_data));

enum { LARGE = 40000 };
static uint8_t buffer[LARGE];

static troupe_status late_parcels_body(troupe_actor *self)
{
    const struct parcel *parcel;

    troupe_sleep_until(self, troupe_after_s(self, 0.5));
    seen.n_waiting = (int64_t)troupe_n_waiting(self);
    while (troupe_receive(self, parcel, troupe_after_s(self, 0.5), &parcel) ==
           TROUPE_OK) {
        EXPECT_INT(parcel->n_data, LARGE);
        seen.taken[seen.n_taken++] = parcel->number;
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(late_parcels, late_parcels_body, TROUPE_ACCEPTS(parcel));

static troupe_status parcels_body(troupe_actor *self)
{
    const troupe_spawn_options options = {.place = TROUPE_ON_RANK(seen.place),
                                          .capacity = seen.capacity,
                                          .overflow = seen.overflow};
    troupe_address to;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &late_parcels, &options, &to));
    for (int64_t i = 0; i < N_NOTES; i++) {
        troupe_status status =
            troupe_send_tail(self, to, parcel, data, buffer, LARGE, .number = i);

        seen.n_ok += status == TROUPE_OK;
        troupe_sleep_until(self, troupe_after_s(self, 0.001));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(parcels, parcels_body, TROUPE_SPAWNS(&late_parcels));

static void check_parcels(void)
{
    switch (seen.overflow) {
    case TROUPE_PARK:
        expect_taken(0, N_NOTES);
        return;
    case TROUPE_DROP_OLDEST:
        expect_taken(N_NOTES - (int64_t)seen.capacity, seen.capacity);
        return;
    default:
        expect_taken(0, seen.capacity);
    }
}

START_TEST(large_messages)
{
    for (int overflow = TROUPE_PARK; overflow <= TROUPE_DROP_OLDEST; overflow++)
        for (int place = 0; place < 2; place++)
            for (wanted.capacity = 1; wanted.capacity <= 3; wanted.capacity += 2) {
                wanted.place = place;
                wanted.overflow = (enum troupe_overflow)overflow;
                scene_play(&(struct scene){.main = &parcels,
                                           .n_ranks = 2,
                                           .seen = &seen,
                                           .seen_bytes = sizeof seen,
                                           .begin = set_wanted,
                                           .check = check_parcels});
            }
}
END_TEST

CHECK_MAIN(
    "actor mailbox", park, refuse, drop_newest, drop_oldest, unbounded, large_messages)
