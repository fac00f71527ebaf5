/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "cli/checkpoint.h"
#include "cli/cli.h"
#include "control/control.h"
#include "job/machine.h"
#include "job/note.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* `troupe checkpoint now`: asks the supervisor of a job, and waits for its answer. */

enum { CONNECT_MS = 3000 };

static int complain(int exit_code, const char *what, const char *words)
{
    fprintf(stderr, "troupe: %s: %s\n", what, words);
    return exit_code;
}

/* ---- which supervisor
 * ----------------------------------------------------------------- */

struct search {
    const char *folder;
    size_t n_found;
    struct job_note note;
};

static bool read_note(const char *folder, const char *job, struct job_note *note)
{
    struct store store;

    return store_open(&store, &base_files_real, folder, job,
                      STORE_ALLOW_WORLD_WRITABLE) == TROUPE_OK &&
           job_note_read(&store, note);
}

static void visit(void *context, const char *name)
{
    struct search *search = context;
    struct job_note note;

    if (!read_note(search->folder, name, &note))
        return;
    search->note = note;
    search->n_found++;
}

/* The folder above the job's will do as well. */
static int find(const char *folder, struct job_note *note)
{
    struct search search = {.folder = folder};

    if (read_note(folder, NULL, note))
        return CLI_OK;
    if (base_files_real.list(&base_files_real, folder, visit, &search) != 0)
        return complain(CLI_IO, folder, strerror(errno));
    if (search.n_found == 0)
        return complain(CLI_IO, folder, "no 'troupe run' looks after a job there");
    if (search.n_found > 1)
        return complain(CLI_USAGE, folder, "several jobs run there, name one");
    *note = search.note;
    return CLI_OK;
}

/* ---- asking
 * --------------------------------------------------------------------------- */

static int wait_for_answer(struct control_stream *stream)
{
    struct pollfd polled = {.fd = stream->descriptor, .events = POLLIN};
    struct control_message message;

    while (poll(&polled, 1, -1) > 0 && control_stream_fill(stream))
        while (control_stream_take(stream, &message) == CONTROL_WHOLE)
            if (message.kind == CONTROL_ANSWER) {
                if (message.exit_code != CLI_OK)
                    return complain(message.exit_code, "no checkpoint", message.text);
                printf("%s\n", message.text);
                return CLI_OK;
            }
    return complain(JOB_EXIT_AGAIN, "no checkpoint",
                    "'troupe run' has ended meanwhile");
}

static int ask(const struct job_note *note)
{
    struct control_address address = {.is_tcp = false};
    struct control_stream stream = {.n_bytes = 0};
    int exit_code;

    memcpy(address.path, note->path, sizeof(address.path));
    stream.descriptor = control_connect(&address, CONNECT_MS);
    if (stream.descriptor < 0)
        return complain(CLI_IO, note->path, strerror(errno));
    if (control_stream_send(&stream, &(struct control_message){.kind = CONTROL_WISH}))
        exit_code = wait_for_answer(&stream);
    else
        exit_code = complain(CLI_IO, note->path, strerror(errno));
    close(stream.descriptor);
    return exit_code;
}

int checkpoint_now(const char *folder)
{
    char host[sizeof(((struct job_note *)0)->host)] = "", words[160];
    struct job_note note;
    int exit_code = find(folder, &note);

    if (exit_code != CLI_OK)
        return exit_code;
    (void)gethostname(host, sizeof(host) - 1);
    if (strcmp(host, note.host) == 0)
        return ask(&note);
    snprintf(words, sizeof(words), "its 'troupe run' is on %s: ask there", note.host);
    return complain(CLI_IO, folder, words);
}
