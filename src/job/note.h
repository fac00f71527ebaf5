/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_NOTE_H
#define JOB_NOTE_H

/*
 * A note in the job's folder that says where its supervisor is, and that there is one:
 * it is locked as long as that lives.
 */

#include "store/store.h"

struct job_supervisor;

/* 0, or an exit code; then it has said why. */
int job_note_open(struct job_supervisor *supervisor);
void job_note_close(struct job_supervisor *supervisor);

struct job_note {
    char host[64];
    long process_id;
    char path[108]; /* of its socket */
};

/* False: no supervisor looks after this job. */
bool job_note_read(const struct store *store, struct job_note *note);

#endif
