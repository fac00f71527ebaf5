/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * wordcount: counts the words of files on all ranks together; --help says more.
 *
 * Rank 0's process is the conductor. It lists the files, spawns a reader and a counter
 * on every rank, hands out ranges of files to the readers that ask, and prints what the
 * counters have. The other ranks' processes have nothing to do: their ranks are there
 * for the actors. messages.h has who says what to whom.
 *
 * Until all is read, a checkpoint may be made whenever the conductor waits for mail.
 */

#include "common/progress.h"
#include "merge.h"
#include "messages.h"
#include "options.h"
#include "report.h"
#include "saved.h"
#include "stream.h"
#include "units.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define OUTPUT_BYTES 65536

/* The runtime knows of errors, not of what this command makes of them. */
static int exit_code = EXIT_ALL_COUNTED;

struct job {
    troupe_actor *self;
    int64_t begin_ns;
    struct options options;
    struct file_list list;
    struct units units;
    struct progress progress;
    size_t n_ranks;
    troupe_address *readers;
    troupe_address *counters;
    size_t n_reading; /* readers that are not done */
    uint64_t n_shown; /* bytes that the progress bar knows of */
    struct totals totals;
    int saved_code; /* the exit code, in a state that was read */
    struct stream stream;
};
TROUPE_PRIVATE(job);

static void release(void *argument)
{
    struct job *job = argument;
    progress_hide(&job->progress);
    file_list_fini(&job->list);
    options_fini(&job->options);
}

static troupe_status spawn_actors(struct job *job)
{
    troupe_actor *self = job->self;
    job->n_ranks = (size_t)troupe_n_ranks(self);
    job->readers = troupe_alloc(self, job->n_ranks * sizeof *job->readers);
    job->counters = troupe_alloc(self, job->n_ranks * sizeof *job->counters);
    if (!job->readers || !job->counters)
        return TROUPE_NO_MEMORY;
    for (size_t i = 0; i < job->n_ranks; i++) {
        troupe_reference monitor; /* a failure comes as troupe_down */
        troupe_spawn_options options = {
            TROUPE_WITH(counter_plan, .conductor = troupe_self(self),
                        .n_readers = job->n_ranks, .n_wanted = job->options.n_top),
            .place = TROUPE_ON_RANK((int)i),
            .monitor = &monitor,
        };
        TROUPE_TRY(troupe_spawn(self, &word_counter, &options, &job->counters[i]));
        options = (troupe_spawn_options){.place = TROUPE_ON_RANK((int)i),
                                         .monitor = &monitor};
        TROUPE_TRY(troupe_spawn(self, &word_reader, &options, &job->readers[i]));
    }
    for (size_t i = 0; i < job->n_ranks; i++)
        TROUPE_TRY(troupe_send_tail(self, job->readers[i], owners, counters,
                                    job->counters, job->n_ranks));
    job->n_reading = job->n_ranks;
    return TROUPE_OK;
}

static troupe_status
on_ask(struct job *job, troupe_address reader, const struct ask *ask)
{
    job->n_shown += ask->n_bytes;
    progress_show(&job->progress, job->n_shown, troupe_now_ns(job->self));
    unsigned char bytes[UNIT_MESSAGE_BYTES];
    uint32_t n_bytes;
    uint32_t n_pieces = units_next(&job->units, bytes, &n_bytes);
    return troupe_send_tail(job->self, reader, unit, bytes, bytes, n_bytes,
                            .n_pieces = n_pieces);
}

static void on_trouble(struct job *job, int rank, const struct trouble *trouble)
{
    struct file *file = &job->list.files[trouble->file];
    exit_code = EXIT_SOME_LEFT_OUT;
    progress_hide(&job->progress);
    if (trouble->kind == TROUBLE_LONG_WORD) {
        fprintf(stderr,
                "wordcount: %s: the word at byte %" PRIu64
                " is longer than %d MiB and is left out\n",
                file->path, trouble->offset, WORD_LIMIT >> 20);
        return;
    }
    /* Once for each file, though many readers may have a piece of it. */
    if (file->is_left_out)
        return;
    file->is_left_out = true;
    job->totals.n_files--;
    const char *reason = trouble->kind == TROUBLE_UNREADABLE
                             ? strerror(trouble->error)
                             : "has become shorter while it was read";
    fprintf(stderr, "wordcount: %s: %s (rank %d, at byte %" PRIu64 ")\n", file->path,
            reason, rank, trouble->offset);
}

/* There will be no result: says why, and ends those that are still at work. */
static troupe_status give_up(struct job *job, troupe_address who, const char *reason)
{
    exit_code = EXIT_NO_RESULT;
    progress_hide(&job->progress);
    fprintf(stderr, "wordcount: rank %d: %s\n", troupe_rank_of(job->self, who), reason);
    for (size_t i = 0; i < job->n_ranks; i++) {
        TROUPE_TRY(troupe_stop_actor(job->self, job->readers[i], TROUPE_EXIT_KILLED));
        TROUPE_TRY(troupe_stop_actor(job->self, job->counters[i], TROUPE_EXIT_KILLED));
    }
    return TROUPE_FAILED;
}

