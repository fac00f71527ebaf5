/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_NPB_JOB_H
#define COMMON_NPB_JOB_H

/* What the NAS Parallel Benchmarks have in common: "[--json] [CLASS]", and an exit code
 * that says whether the figures are right. */

#include <stdbool.h>
#include <troupe/troupe.h>

enum { NPB_VERIFIED = 0, NPB_NOT_VERIFIED = 1, NPB_NO_RESULT = 2, NPB_USAGE = 64 };

/* In the order of the programs' tables; the first is the default. */
#define NPB_CLASSES "SWABC"

struct npb_options {
    int class; /* its place in NPB_CLASSES */
    bool json, help;
    const char *wrong; /* what nobody understands; NULL: nothing */
    bool has_two;      /* classes */
};

/* Runs the benchmark; the exit code comes to *exit_code, which is NPB_VERIFIED. */
typedef troupe_status
npb_run_fn(troupe_actor *self, const struct npb_options *options, int *exit_code);

struct npb_job {
    const char *name, *usage;
    npb_run_fn *run;
};

bool npb_parse(int argc, char **argv, struct npb_options *options);

/* The whole of a rank's process. */
troupe_status npb_body(troupe_actor *self,
                       int argc,
                       char **argv,
                       const struct npb_job *job,
                       int *exit_code);

/* False on simulated time, which says nothing of speed. */
bool npb_has_speed(void);

#endif
