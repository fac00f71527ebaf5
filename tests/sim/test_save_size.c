/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/still.h"
#include <stdio.h>

/*
 * Many small actors in a checkpoint take little more than their states. How many and
 * how long it takes: TROUPE_TEST_ACTORS=1000000 CK_FORK=no says on standard error.
 */

struct small {
    int64_t number[13];
};
TROUPE_TYPE(small, number);
struct fill {
    int64_t number;
};
TROUPE_TYPE(fill, number);

static int64_t n_actors, n_right, n_ended;

static troupe_status
on_fill(troupe_actor *self, struct small *small, const struct fill *fill)
{
    (void)self;
    for (int i = 0; i < 13; i++)
        small->number[i] = fill->number + i;
    return TROUPE_OK;
}

static void small_fini(troupe_actor *self, struct small *small)
{
    (void)self;
    n_ended++;
    for (int i = 1; i < 13; i++)
        if (small->number[i] != small->number[0] + i)
            return;
    n_right++;
}
TROUPE_BEHAVIOR(small_behavior,
                small,
                TROUPE_FINI(small_fini),
                TROUPE_ON(fill, on_fill));

static troupe_status body(troupe_actor *self)
{
    if (self->flags & ACTOR_RESTORED)
        return TROUPE_OK;
    for (int64_t i = troupe_rank(self); i < n_actors; i += troupe_n_ranks(self)) {
        troupe_address address;

        TROUPE_TRY(troupe_spawn(self, &small_behavior, NULL, &address));
        TROUPE_TRY(troupe_send(self, address, fill, .number = i));
    }
    (void)troupe_receive(self, troupe_shutdown, troupe_after_s(self, 1000), NULL);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(troupe_shutdown),
               TROUPE_SENDS(fill),
               TROUPE_SPAWNS(&small_behavior),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);

static const troupe_program program = {.main = &main_process};

START_TEST(small_actors_stay_small)
{
    const char *text = getenv("TROUPE_TEST_ACTORS");
    struct still_store store = {.n_ranks = 0};
    double state_bytes;

    n_actors = text && *text ? atoll(text) : 20000;
    n_right = n_ended = 0;
    ck_assert_int_eq(still_save(&program, 2, 1, (uint64_t)n_actors / 64 + 30, &store),
                     STILL_SAVED);
    ck_assert_int_eq(store.status, TROUPE_OK);
    state_bytes = (double)n_actors * sizeof(struct small);
    ck_assert_double_le((double)store.n_bytes, 1.1 * state_bytes);
    ck_assert_int_eq(still_resume(&program, 3, 1, &store), 0);
    ck_assert_int_eq(n_ended, n_actors);
    ck_assert_int_eq(n_right, n_actors);
    if (text)
        fprintf(stderr,
                "%lld actors: %.3f times the bytes of their states, saved in %.3f s, "
                "loaded in %.3f s\n",
                (long long)n_actors, (double)store.n_bytes / state_bytes, store.save_s,
                store.load_s);
    still_free(&store);
}
END_TEST

CHECK_MAIN("save size", small_actors_stay_small)
