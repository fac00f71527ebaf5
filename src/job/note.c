/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "job/note.h"
#include "job/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int fail(const char *path, const char *why, int exit_code)
{
    fprintf(stderr, "troupe run: %s: %s\n", path, why);
    return exit_code;
}

static bool write_note(const struct job_supervisor *supervisor)
{
    char host[64] = "", text[256];
    int n;

    (void)gethostname(host, sizeof(host) - 1);
    n = snprintf(text, sizeof(text), "%s %ld %s\n", host, (long)getpid(),
                 supervisor->address.path);
    return ftruncate(supervisor->lock_descriptor, 0) == 0 &&
           base_file_write_at(&base_files_real, supervisor->lock_descriptor, 0, text,
                              (size_t)n) == TROUPE_OK;
}

int job_note_open(struct job_supervisor *supervisor)
{
    enum { PATIENCE_NS = 0 };
    char path[STORE_PATH_BYTES];
    troupe_status status =
        store_lock(&supervisor->store, PATIENCE_NS, &supervisor->lock_descriptor);

    store_lock_path(path, &supervisor->store);
    if (status == TROUPE_REFUSED)
        return fail(path,
                    "another 'troupe run', or mpirun, works on this job: wait for its "
                    "end, or name another by --job",
                    JOB_EXIT_AGAIN);
    if (status != TROUPE_OK || !write_note(supervisor))
        return fail(path, strerror(errno), JOB_EXIT_NO_CHECKPOINT);
    return 0;
}

void job_note_close(struct job_supervisor *supervisor)
{
    if (supervisor->lock_descriptor >= 0)
        (void)!ftruncate(supervisor->lock_descriptor, 0);
    store_unlock(&supervisor->lock_descriptor);
}

bool job_note_read(const struct store *store, struct job_note *note)
{
    char path[STORE_PATH_BYTES], text[256];
    size_t n = 0;
    int descriptor;
    bool is_held;

    store_lock_path(path, store);
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    is_held = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (is_held && base_file_read_all(&base_files_real, descriptor, 0, text,
                                      sizeof(text) - 1, &n) != TROUPE_OK)
        n = 0;
    close(descriptor);
    text[n] = '\0';
    return sscanf(text, "%63s %ld %107s", note->host, &note->process_id, note->path) ==
           3;
}
