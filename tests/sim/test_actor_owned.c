/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 5 */
#include "support/check_main.h"
#include "support/scene.h"
#include <limits.h>
#include <string.h>

/* Messages of one's own: made, kept, held, passed on, released; and tails of all sizes.
 */

struct chunk {
    int64_t number;
    uint32_t n_data, pad;
    uint16_t data[];
};
TROUPE_TYPE(chunk, number, n_data, pad, TROUPE_TAIL(data, n_data));
struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);

static const size_t sizes[] = {0, 1, 7, 30, 500, 2000, 8000, 8200, 20000, 200000};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static void fill(struct chunk *chunk, int64_t number)
{
    chunk->number = number;
    for (uint32_t i = 0; i < chunk->n_data; i++)
        chunk->data[i] = (uint16_t)(number + i);
}

static void expect_filled(const struct chunk *chunk, int64_t number, size_t n)
{
    EXPECT_INT(chunk->number, number);
    EXPECT_INT(chunk->n_data, n);
    for (uint32_t i = 0; i < chunk->n_data; i++)
        EXPECT_INT(chunk->data[i], (uint16_t)(number + i));
}

/* ---- there and back again
 * ----------------------------------------------------------------- */

/* Keeps what comes and sends the same message back, or a copy of its value. */
static troupe_status on_chunk(troupe_actor *self, const struct chunk *chunk)
{
    troupe_address sender = troupe_sender(self);
    troupe_message *message, *twice;
    troupe_status status;

    if (chunk->number % 2)
        return troupe_send_value(self, sender, chunk, chunk);
    EXPECT_OK(troupe_keep(self, &message));
    EXPECT_STATUS(troupe_keep(self, &twice), TROUPE_NOT_FOUND);
    EXPECT(memcmp(troupe_message_body(message), chunk, sizeof *chunk) == 0);
    status = troupe_send_message(self, sender, &message);
    EXPECT(message == NULL);
    return status;
}
TROUPE_BEHAVIOR(mirror, troupe_no_state, TROUPE_ON(chunk, on_chunk), .capacity = 64);

static troupe_status send_chunk(troupe_actor *self, troupe_address to, int64_t number)
{
    size_t n = sizes[number % N_SIZES];
    troupe_message *message;
    struct chunk *chunk = NULL;

    EXPECT_OK(troupe_new_message(self, chunk, n, &message, &chunk));
    EXPECT_INT(chunk->n_data, n);
    EXPECT(chunk->number == 0 && chunk->pad == 0);
    fill(chunk, number);
    return troupe_send_message(self, to, &message);
}

