/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 30 */
#include "actor/actor.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "support/still.h"
#include "troupe/verbs.h"
#include <string.h>

/*
 * The outbox: nothing of it is seen before the checkpoint that has its cause is
 * published, all of it then and after a restart, in order; what comes again after
 * another restart has the same reference.
 */

enum { N_TELLERS = 4, N_EFFECTS = 12 };

TROUPE_SIGNAL(feed);
struct effect {
    int64_t teller, number;
};
TROUPE_TYPE(effect, teller, number);
struct teller {
    int64_t number, n_effects;
    troupe_address world;
};
TROUPE_TYPE(teller, number, n_effects, world);
struct world {
    int64_t n[N_TELLERS];
};
TROUPE_TYPE(world, n);

static struct {
    int64_t n_seen, n_asked;
    uint64_t references[N_TELLERS][N_EFFECTS];
} seen;

static troupe_status
on_effect(troupe_actor *self, struct world *world, const struct effect *effect)
{
    EXPECT_INT(effect->number, world->n[effect->teller]);
    world->n[effect->teller]++;
    seen.references[effect->teller][effect->number] = troupe_mail_reference(self).bits;
    seen.n_seen++;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(world_behavior, world, TROUPE_ON(effect, on_effect), .capacity = 1);

static troupe_status
teller_init(troupe_actor *self, struct teller *teller, const struct teller *arguments)
{
    *teller = *arguments;
    return troupe_send_after(self, troupe_self(self), 1e-5, NULL, feed);
}

static troupe_status on_feed(troupe_actor *self, struct teller *teller)
{
    TROUPE_TRY(troupe_outbox_send(self, teller->world, effect, .teller = teller->number,
                                  .number = teller->n_effects++));
    return teller->n_effects < N_EFFECTS
               ? troupe_send_after(self, troupe_self(self), 1e-5, NULL, feed)
               : TROUPE_OK;
}
TROUPE_BEHAVIOR(teller_behavior,
                teller,
                TROUPE_INIT(teller, teller_init),
                TROUPE_ON(feed, on_feed),
                TROUPE_SENDS(effect));

static troupe_status body(troupe_actor *self)
{
    troupe_address world;

    if (troupe_rank(self) != 0 || (self->flags & ACTOR_RESTORED))
        return TROUPE_OK;
    TROUPE_TRY(troupe_spawn(self, &world_behavior, NULL, &world));
    for (int i = 0; i < N_TELLERS; i++)
        TROUPE_TRY(troupe_spawn(
            self, &teller_behavior,
            &(troupe_spawn_options){.place = TROUPE_ON_RANK(i % troupe_n_ranks(self)),
                                    TROUPE_WITH(teller, .number = i, .world = world)},
            NULL));
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_SPAWNS(&world_behavior, &teller_behavior),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);
static const troupe_program program = {.main = &main_process};

static void asked(struct troupe *rank)
{
    (void)rank;
    EXPECT_INT(seen.n_seen, 0);
    seen.n_asked++;
}

static void begin(void (*ask)(struct troupe *rank))
{
    memset(&seen, 0, sizeof seen);
    still_checkpoints_set(ask);
}

START_TEST(without_checkpoints_at_once)
{
    struct still_store store = {.n_ranks = 0};

    begin(NULL);
    ck_assert_int_eq(still_publish(&program, 3, 1, 1000000, &store), 0);
    ck_assert_int_eq(seen.n_seen, N_TELLERS * N_EFFECTS);
    still_free(&store);
}
END_TEST

/* All wait, the job for them, and the ranks that have some want a checkpoint, once. */
START_TEST(sent_when_published)
{
    struct still_store store = {.n_ranks = 0};

    begin(asked);
    ck_assert_int_eq(still_publish(&program, 3, 1, 1000000, &store), 0);
    ck_assert_int_eq(seen.n_asked, 3);
    ck_assert_int_eq(seen.n_seen, N_TELLERS * N_EFFECTS);
    still_free(&store);
}
END_TEST

/* Twice from the same checkpoint: what that has comes under the same references. */
static bool play(uint64_t seed)
{
    struct base_random random = {seed};
    struct still_store store = {.n_ranks = 0};
    uint64_t first[N_TELLERS][N_EFFECTS];
    enum still_end end;

    begin(asked);
    end = still_save(&program, 1 + (int)base_random_below(&random, 4), seed,
                     base_random_below(&random, 64u << base_random_below(&random, 4)),
                     &store);
    EXPECT_INT(seen.n_seen, 0);
    for (int i = 0; end == STILL_SAVED && i < 2; i++) {
        begin(NULL);
        EXPECT_INT(still_resume(&program, 1 + (int)base_random_below(&random, 4), seed,
                                &store),
                   0);
        EXPECT_INT(seen.n_seen, N_TELLERS * N_EFFECTS);
        if (i == 0)
            memcpy(first, seen.references, sizeof first);
    }
    for (size_t i = 0; i < store.n_records; i++) {
        const struct still_record *record = &store.records[i];
        uint64_t reference;
        struct effect effect;

        if (record->kind != BASE_KIND(BASE_SLOT_OUTPUT, 1))
            continue;
        memcpy(&effect, record->data + record->size_bytes - sizeof effect,
               sizeof effect);
        memcpy(&reference, record->data + sizeof reference, sizeof reference);
        EXPECT(first[effect.teller][effect.number] == reference);
        EXPECT(seen.references[effect.teller][effect.number] == reference);
    }
    still_free(&store);
    return end == STILL_SAVED;
}

START_TEST(the_same_after_each_restart)
{
    scene_play_seeds(play, 3); /* of about 2 in 3 */
}
END_TEST

CHECK_MAIN("save outbox",
           without_checkpoints_at_once,
           sent_when_published,
           the_same_after_each_restart)
