/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/check_main.h"
#include "troupe/base.h"
#include "troupe/version.h"
#include <stdio.h>
#include <string.h>

START_TEST(every_status_has_words_of_its_own)
{
    for (int i = 0; i < TROUPE_N_STATUS; i++) {
        const char *name = troupe_status_name((troupe_status)i);
        const char *text = troupe_status_text((troupe_status)i);
        ck_assert_int_eq(strncmp(name, "TROUPE_", 7), 0);
        ck_assert_uint_gt(strlen(text), 5);
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(name, troupe_status_name((troupe_status)j));
            ck_assert_str_ne(text, troupe_status_text((troupe_status)j));
        }
    }
    ck_assert_str_eq(troupe_status_name(TROUPE_DEADLOCK), "TROUPE_DEADLOCK");
    ck_assert_str_eq(troupe_status_text(TROUPE_TIMEOUT), "the deadline passed");
}
END_TEST

START_TEST(unknown_statuses)
{
    const int unknown[] = {TROUPE_N_STATUS, 1000};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        troupe_status status;
        memcpy(&status, &unknown[i], sizeof(status));
        ck_assert_str_eq(troupe_status_text(status), "unknown status");
        ck_assert_str_eq(troupe_status_name(status), "TROUPE_?");
    }
}
END_TEST

START_TEST(version_is_that_of_the_header)
{
    char expected[40];
    snprintf(expected, sizeof(expected), "%d.%d.%d", TROUPE_VERSION_MAJOR,
             TROUPE_VERSION_MINOR, TROUPE_VERSION_PATCH);
    ck_assert_str_eq(troupe_version(), expected);
}
END_TEST

CHECK_MAIN("status",
           every_status_has_words_of_its_own,
           unknown_statuses,
           version_is_that_of_the_header)
