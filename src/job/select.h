/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_SELECT_H
#define JOB_SELECT_H

/* From which checkpoint an attempt goes on, and under which number. */

#include "store/store.h"

struct job_choice {
    uint32_t attempt;
    uint64_t epoch; /* 0: from the beginning */
    uint32_t epoch_attempt;
    int exit_code; /* not 0: there is no attempt, and why */
    bool may_pass; /* the disk was at fault: another try may succeed */
    char why[STORE_PATH_BYTES + 256];
};

/* What is wanted: "newest", "none", "EPOCH" or "EPOCH.ATTEMPT". False: none of these.
 */
bool job_from_is_sound(const char *from);

/*
 * Chooses, without changing anything. `ceiling_epoch`: only what is older; 0: anything.
 * Newer ones that are passed over are told.
 */
void job_choose(const struct store *store,
                const char *from,
                uint64_t ceiling_epoch,
                struct job_choice *choice,
                store_skipped_fn *skipped,
                void *context);

/* Claims a number, cleans, chooses, and shuts out all earlier attempts. */
void job_claim(const struct store *store,
               const char *from,
               uint64_t ceiling_epoch,
               struct job_choice *choice,
               store_skipped_fn *skipped,
               void *context);

#endif
