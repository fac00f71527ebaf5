/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/complaints.h"
#include <ctype.h>
#include <string.h>

/* Each number becomes one '#': it is a rank, a process or a time. */
static void keep_kind(char kind[JOB_COMPLAINT_BYTES], const char *why)
{
    size_t n = 0;

    for (; *why && n + 1 < JOB_COMPLAINT_BYTES; why++) {
        bool is_digit = isdigit((unsigned char)*why) != 0;

        if (!is_digit)
            kind[n++] = *why;
        else if (n == 0 || kind[n - 1] != '#')
            kind[n++] = '#';
    }
    kind[n] = '\0';
}

bool job_complaint_is_new(struct job_complaints *complaints, const char *why)
{
    char kind[JOB_COMPLAINT_BYTES];

    keep_kind(kind, why);
    for (size_t i = 0; i < complaints->n_said; i++)
        if (strcmp(complaints->said[i], kind) == 0)
            return false;
    if (complaints->n_said == JOB_MOST_COMPLAINTS)
        return false;
    memcpy(complaints->said[complaints->n_said++], kind, sizeof(kind));
    return true;
}
