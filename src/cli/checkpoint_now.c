/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "cli/checkpoint.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "control/control.h"
#include "job/machine.h"
#include "job/note.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* `troupe checkpoint now`: asks the supervisor of a job, and waits for its answer. */

enum { CONNECT_MS = 3000 };

/* What is said at the end. */
struct outcome {
    int exit_code;
    const char *subject; /* of what went wrong */
    char text[CONTROL_TEXT_BYTES];
    struct control_saved saved; /* epoch 0: nothing */
};

static void
conclude(struct outcome *outcome, int exit_code, const char *subject, const char *text)
{
    outcome->exit_code = exit_code;
    outcome->subject = subject;
    snprintf(outcome->text, sizeof(outcome->text), "%s", text);
}

static void print_saved(const struct control_saved *saved)
{
    printf(",\"epoch\":%" PRIu64 ",\"attempt\":%" PRIu32 ",\"size_bytes\":%" PRIu64
           ",\"frozen_ms\":%" PRIu32 ",\"waited_ms\":%" PRIu32,
           saved->epoch, saved->attempt, saved->size_bytes, saved->frozen_ms,
           saved->waited_ms);
}

static void print(const struct outcome *outcome, bool is_json)
{
    if (is_json) {
        printf("{\"exit_code\":%d,", outcome->exit_code);
        cli_json_member("text", outcome->text);
        if (outcome->saved.epoch)
            print_saved(&outcome->saved);
        printf("}\n");
    } else if (outcome->exit_code == CLI_OK) {
        printf("%s\n", outcome->text);
    }
    if (outcome->exit_code != CLI_OK)
        fprintf(stderr, "troupe: %s: %s\n", outcome->subject, outcome->text);
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
static void find(const char *folder, struct job_note *note, struct outcome *outcome)
{
    struct search search = {.folder = folder};

    if (read_note(folder, NULL, note))
        return;
    if (base_files_real.list(&base_files_real, folder, visit, &search) != 0)
        conclude(outcome, CLI_IO, folder, strerror(errno));
    else if (search.n_found == 0)
        conclude(outcome, CLI_IO, folder, "no 'troupe run' looks after a job there");
    else if (search.n_found > 1)
        conclude(outcome, CLI_USAGE, folder, "several jobs run there, name one");
    *note = search.note;
}

/* ---- asking
 * --------------------------------------------------------------------------- */

static void wait_for_answer(struct control_stream *stream, struct outcome *outcome)
{
    struct pollfd polled = {.fd = stream->descriptor, .events = POLLIN};
    struct control_message message;

    while (poll(&polled, 1, -1) > 0 && control_stream_fill(stream))
        while (control_stream_take(stream, &message) == CONTROL_WHOLE)
            if (message.kind == CONTROL_ANSWER) {
                outcome->saved = message.saved;
                conclude(outcome, message.exit_code, "no checkpoint", message.text);
                return;
            }
    conclude(outcome, JOB_EXIT_AGAIN, "no checkpoint",
             "'troupe run' has ended meanwhile");
}

static void ask(const struct job_note *note, struct outcome *outcome)
{
    struct control_address address = {.is_tcp = false};
    struct control_stream stream = {.n_bytes = 0};

    memcpy(address.path, note->path, sizeof(address.path));
    stream.descriptor = control_connect(&address, CONNECT_MS);
    if (stream.descriptor < 0) {
        conclude(outcome, CLI_IO, note->path, strerror(errno));
        return;
    }
    if (control_stream_send(&stream, &(struct control_message){.kind = CONTROL_WISH}))
        wait_for_answer(&stream, outcome);
    else
        conclude(outcome, CLI_IO, note->path, strerror(errno));
    close(stream.descriptor);
}

int checkpoint_now(const struct checkpoint_arguments *arguments)
{
    char host[sizeof(((struct job_note *)0)->host)] = "", words[160];
    const char *folder = arguments->folder;
    struct outcome outcome = {.exit_code = CLI_OK};
    struct job_note note;

    (void)gethostname(host, sizeof(host) - 1);
    find(folder, &note, &outcome);
    if (outcome.exit_code == CLI_OK && strcmp(host, note.host) == 0) {
        ask(&note, &outcome);
    } else if (outcome.exit_code == CLI_OK) {
        snprintf(words, sizeof(words), "its 'troupe run' is on %s: ask there",
                 note.host);
        conclude(&outcome, CLI_IO, folder, words);
    }
    print(&outcome, arguments->is_json);
    return outcome.exit_code;
}
