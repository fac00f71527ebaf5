/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_FOLDERS_H
#define JOB_FOLDERS_H

/*
 * Two folders of a supervisor's own, for what Open MPI puts on disk and in shared
 * memory. Whatever dies in whatever way, what it left is in there, and can be removed
 * without guessing at names that might be another job's.
 */

#include "troupe/base.h"

enum { JOB_FOLDER_BYTES = 80 };

struct job_folder {
    char path[JOB_FOLDER_BYTES]; /* "": there is none */
    int descriptor;              /* locked as long as its owner lives */
};

struct job_folders {
    struct job_folder temporary, shared; /* the second may be missing */
};

/* Makes them; removes those whose supervisors are dead. False: errno says why. */
bool job_folders_open(struct job_folders *folders);
/* Makes the place for an attempt, <folder>/s, empty. */
bool job_folders_renew(const struct job_folders *folders);
void job_folders_close(struct job_folders *folders);

#endif
