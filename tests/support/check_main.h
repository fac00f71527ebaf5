/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_CHECK_MAIN_H
#define SUPPORT_CHECK_MAIN_H

/*
 * The main of a unit test: CHECK_MAIN("map", first, second) runs these START_TESTs,
 * each in a process of its own (CK_FORK=no in the environment: all in this one, for
 * gdb). The compiler warns of a test that is in no such list.
 */

#include <check.h>
#include <stdlib.h>

static inline int
check_main_run(const char *suite_name, const TTest *const *tests, size_t n_tests)
{
    Suite *suite = suite_create(suite_name);
    for (size_t i = 0; i < n_tests; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        /* Only against endless loops: ctest has the true limit. */
        tcase_set_timeout(tcase, 300);
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define CHECK_MAIN(suite_name, ...)                                                    \
    int main(void)                                                                     \
    {                                                                                  \
        const TTest *const tests[] = {__VA_ARGS__};                                    \
        return check_main_run(suite_name, tests, sizeof(tests) / sizeof(tests[0]));    \
    }

#endif
