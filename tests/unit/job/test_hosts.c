/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/hosts.h"
#include "support/check_main.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Lists of hosts, and who is left of them. */

static void
check_print(const struct job_hosts *hosts, uint32_t n_ranks, const char *expected)
{
    char text[200];

    job_hosts_print(hosts, n_ranks, text, sizeof(text));
    ck_assert_str_eq(text, expected);
}

START_TEST(lists_are_read)
{
    static const char *const bad[] = {"",    ",",    "a,", ",a",   "a:",   "a:0",
                                      "a:x", "a:-1", ":4", "a:4x", "-a:4", "a:1000000"};
    struct job_hosts hosts;

    ck_assert(job_hosts_parse(&hosts, "a:4,10.0.0.2:2,c"));
    ck_assert_uint_eq(hosts.n_items, 3);
    ck_assert_uint_eq(job_hosts_room(&hosts), 7);
    ck_assert_uint_eq(job_hosts_planned(&hosts, 0), 7);
    ck_assert_uint_eq(job_hosts_planned(&hosts, 1), 6);
    ck_assert_uint_eq(job_hosts_planned(&hosts, 9), 0);
    check_print(&hosts, 7, "a:4,10.0.0.2:2,c:1");
    check_print(&hosts, 5, "a:4,10.0.0.2:2");
    check_print(&hosts, 4, "a:4");
    job_hosts_fini(&hosts);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!job_hosts_parse(&hosts, bad[i]), "%s", bad[i]);
        ck_assert_ptr_null(hosts.items);
    }
}
END_TEST

START_TEST(who_is_blamed_twice_is_left_out_and_a_spare_comes_in)
{
    struct job_hosts hosts;

    ck_assert(job_hosts_parse(&hosts, "a:2,b.cluster:2,bb:2"));
    ck_assert(!job_hosts_blame(&hosts, "b"));
    ck_assert(!job_hosts_blame(&hosts, "nobody"));
    check_print(&hosts, 4, "a:2,b.cluster:2");
    ck_assert(job_hosts_blame(&hosts, "b.cluster"));
    check_print(&hosts, 4, "a:2,bb:2");
    ck_assert_uint_eq(job_hosts_room(&hosts), 4);
    ck_assert(!job_hosts_blame(&hosts, "b")); /* no third time */
    job_hosts_fini(&hosts);
}
END_TEST

START_TEST(who_does_not_answer_is_down_until_it_does)
{
    struct job_hosts hosts;

    ck_assert(job_hosts_parse(&hosts, "up,down,up.too"));
    job_hosts_probe(&hosts, "false", "true", 5000000000);
    ck_assert_uint_eq(job_hosts_room(&hosts), 0);
    job_hosts_probe(&hosts, "echo", "true", 5000000000);
    ck_assert_uint_eq(job_hosts_room(&hosts), 3);
    job_hosts_probe(&hosts, "sh -c 'test $0 != down'", "true", 5000000000);
    ck_assert(hosts.items[1].is_down);
    ck_assert_uint_eq(job_hosts_room(&hosts), 2);
    job_hosts_probe(&hosts, "sh -c 'sleep 60'", "true", 100000000);
    ck_assert_uint_eq(job_hosts_room(&hosts), 0);
    job_hosts_fini(&hosts);
}
END_TEST

START_TEST(this_host_is_not_asked)
{
    struct job_hosts hosts;
    char own[64] = "", text[400];

    ck_assert_int_eq(gethostname(own, sizeof(own) - 1), 0);
    snprintf(text, sizeof(text), "localhost:2,127.0.0.1,%s,%.*s,%.*s.some.where", own,
             (int)strcspn(own, "."), own, (int)strcspn(own, "."), own);
    ck_assert(job_hosts_parse(&hosts, text));
    ck_assert(job_hosts_are_local(&hosts));
    job_hosts_probe(&hosts, "false", "true", 5000000000);
    ck_assert_uint_eq(job_hosts_room(&hosts), 6);
    job_hosts_fini(&hosts);
    /* 240.0.0.0 is reserved: no host has an address of it. */
    snprintf(text, sizeof(text), "%s,x%s,localhosts,240.0.0.1", own, own);
    ck_assert(job_hosts_parse(&hosts, text));
    ck_assert(!job_hosts_are_local(&hosts));
    job_hosts_probe(&hosts, "false", "true", 5000000000);
    ck_assert_uint_eq(job_hosts_room(&hosts), 1);
    job_hosts_fini(&hosts);
}
END_TEST

CHECK_MAIN("job_hosts",
           lists_are_read,
           this_host_is_not_asked,
           who_is_blamed_twice_is_left_out_and_a_spare_comes_in,
           who_does_not_answer_is_down_until_it_does)