static troupe_status mirror_body(troupe_actor *self)
{
    const troupe_spawn_options where = {.place =
                                            TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    const struct chunk *chunk;
    troupe_address to;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &mirror, &where, &to));
    for (int64_t i = 0; i < 2 * N_SIZES; i++)
        EXPECT_OK(send_chunk(self, to, i));
    for (int64_t i = 0; i < 2 * N_SIZES; i++) {
        EXPECT_OK(troupe_receive(self, chunk, TROUPE_FOREVER, &chunk));
        expect_filled(chunk, i, sizes[i % N_SIZES]);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(mirror_main,
               mirror_body,
               TROUPE_ACCEPTS(chunk),
               TROUPE_SPAWNS(&mirror),
               .capacity = 64);

START_TEST(there_and_back)
{
    scene_play(&(struct scene){.main = &mirror_main, .n_ranks = 1});
    scene_play(&(struct scene){.main = &mirror_main, .n_ranks = 2});
}
END_TEST

/* ---- holding, releasing, forgetting
 * ---------------------------------------------------------- */

static troupe_status holding_body(troupe_actor *self)
{
    troupe_address me = troupe_self(self);
    troupe_message *message = NULL, *other;
    struct note *note;
    troupe_held held;

    EXPECT_STATUS(troupe_keep(self, &message), TROUPE_NOT_FOUND);
    troupe_release(self, &message); /* NULL is allowed */
    EXPECT_INT(troupe_hold(self, &message).bits, 0);
    EXPECT(troupe_held_body(self, (troupe_held){0}) == NULL);
    EXPECT_OK(troupe_send(self, me, note, .number = 7));
    EXPECT_OK(troupe_receive(self, note, TROUPE_NOW, NULL));
    EXPECT_OK(troupe_keep(self, &message));
    held = troupe_hold(self, &message);
    EXPECT(message == NULL && held.bits != 0);
    note = troupe_held_body(self, held);
    EXPECT(note && note->number == 7);
    EXPECT_OK(troupe_unhold(self, held, &message));
    EXPECT_STATUS(troupe_unhold(self, held, &other), TROUPE_NOT_FOUND);
    EXPECT(troupe_held_body(self, held) == NULL);
    EXPECT_OK(troupe_send_message(self, me, &message));
    EXPECT_OK(troupe_receive(self, note, TROUPE_NOW, NULL));
    EXPECT_OK(troupe_keep(self, &message)); /* goes with the actor */
    EXPECT_OK(troupe_new_message(self, note, 0, &other, &note));
    held = troupe_hold(self, &other);
    return TROUPE_OK;
}
TROUPE_PROCESS(holding, holding_body, TROUPE_ACCEPTS(note));

START_TEST(hold_and_release)
{
    scene_play(&(struct scene){.main = &holding, .n_ranks = 1});
}
END_TEST

/* ---- tails that cannot be, receivers that are not there
 * ----------------------------------------- */

static troupe_status on_nothing(troupe_actor *self, const struct note *note)
{
    (void)self;
    (void)note;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(narrow, troupe_no_state, TROUPE_ON(note, on_nothing));

static void expect_too_large(troupe_actor *self, troupe_address to)
{
    const struct chunk head = {.number = 1};
    const troupe_type *type = TROUPE_TYPE_OF(chunk);
    troupe_message *message = NULL;

    EXPECT_STATUS(troupe_send_with_tail(self, to, type, &head, NULL, SIZE_MAX / 2),
                  TROUPE_INVALID);
    EXPECT_STATUS(
        troupe_send_with_tail(self, to, type, &head, NULL, (size_t)UINT32_MAX + 1),
        TROUPE_INVALID);
    EXPECT_STATUS(troupe_message_create(self, type, SIZE_MAX / 2, &message),
                  TROUPE_INVALID);
    EXPECT(message == NULL);
}

static troupe_status errors_body(troupe_actor *self)
{
    troupe_address to, nobody = {troupe_self(self).bits + (1ULL << 22) * 1000};
    uint16_t datum = 3;
    troupe_message *message;
    struct note *note = NULL;
    const struct chunk *chunk;

    EXPECT_OK(troupe_spawn(self, &narrow, NULL, &to));
    expect_too_large(self, to);
    EXPECT_STATUS(troupe_send_tail(self, to, chunk, data, &datum, 1), TROUPE_REFUSED);
    EXPECT_STATUS(troupe_send(self, TROUPE_NOBODY, note, .number = 1), TROUPE_DOWN);
    EXPECT_STATUS(troupe_send(self, nobody, note, .number = 1), TROUPE_DOWN);
    EXPECT_OK(troupe_new_message(self, note, 0, &message, &note));
    note->number = 3;
    EXPECT_STATUS(troupe_send_message(self, nobody, &message), TROUPE_DOWN);
    EXPECT(message && note->number == 3);
    EXPECT_INT(troupe_n_dead_letters(self), 4);
    EXPECT_STATUS(troupe_send_value(self, nobody, note, note), TROUPE_DOWN);
    troupe_release(self, &message);
    EXPECT_OK(
        troupe_send_tail(self, troupe_self(self), chunk, data, &datum, 1, .number = 5));
    EXPECT_OK(troupe_receive(self, chunk, TROUPE_NOW, &chunk));
    EXPECT(chunk->n_data == 1 && chunk->data[0] == 3 && chunk->number == 5);
    return TROUPE_OK;
}
TROUPE_PROCESS(errors_main, errors_body, TROUPE_ACCEPTS(chunk), TROUPE_SPAWNS(&narrow));

START_TEST(errors)
{
    scene_play(&(struct scene){.main = &errors_main, .n_ranks = 1});
}
END_TEST

/* ---- stopped while it is sent ---- */

static troupe_status slow_body(troupe_actor *self)
{
    for (;;) {
        troupe_sleep_until(self, troupe_after_s(self, 0.01));
        TROUPE_TRY(troupe_receive(self, note, TROUPE_FOREVER, NULL));
    }
}
TROUPE_PROCESS(slow, slow_body, TROUPE_ACCEPTS(note), .capacity = 1);

static troupe_address slow_one;

static troupe_status push_body(troupe_actor *self)
{
    for (int64_t i = 0;; i++) {
        troupe_message *message = NULL;
        struct note *note = NULL;

        EXPECT_OK(troupe_new_message(self, note, 0, &message, &note));
        note->number = i;
        TROUPE_TRY(troupe_send_message(self, slow_one, &message));
    }
}
TROUPE_PROCESS(pusher, push_body, TROUPE_SENDS(note));

/* At a time when one waits at the gate, and once when its message has just left it. */
static troupe_status stop_body(troupe_actor *self)
{
    const troupe_spawn_options last = {.place =
                                           TROUPE_ON_RANK(troupe_n_ranks(self) - 1)};
    troupe_address who;

    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    EXPECT_OK(troupe_spawn(self, &slow, &last, &slow_one));
    for (int i = 0; i < 30; i++) {
        EXPECT_OK(troupe_spawn(self, &pusher, NULL, &who));
        troupe_sleep_until(self, troupe_after_s(self, 0.003 * (i % 9)));
        EXPECT_OK(troupe_stop_actor(self, who, TROUPE_EXIT_KILLED));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(stopping, stop_body, TROUPE_SPAWNS(&slow, &pusher));

START_TEST(stopped_while_sending)
{
    scene_play(&(struct scene){.main = &stopping, .n_ranks = 1});
    scene_play(&(struct scene){.main = &stopping, .n_ranks = 2});
}
END_TEST

CHECK_MAIN(
    "actor owned", there_and_back, hold_and_release, errors, stopped_while_sending)
