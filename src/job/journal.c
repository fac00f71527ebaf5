/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/journal.h"
#include "base/files.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- JSON
 * ---------------------------------------------------------------------------- */

/* The bytes of a name that is no UTF-8 are kept as they are. */
void job_json_text(struct base_bytes *bytes, const char *text)
{
    base_bytes_append(bytes, "\"", 1);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            base_bytes_append_format(bytes, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            base_bytes_append_format(bytes, "\\u%04x", c);
        else
            base_bytes_append(bytes, &c, 1);
    }
    base_bytes_append(bytes, "\"", 1);
}

void job_json_member(struct base_bytes *bytes, bool *is_first, const char *key)
{
    if (!*is_first)
        base_bytes_append(bytes, ",", 1);
    *is_first = false;
    job_json_text(bytes, key);
    base_bytes_append(bytes, ":", 1);
}

/* ---- the file
 * ------------------------------------------------------------------------- */

bool job_journal_open(struct job_journal *journal, const char *path)
{
    *journal = (struct job_journal){.descriptor = -1};
    base_bytes_init(&journal->line);
    if (!path)
        return true;
    journal->descriptor =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return journal->descriptor >= 0;
}

void job_journal_close(struct job_journal *journal)
{
    if (journal->descriptor >= 0)
        close(journal->descriptor);
    base_bytes_fini(&journal->line);
}

void job_journal_text(struct job_journal *journal, const char *key, const char *text)
{
    job_json_member(&journal->line, &journal->is_first_member, key);
    job_json_text(&journal->line, text);
}

void job_journal_number(struct job_journal *journal, const char *key, int64_t number)
{
    job_json_member(&journal->line, &journal->is_first_member, key);
    base_bytes_append_format(&journal->line, "%" PRId64, number);
}

void job_journal_begin(struct job_journal *journal, const char *event)
{
    struct timespec now;
    struct tm parts;
    char text[64];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + strlen(text), 8, ".%03ldZ", now.tv_nsec / 1000000 % 1000);
    journal->line.size = 0;
    base_bytes_append(&journal->line, "{", 1);
    journal->is_first_member = true;
    job_journal_text(journal, "time", text);
    job_journal_text(journal, "event", event);
}

void job_journal_end(struct job_journal *journal)
{
    const struct base_bytes *line = &journal->line;

    base_bytes_append(&journal->line, "}\n", 2);
    if (journal->descriptor < 0 || journal->has_failed || line->failed)
        return;
    if (base_file_write_all(&base_files_real, journal->descriptor, line->data,
                            line->size) == TROUPE_OK &&
        (fsync(journal->descriptor) == 0 || errno == EINVAL)) /* a pipe has no disk */
        return;
    journal->has_failed = true;
    fprintf(stderr, "troupe run: the journal cannot be written any more: %s\n",
            strerror(errno));
}
