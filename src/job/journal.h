/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_JOURNAL_H
#define JOB_JOURNAL_H

/*
 * What has happened, a JSON object a line, each on disk before the next thing is done:
 * {"time":"2026-01-31T12:00:00Z","event":"launched","attempt":3,...}. A journal that
 * cannot be written is said once; the job is more important.
 */

#include "base/bytes.h"

struct job_journal {
    int descriptor; /* -1: there is none */
    bool has_failed;
    struct base_bytes line;
    bool is_first_member;
};

/* `path` NULL: nothing is kept. False: errno says why. */
bool job_journal_open(struct job_journal *journal, const char *path);
void job_journal_close(struct job_journal *journal);

/* A line is begun, gets its members, and is ended. */
void job_journal_begin(struct job_journal *journal, const char *event);
void job_journal_text(struct job_journal *journal, const char *key, const char *text);
void job_journal_number(struct job_journal *journal, const char *key, int64_t number);
void job_journal_end(struct job_journal *journal);

/* The same for a report: members of an object that is being built. */
void job_json_text(struct base_bytes *bytes, const char *text);
void job_json_member(struct base_bytes *bytes, bool *is_first, const char *key);

#endif
