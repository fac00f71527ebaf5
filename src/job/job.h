/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_JOB_H
#define JOB_JOB_H

/*
 * `troupe run`: starts an MPI job, watches it, and starts it again from its newest
 * checkpoint until it is completed or another try makes no sense. It is no part of the
 * job: it uses no MPI, and knows of the ranks what they tell over `control`.
 */

#include "job/machine.h"

struct job_options {
    char **command;   /* the program and its arguments, NULL-ended */
    uint32_t n_ranks; /* 0: as many as the hosts have room for, but for the spare */
    uint32_t min_ranks, n_spare;
    const char *hosts;             /* "a:4,b:4", or NULL: here */
    const char *agent;             /* runs a command elsewhere; NULL: ssh */
    const char *checkpoint;        /* the folder, or NULL: none are taken */
    const char *name;              /* of the job; NULL: of the program */
    const char *every;             /* passed on; NULL: not given */
    const char *from;              /* newest, none, or an epoch; NULL: not said */
    const char *launcher;          /* found as a shell does */
    const char **launcher_options; /* NULL-ended */
    const char *journal; /* a path, or NULL: in the job's folder if it has one */
    int64_t liveness_ns, progress_ns; /* 0: never */
    bool is_json, is_trial;
    bool may_be_world_writable; /* the folder for checkpoints */
    struct job_rules rules;
};

/* Returns the exit code of the command. */
int job_run(const struct job_options *options);

#endif
