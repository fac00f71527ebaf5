/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/* Taking mail out: by type, by predicate, by reference; what stays keeps its order. */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);
struct letter {
    int64_t number;
};
TROUPE_TYPE(letter, number);
TROUPE_SIGNAL(bell);
struct parcel {
    int64_t number;
    uint64_t n_data;
    uint8_t data[];
};
TROUPE_TYPE(parcel, number, n_data, TROUPE_TAIL(data, n_data));

enum { N_MAIL = 30, MOST_DATA = 50000 };

static struct {
    troupe_address reader;
    int64_t n_looked, n_taken, n_notes, n_letters, n_parcels;
    bool is_sent;
} seen;

static uint8_t data[MOST_DATA];

static size_t size_of(int64_t number)
{
    return number % 2 ? (size_t)number * 3 : MOST_DATA - (size_t)number;
}

/* note, letter, parcel, note ... with rising numbers; parcels small and bulk in turn.
 */
static troupe_status send_mix(troupe_actor *self, troupe_address to)
{
    for (int64_t i = 0; i < N_MAIL; i++) {
        if (i % 3 == 0)
            TROUPE_TRY(troupe_send(self, to, note, .number = i));
        else if (i % 3 == 1)
            TROUPE_TRY(troupe_send(self, to, letter, .number = i));
        else
            TROUPE_TRY(troupe_send_tail(self, to, parcel, data, data, size_of(i),
                                        .number = i));
    }
    return TROUPE_OK;
}

static troupe_status mixer_body(troupe_actor *self)
{
    TROUPE_TRY(send_mix(self, seen.reader));
    seen.is_sent = true;
    return troupe_send(self, seen.reader, bell);
}
TROUPE_PROCESS(mixer, mixer_body, TROUPE_SENDS(note, letter, parcel, bell));

/* Every scene begins with a reader, rank 0's process, and a mixer here or elsewhere. */
static bool begin(troupe_actor *self)
{
    const troupe_spawn_options where = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address address;

    if (troupe_rank(self) != 0)
        return false;
    seen.reader = troupe_self(self);
    EXPECT_OK(troupe_spawn(self, &mixer, &where, &address));
    return true;
}

#define READER(name, body)                                                             \
    TROUPE_PROCESS(name, body, TROUPE_ACCEPTS(note, letter, parcel, bell),             \
                   TROUPE_SPAWNS(&mixer), .capacity = 2 * N_MAIL)

static void play(const troupe_behavior *main)
{
    for (int n_ranks = 1; n_ranks <= 2; n_ranks++)
        scene_play(&(struct scene){.main = main,
                                   .n_ranks = n_ranks,
                                   .seen = &seen,
                                   .seen_bytes = sizeof seen});
}

static void expect_parcel(const struct parcel *parcel, int64_t number)
{
    EXPECT_INT(parcel->number, number);
    EXPECT_INT(parcel->n_data, size_of(number));
}

/* ---- by type
 * ----------------------------------------------------------------------------- */

static troupe_status by_type_body(troupe_actor *self)
{
    const struct letter *letter;
    const struct note *note;
    const struct parcel *parcel;

    if (!begin(self))
        return TROUPE_OK;
    EXPECT_OK(troupe_receive(self, bell, TROUPE_FOREVER, NULL));
    EXPECT_INT(troupe_n_waiting(self), N_MAIL);
    for (int64_t i = 1; i < N_MAIL; i += 3) {
        EXPECT_OK(troupe_receive(self, letter, TROUPE_NOW, &letter));
        EXPECT_INT(letter->number, i);
    }
    EXPECT_STATUS(troupe_receive(self, letter, TROUPE_NOW, &letter), TROUPE_TIMEOUT);
    for (int64_t i = 2; i < N_MAIL; i += 3) {
        EXPECT_OK(troupe_receive(self, parcel, TROUPE_FOREVER, &parcel));
        expect_parcel(parcel, i);
        EXPECT_OK(troupe_receive(self, note, TROUPE_NOW, &note));
        EXPECT_INT(note->number, i - 2);
    }
    EXPECT_INT(troupe_n_waiting(self), 0);
    return TROUPE_OK;
}
READER(by_type, by_type_body);

START_TEST(receive_by_type)
{
    play(&by_type);
}
END_TEST

/* ---- any, and what was passed over
 * -------------------------------------------------------- */