static troupe_status
on_full(struct job *job, troupe_address who, const struct full *full)
{
    char reason[120];
    snprintf(reason, sizeof reason,
             "%" PRIu64 " different words fill its %zu MiB; use more ranks",
             full->n_distinct, COUNTER_BYTES >> 20);
    return give_up(job, who, reason);
}

static troupe_status on_down(struct job *job, const struct troupe_down *down)
{
    if (down->kind == TROUPE_EXIT_NORMAL)
        return TROUPE_OK;
    return give_up(job, down->who,
                   down->text[0] ? down->text : troupe_status_text(down->status));
}

/* Takes one message. TROUPE_FAILED: there will be no result, and that has been said. */
static troupe_status take_mail(struct job *job)
{
    troupe_mail mail;
    TROUPE_TRY(troupe_receive_any(job->self, TROUPE_FOREVER, &mail));
    const struct ask *ask = troupe_as(&mail, ask);
    const struct trouble *trouble = troupe_as(&mail, trouble);
    const struct done *done = troupe_as(&mail, done);
    const struct full *full = troupe_as(&mail, full);
    const struct troupe_down *down = troupe_as(&mail, troupe_down);
    if (ask)
        return on_ask(job, mail.sender, ask);
    if (full)
        return on_full(job, mail.sender, full);
    if (down)
        return on_down(job, down);
    if (trouble)
        on_trouble(job, troupe_rank_of(job->self, mail.sender), trouble);
    if (done) {
        job->n_reading--;
        job->totals.n_bytes += done->n_bytes;
        job->totals.n_words += done->n_words;
    }
    return TROUPE_OK;
}

static void say_not_written(const char *reason)
{
    fprintf(stderr, "wordcount: cannot write the result: %s\n", reason);
    exit_code = EXIT_NO_RESULT;
}

static void finish_output(FILE *out)
{
    if (fflush(out) != 0 || ferror(out))
        say_not_written(strerror(errno));
}

static troupe_status print_words(struct job *job, struct merge *merge, FILE *out)
{
    struct report report = {.out = out, .json = job->options.json};
    job->totals.n_distinct = merge->n_distinct;
    /* Below mpirun this is a terminal to stdio, which would write line by line. */
    setvbuf(out, NULL, _IOFBF, OUTPUT_BYTES);
    report_begin(&report, &job->totals);
    troupe_status status = TROUPE_OK;
    struct word word;
    while (report.n_lines < job->options.n_top && !ferror(out) &&
           (status = merge_next(merge, &word)) == TROUPE_OK)
        report_word(&report, &word);
    if (status != TROUPE_OK && status != TROUPE_NOT_FOUND)
        return status;
    report_end(&report, (double)(troupe_now_ns(job->self) - job->begin_ns) * 1e-9);
    finish_output(out);
    return TROUPE_OK;
}

static troupe_status print_into_file(struct job *job, struct merge *merge)
{
    FILE *out = stream_open(&job->stream);
    if (!out)
        return TROUPE_NO_MEMORY;
    troupe_status status = print_words(job, merge, out);
    fclose(out);
    if (troupe_output_close(job->self, &job->stream.output) != TROUPE_OK &&
        exit_code != EXIT_NO_RESULT)
        say_not_written("it may not be on disk");
    return status;
}

static troupe_status gather(struct job *job)
{
    struct merge merge;
    TROUPE_TRY(merge_start(&merge, job->self, job->counters, job->n_ranks));
    return job->options.output ? print_into_file(job, &merge)
                               : print_words(job, &merge, stdout);
}

static troupe_status begin(struct job *job)
{
    TROUPE_TRY(spawn_actors(job));
    units_init(&job->units, &job->list, job->n_ranks);
    job->totals.n_files = job->list.n_files;
    return TROUPE_OK;
}

static troupe_status count(struct job *job)
{
    progress_start(&job->progress, "wordcount", job->list.n_bytes, job->begin_ns);
    TROUPE_TRY(troupe_safe_receives(job->self, true));
    while (job->n_reading > 0)
        TROUPE_TRY(take_mail(job));
    TROUPE_TRY(troupe_safe_receives(job->self, false));
    progress_hide(&job->progress);
    troupe_status status = gather(job);
    /* A counter has ended instead of answering. Why is in the mail. */
    if (status == TROUPE_DOWN) {
        do {
            status = take_mail(job);
        } while (status == TROUPE_OK);
    }
    return status;
}

/* ---- in checkpoints ------------------------------------------------------------- */

