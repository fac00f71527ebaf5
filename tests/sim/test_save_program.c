/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "support/check_main.h"
#include "support/still.h"

/*
 * Checkpoints and programs that have changed: what has the same names and fields goes
 * on, whatever else there is now; what has not is refused, and so is a state that
 * nobody can save.
 */

TROUPE_SIGNAL(wake);
TROUPE_SIGNAL(aaa_first); /* a type more, before all others */
struct add {
    int64_t value;
};
TROUPE_TYPE(add, value);
struct counter {
    int64_t sum;
};
TROUPE_TYPE(counter, sum);
struct hidden {
    void *pointer;
};
TROUPE_PRIVATE(hidden);

static int64_t sum_at_end;

static troupe_status
on_add(troupe_actor *self, struct counter *counter, const struct add *add)
{
    bool is_first = counter->sum == 0;

    counter->sum = counter->sum * 10 + add->value;
    return is_first
               ? troupe_send_after(self, troupe_self(self), 2000, NULL, add, .value = 7)
               : TROUPE_OK;
}
static void counter_fini(troupe_actor *self, struct counter *counter)
{
    (void)self;
    sum_at_end = counter->sum;
}
TROUPE_BEHAVIOR(counter_behavior,
                counter,
                TROUPE_FINI(counter_fini),
                TROUPE_ON(add, on_add));

static troupe_status on_wake(troupe_actor *self, struct hidden *hidden)
{
    (void)self;
    hidden->pointer = hidden;
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(hidden_behavior, hidden, TROUPE_ON(wake, on_wake));
TROUPE_BEHAVIOR(another, troupe_no_state, TROUPE_SENDS(aaa_first));

static const troupe_behavior *spawned; /* of the program that runs */

static troupe_status body(troupe_actor *self)
{
    troupe_address counter;

    if (self->flags & ACTOR_RESTORED)
        return TROUPE_OK;
    TROUPE_TRY(troupe_spawn(self, spawned, NULL, &counter));
    if (spawned == &counter_behavior)
        TROUPE_TRY(troupe_send(self, counter, add, .value = 3));
    (void)troupe_receive(self, wake, troupe_after_s(self, 1000), NULL);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(wake),
               TROUPE_SENDS(add),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);

static troupe_program program_of(const troupe_behavior *const *behaviors)
{
    return (troupe_program){.main = &main_process, .behaviors = behaviors};
}

static void save(const troupe_behavior *what, struct still_store *store)
{
    const troupe_program program = program_of(TROUPE_LIST(what));

    spawned = what;
    sum_at_end = 0;
    *store = (struct still_store){.n_ranks = 0};
    ck_assert_int_eq(still_save(&program, 1, 1, 100, store), STILL_SAVED);
}

START_TEST(types_may_be_added)
{
    const troupe_program program = program_of(TROUPE_LIST(&another, &counter_behavior));
    struct still_store store;

    save(&counter_behavior, &store);
    ck_assert_int_eq(still_resume(&program, 2, 1, &store), 0);
    ck_assert_int_eq(sum_at_end, 37);
    still_free(&store);
}
END_TEST

static void expect_refusal(const troupe_behavior *now, const troupe_type *const *types)
{
    troupe_program program = program_of(TROUPE_LIST(now));
    struct still_store store;

    program.types = types;
    save(&counter_behavior, &store);
    ck_assert_int_eq(still_resume(&program, 2, 1, &store), -1);
    ck_assert_int_eq(store.status, TROUPE_SCHEMA);
    still_free(&store);
}

START_TEST(a_behavior_is_missed)
{
    expect_refusal(&another, NULL);
}
END_TEST

START_TEST(a_state_has_other_fields)
{
    static const troupe_field fields[] = {
        {"sums", NULL, 0, 1, 8, TROUPE_KIND_INT64, TROUPE_FORM_SCALAR}};
    troupe_type state = *TROUPE_TYPE_OF(counter);
    troupe_behavior behavior = counter_behavior;

    state.fields = fields;
    behavior.state = &state;
    expect_refusal(&behavior, NULL);
}
END_TEST

/* The timer has a message of it. */
START_TEST(a_message_has_other_fields)
{
    static const troupe_field fields[] = {
        {"values", NULL, 0, 1, 8, TROUPE_KIND_INT64, TROUPE_FORM_SCALAR}};
    troupe_type add = *TROUPE_TYPE_OF(add);
    const struct troupe_accept accepts[] = {{&add, counter_behavior.accepts[0].handle}};
    troupe_behavior behavior = counter_behavior, main = main_process;
    troupe_program program = program_of(TROUPE_LIST(&behavior));
    struct still_store store;

    add.fields = fields;
    behavior.accepts = accepts;
    main.sends = NULL;
    program.main = &main;
    save(&counter_behavior, &store);
    ck_assert_int_eq(still_resume(&program, 2, 1, &store), -1);
    ck_assert_int_eq(store.status, TROUPE_SCHEMA);
    still_free(&store);
}
END_TEST

START_TEST(a_private_state_is_not_saved)
{
    struct still_store store;

    save(&hidden_behavior, &store);
    ck_assert_int_eq(store.status, TROUPE_INVALID);
    still_free(&store);
}
END_TEST

CHECK_MAIN("save program",
           types_may_be_added,
           a_behavior_is_missed,
           a_state_has_other_fields,
           a_message_has_other_fields,
           a_private_state_is_not_saved)