/* Takes some by type, then the rest comes in its old order. */
static troupe_status rest_body(troupe_actor *self)
{
    const struct letter *letter;
    troupe_mail mail;
    int64_t number = 0;

    if (!begin(self))
        return TROUPE_OK;
    EXPECT_OK(troupe_receive(self, bell, TROUPE_FOREVER, NULL));
    for (int64_t i = 1; i < N_MAIL / 2; i += 3)
        EXPECT_OK(troupe_receive(self, letter, TROUPE_NOW, &letter));
    for (; number < N_MAIL; number++) {
        if (number % 3 == 1 && number < N_MAIL / 2)
            continue;
        EXPECT_OK(troupe_receive_any(self, TROUPE_FOREVER, &mail));
        EXPECT(troupe_rank_of(self, mail.sender) == troupe_n_ranks(self) - 1);
        EXPECT_INT(mail.reference.bits, 0);
        if (number % 3 == 0)
            EXPECT_INT(troupe_as(&mail, note)->number, number);
        else if (number % 3 == 1)
            EXPECT_INT(troupe_as(&mail, letter)->number, number);
        else
            expect_parcel(troupe_as(&mail, parcel), number);
        EXPECT(number % 3 == 0 || troupe_as(&mail, note) == NULL);
    }
    EXPECT_STATUS(troupe_receive_any(self, TROUPE_NOW, &mail), TROUPE_TIMEOUT);
    return TROUPE_OK;
}
READER(rest, rest_body);

START_TEST(the_rest_keeps_its_order)
{
    play(&rest);
}
END_TEST

/* ---- by predicate
 * -------------------------------------------------------------------------- */

static int64_t number_of(const troupe_mail *mail)
{
    if (troupe_as(mail, note))
        return troupe_as(mail, note)->number;
    if (troupe_as(mail, letter))
        return troupe_as(mail, letter)->number;
    return troupe_as(mail, parcel) ? troupe_as(mail, parcel)->number : -1;
}

static bool is_number(void *context, const troupe_mail *mail)
{
    seen.n_looked++;
    return number_of(mail) == *(const int64_t *)context;
}

/* From the last to the first; each message is shown once in a call. */
static troupe_status match_body(troupe_actor *self)
{
    troupe_mail mail;

    if (!begin(self))
        return TROUPE_OK;
    for (int64_t wanted = N_MAIL - 1; wanted >= 0; wanted--) {
        seen.n_looked = 0;
        EXPECT_OK(
            troupe_receive_match(self, TROUPE_FOREVER, is_number, &wanted, &mail));
        EXPECT_INT(number_of(&mail), wanted);
        EXPECT_INT(seen.n_looked, wanted + 1);
    }
    EXPECT_OK(troupe_receive(self, bell, TROUPE_FOREVER, NULL));
    seen.n_looked = 0;
    EXPECT_STATUS(troupe_receive_match(self, troupe_after_s(self, 0.01), is_number,
                                       &(int64_t){0}, &mail),
                  TROUPE_TIMEOUT);
    EXPECT_INT(seen.n_looked, 0);
    return TROUPE_OK;
}
READER(matching, match_body);

START_TEST(receive_by_predicate)
{
    play(&matching);
}
END_TEST

/* ---- deadlines
 * ------------------------------------------------------------------------------ */

static troupe_status deadlines_body(troupe_actor *self)
{
    const struct note *note;
    int64_t begin_ns = troupe_now_ns(self);
    troupe_deadline deadline = troupe_after_s(self, 0.25);

    EXPECT_STATUS(troupe_receive(self, note, TROUPE_NOW, &note), TROUPE_TIMEOUT);
    EXPECT(troupe_now_ns(self) < begin_ns + 1000);
    EXPECT_STATUS(troupe_receive(self, note, deadline, &note), TROUPE_TIMEOUT);
    EXPECT(troupe_now_ns(self) >= deadline.at_ns);
    EXPECT_STATUS(troupe_receive(self, note, deadline, &note), TROUPE_TIMEOUT);
    EXPECT_OK(troupe_send(self, troupe_self(self), note, .number = 1));
    EXPECT_OK(troupe_receive(self, note, deadline, &note)); /* past, but there */
    return TROUPE_OK;
}
READER(deadlines, deadlines_body);

START_TEST(receive_with_deadlines)
{
    scene_play(&(struct scene){.main = &deadlines, .n_ranks = 1});
}
END_TEST

/* ---- types by name ---- */

static troupe_status named_body(troupe_actor *self)
{
    const struct note sent = {.number = 7};
    const troupe_type *type = troupe_find_type(self, "note");
    const void *body;

    EXPECT(type && strcmp(type->name, "note") == 0);
    EXPECT(!troupe_find_type(self, "not"));
    EXPECT(!troupe_find_type(self, "note2"));
    EXPECT(!troupe_find_type(self, ""));
    EXPECT_OK(troupe_send_bytes(self, troupe_self(self), type, &sent, sizeof sent));
    EXPECT_OK(troupe_receive_bytes(self, type, TROUPE_NOW, &body));
    EXPECT_INT(((const struct note *)body)->number, 7);
    return TROUPE_OK;
}
READER(named, named_body);

START_TEST(types_by_name)
{
    scene_play(&(struct scene){.main = &named, .n_ranks = 1});
}
END_TEST

CHECK_MAIN("actor receive",
           receive_by_type,
           the_rest_keeps_its_order,
           receive_by_predicate,
           receive_with_deadlines,
           types_by_name)
