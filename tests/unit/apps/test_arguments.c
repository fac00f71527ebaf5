/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../../apps/common/arguments.c"
#include "support/check_main.h"
#include "support/child.h"

static char *line[] = {"tool", "--size", "7", "--name=x", "--size"};

START_TEST(values_follow_or_stand_behind_the_sign)
{
    struct arguments arguments = {.argc = 5, .argv = line};

    ck_assert(arguments_next(&arguments));
    ck_assert_ptr_null(arguments_value(&arguments, "--name"));
    ck_assert_str_eq(arguments_value(&arguments, "--size"), "7");
    ck_assert(arguments_next(&arguments));
    ck_assert_ptr_null(arguments_value(&arguments, "--nam"));
    ck_assert_str_eq(arguments_value(&arguments, "--name"), "x");
    ck_assert(arguments_next(&arguments));
    ck_assert_str_eq(arguments_value(&arguments, "--size"), ""); /* there is none */
    ck_assert(!arguments_next(&arguments));
}
END_TEST

START_TEST(numbers_are_numbers_and_nothing_else)
{
    static const char *const wrong[] = {"", " 7", "+7", "-7", "7x", "0x7", "11", "1"};
    static const char *const wrong_reals[] = {"", "x", "1x", "inf", "nan", "1e999"};
    int64_t number;
    double real;

    ck_assert(arguments_count("7", 2, 10, &number) && number == 7);
    ck_assert(arguments_count("9223372036854775807", 0, INT64_MAX, &number));
    ck_assert(!arguments_count("9223372036854775808", 0, INT64_MAX, &number));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!arguments_count(wrong[i], 2, 10, &number), "%s", wrong[i]);
    ck_assert(arguments_number("-2.5e3", &real) && real == -2500);
    for (size_t i = 0; i < sizeof wrong_reals / sizeof wrong_reals[0]; i++)
        ck_assert_msg(!arguments_number(wrong_reals[i], &real), "%s", wrong_reals[i]);
}
END_TEST

static void refuse(void *context)
{
    struct arguments arguments = {.program = "tool",
                                  .usage = "usage: tool\n",
                                  .speaks = true,
                                  .argument = "--size=9"};

    (void)context;
    if (!arguments_judge(&arguments, false, "7 or 27"))
        (void)arguments_refuse(&arguments);
}

START_TEST(what_is_allowed_is_said)
{
    struct child_end end;

    child_run(refuse, NULL, &end);
    ck_assert_str_eq(end.text, "tool: --size wants 7 or 27\nusage: tool\n");
}
END_TEST

CHECK_MAIN("apps arguments",
           values_follow_or_stand_behind_the_sign,
           numbers_are_numbers_and_nothing_else,
           what_is_allowed_is_said)
