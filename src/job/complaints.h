/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_COMPLAINTS_H
#define JOB_COMPLAINTS_H

/* Why checkpoints were given up since the last good one, so that each cause is said
 * once: a disk that is full stays so for many checkpoints, and is another rank's each
 * time. */

#include "troupe/base.h"

enum { JOB_MOST_COMPLAINTS = 8, JOB_COMPLAINT_BYTES = 200 };

struct job_complaints {
    size_t n_said;
    char said[JOB_MOST_COMPLAINTS][JOB_COMPLAINT_BYTES];
};

/* Is it worth a line? It is noted. Two that differ in numbers alone are the same; when
 * too many have been said nothing is new. */
bool job_complaint_is_new(struct job_complaints *complaints, const char *why);
/* A checkpoint has succeeded. */
static inline void job_complaints_clear(struct job_complaints *complaints)
{
    complaints->n_said = 0;
}

#endif
