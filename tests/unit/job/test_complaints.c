/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/complaints.h"
#include "support/check_main.h"
#include <stdio.h>

/* What is said once until a checkpoint succeeds. */

static const char full[] =
    "a checkpoint was given up: rank %d: No space left on device";

START_TEST(a_cause_is_said_once_whoever_has_it)
{
    struct job_complaints complaints = {0};
    char why[120];

    for (int i = 0; i < 40; i++) {
        snprintf(why, sizeof(why), full, i * 7 % 20);
        ck_assert_int_eq(job_complaint_is_new(&complaints, why), i == 0);
    }
    ck_assert(job_complaint_is_new(
        &complaints, "a checkpoint was given up: rank 3: Disk quota exceeded"));
    snprintf(why, sizeof(why), full, 1);
    ck_assert(!job_complaint_is_new(&complaints, why));
    job_complaints_clear(&complaints);
    ck_assert(job_complaint_is_new(&complaints, why));
}
END_TEST

START_TEST(there_is_an_end_to_new_causes)
{
    struct job_complaints complaints = {0};
    char why[2 * JOB_COMPLAINT_BYTES] = "";
    int n_said = 0;

    for (size_t i = 0; i + 1 < sizeof(why); i++) {
        why[i] = 'x';
        n_said += job_complaint_is_new(&complaints, why);
    }
    ck_assert_int_eq(n_said, JOB_MOST_COMPLAINTS);
    ck_assert(!job_complaint_is_new(&complaints, "another"));
}
END_TEST

CHECK_MAIN("job_complaints",
           a_cause_is_said_once_whoever_has_it,
           there_is_an_end_to_new_causes)
