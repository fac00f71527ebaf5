/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/wishes.h"
#include "support/check_main.h"

START_TEST(a_wish_is_answered_by_what_is_frozen_after_it)
{
    struct runtime_wishes wishes = {.n_taken = 0};

    runtime_wishes_take(&wishes, 2, false);
    runtime_wishes_look(&wishes, true); /* now it is being written */
    runtime_wishes_take(&wishes, 3, true);
    ck_assert_uint_eq(runtime_wishes_published(&wishes, 1), 2);
    runtime_wishes_take(&wishes, 4, true); /* the next already is */
    ck_assert_uint_eq(runtime_wishes_published(&wishes, 1), 3);
    ck_assert_uint_eq(runtime_wishes_published(&wishes, 1), 4);
}
END_TEST

START_TEST(the_last_of_several_answers_all)
{
    struct runtime_wishes wishes = {.n_taken = 0};

    runtime_wishes_take(&wishes, 1, true);
    ck_assert_uint_eq(runtime_wishes_published(&wishes, 2), 1);
}
END_TEST

START_TEST(what_is_given_up_answers_nothing_and_the_next_all)
{
    struct runtime_wishes wishes = {.n_taken = 0};

    runtime_wishes_take(&wishes, 1, true);
    runtime_wishes_given_up(&wishes);
    runtime_wishes_look(&wishes, true); /* its files are being removed */
    runtime_wishes_take(&wishes, 2, true);
    runtime_wishes_look(&wishes, false);
    runtime_wishes_look(&wishes, true); /* the next is being written */
    runtime_wishes_take(&wishes, 3, true);
    ck_assert_uint_eq(runtime_wishes_published(&wishes, 1), 2);
    ck_assert_uint_eq(runtime_wishes_published(&wishes, 1), 3);
}
END_TEST

CHECK_MAIN("runtime_wishes",
           a_wish_is_answered_by_what_is_frozen_after_it,
           the_last_of_several_answers_all,
           what_is_given_up_answers_nothing_and_the_next_all)