struct saved {
    uint64_t n_ranks, n_reading, n_shown, exit_code;
    uint64_t next_file, next_offset, n_left; /* of the units */
    struct totals totals;
};

static troupe_status save(troupe_actor *self, const void *state, troupe_writer *writer)
{
    const struct job *job = state;
    size_t n_bytes = job->n_ranks * sizeof *job->readers;
    const struct saved saved = {job->n_ranks,        job->n_reading,  job->n_shown,
                                (uint64_t)exit_code, job->units.file, job->units.offset,
                                job->units.n_left,   job->totals};
    (void)self;
    TROUPE_TRY(troupe_write_bytes(writer, &saved, sizeof saved));
    TROUPE_TRY(troupe_write_bytes(writer, job->readers, n_bytes));
    TROUPE_TRY(troupe_write_bytes(writer, job->counters, n_bytes));
    return saved_list_put(writer, &job->list);
}

static troupe_status restore(troupe_actor *self, void *state, troupe_reader *reader)
{
    struct job *job = state;
    struct saved saved;
    TROUPE_TRY(troupe_read_bytes(reader, &saved, sizeof saved));
    size_t n_bytes = (size_t)saved.n_ranks * sizeof *job->readers;
    job->n_ranks = (size_t)saved.n_ranks;
    job->n_reading = (size_t)saved.n_reading;
    job->n_shown = saved.n_shown;
    job->saved_code = (int)saved.exit_code;
    job->units.n_readers = job->n_ranks;
    job->units.file = (size_t)saved.next_file;
    job->units.offset = saved.next_offset;
    job->units.n_left = saved.n_left;
    job->totals = saved.totals;
    job->readers = troupe_alloc(self, n_bytes + 1);
    job->counters = troupe_alloc(self, n_bytes + 1);
    if (!job->readers || !job->counters)
        return TROUPE_NO_MEMORY;
    TROUPE_TRY(troupe_read_bytes(reader, job->readers, n_bytes));
    TROUPE_TRY(troupe_read_bytes(reader, job->counters, n_bytes));
    return saved_list_get(self, reader, &job->list);
}

/* Only rank 0 has ever had something to know. */
static void merge(struct job *whole, const struct job *part)
{
    if (whole->n_ranks == 0)
        *whole = *part;
}

static void split(const struct job *whole, struct job *part, int rank, int n_ranks)
{
    (void)n_ranks;
    if (rank == 0)
        *part = *whole;
}

/* --------------------------------------------------------------------------------- */

static bool make_list(struct job *job)
{
    if (!file_list_make(&job->list, job->options.paths, job->options.n_paths)) {
        exit_code = EXIT_NO_RESULT;
        return false;
    }
    if (job->list.n_warnings > 0)
        exit_code = EXIT_SOME_LEFT_OUT;
    return true;
}

/* Now, as one that cannot be opened is better known before all is counted. */
static bool open_output(struct job *job)
{
    job->stream.self = job->self;
    if (!job->options.output || troupe_output_open(job->self, job->options.output,
                                                   &job->stream.output) == TROUPE_OK)
        return true;
    exit_code = EXIT_NO_RESULT; /* the log says why */
    return false;
}

static troupe_status work(struct job *job)
{
    bool is_restored = job->n_ranks > 0;
    job->units.list = &job->list;
    if (!open_output(job))
        return TROUPE_OK;
    if (is_restored)
        exit_code = job->saved_code;
    else if (!make_list(job))
        return TROUPE_OK;
    else
        TROUPE_TRY(begin(job));
    return count(job);
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    if (troupe_rank(self) != 0)
        return TROUPE_OK;
    struct job *job = troupe_state(self);
    job->self = self;
    job->begin_ns = troupe_now_ns(self);
    TROUPE_TRY(troupe_defer(self, release, job));
    if (!options_parse(argc, argv, &job->options)) {
        exit_code = EXIT_USAGE;
        return TROUPE_OK;
    }
    if (job->options.help) {
        options_print_help(stdout);
        finish_output(stdout);
        return TROUPE_OK;
    }
    troupe_status status = work(job);
    /* It has been said already: no need for the runtime to say it again. */
    return exit_code == EXIT_NO_RESULT ? TROUPE_OK : status;
}
TROUPE_PROCESS(
    conductor,
    body,
    TROUPE_PARTS(job, merge, split),
    TROUPE_ACCEPTS(ask, trouble, done, full, part, troupe_down, troupe_call_failed),
    TROUPE_SENDS(owners, unit, more),
    TROUPE_SPAWNS(&word_reader, &word_counter),
    .save = save,
    .restore = restore);

int main(int argc, char **argv)
{
    int code = troupe_main(argc, argv, &(troupe_program){.main = &conductor});
    return code == TROUPE_CODE_OK ? exit_code : code;
}
