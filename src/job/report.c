/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/clock.h"
#include "base/require.h"
#include "job/supervisor.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What people see. */

#define SECOND_NS 1e9

void job_line_clear(struct job_supervisor *supervisor)
{
    if (supervisor->has_line)
        fputs("\r\033[K", stderr);
    supervisor->has_line = false;
}

void job_say(struct job_supervisor *supervisor, const char *format, ...)
{
    char line[CONTROL_TEXT_BYTES + 100];
    va_list arguments;

    job_line_clear(supervisor);
    if (supervisor->is_mid_line)
        fputc('\n', stderr);
    supervisor->is_mid_line = false;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    fprintf(stderr, "troupe run: %s\n", line);
}

/* ---- while it runs
 * -------------------------------------------------------------------- */

static void describe_saved(const struct job_supervisor *supervisor,
                           int64_t now_ns,
                           char *text,
                           size_t capacity)
{
    const struct control_saved *saved = &supervisor->saved;

    text[0] = '\0';
    if (saved->epoch)
        snprintf(text, capacity,
                 ", checkpoint %" PRIu64 " %.0f s ago (%.1f MB, frozen %" PRIu32 " ms)",
                 saved->epoch, (double)(now_ns - supervisor->saved_ns) / SECOND_NS,
                 (double)saved->size_bytes * 1e-6, saved->frozen_ms);
}

/* On a terminal alone; written over again and again. */
void job_show_progress(struct job_supervisor *supervisor, int64_t now_ns)
{
    const struct job_machine *machine = &supervisor->machine;
    int64_t passed_ns = now_ns - supervisor->told_ns;
    uint64_t n_messages = job_watch_messages(&supervisor->watch);
    double n_new = n_messages > supervisor->told_messages
                       ? (double)(n_messages - supervisor->told_messages)
                       : 0;
    char saved[120], line[250];

    if (!supervisor->is_terminal || passed_ns < (int64_t)SECOND_NS)
        return;
    supervisor->told_ns = now_ns;
    supervisor->told_messages = n_messages;
    if ((machine->state != JOB_RUN && machine->state != JOB_SAVE) ||
        supervisor->is_mid_line)
        return;
    describe_saved(supervisor, now_ns, saved, sizeof(saved));
    job_line_clear(supervisor);
    snprintf(line, sizeof(line), "attempt %" PRIu32 " %s, %.0f s%s, %.3g messages/s",
             supervisor->choice.attempt, job_state_text(machine->state),
             (double)(now_ns - machine->attempt.began_ns) / SECOND_NS, saved,
             n_new / ((double)passed_ns / SECOND_NS));
    fprintf(stderr, "%.*s\r", job_terminal_columns(), line);
    fflush(stderr);
    supervisor->has_line = true;
}

/* ---- an attempt that is over
 * ---------------------------------------------------------- */

static void
describe(const struct job_supervisor *supervisor, char *words, size_t capacity)
{
    const struct job_attempt *attempt = &supervisor->machine.attempt;
    const struct job_watch *watch = &supervisor->watch;

    words[0] = '\0';
    if (attempt->cause == JOB_HUNG)
        snprintf(words, capacity, "%s", supervisor->hang_words);
    else if (attempt->cause == JOB_SILENT)
        snprintf(words, capacity, "%" PRIu32 " of %" PRIu32 " ranks said hello",
                 watch->n_here, watch->n_ranks);
    else if (attempt->cause == JOB_UNFINISHED && watch->n_here == 0)
        snprintf(words, capacity, "no rank said anything: is it a program of Troupe?");
    else if (attempt->cause == JOB_UNFINISHED)
        snprintf(words, capacity, "%" PRIu32 " of %" PRIu32 " ranks came to the end",
                 watch->n_completed, watch->n_ranks);
    else if (attempt->rank >= 0 &&
             (attempt->cause == JOB_CRASHED || attempt->cause == JOB_LOST))
        snprintf(words, capacity, "rank %d on %s went first", attempt->rank,
                 watch->ranks[attempt->rank].host);
}

static void record_in_journal(struct job_supervisor *supervisor, const char *words)
{
    const struct job_attempt *attempt = &supervisor->machine.attempt;
    struct job_journal *journal = &supervisor->journal;

    job_journal_begin(journal, "ended");
    job_journal_number(journal, "attempt", supervisor->choice.attempt);
    job_journal_text(journal, "cause", job_cause_text(attempt->cause));
    job_journal_number(journal, "exit_code", attempt->exit_code);
    if (attempt->rank >= 0) {
        job_journal_number(journal, "rank", attempt->rank);
        job_journal_text(journal, "host", supervisor->watch.ranks[attempt->rank].host);
    }
    if (words[0])
        job_journal_text(journal, "words", words);
    job_journal_number(journal, "from_epoch", (int64_t)attempt->base_epoch);
    job_journal_number(journal, "to_epoch", (int64_t)attempt->last_epoch);
    job_journal_end(journal);
}

void job_record(struct job_supervisor *supervisor)
{
    const struct job_attempt *attempt = &supervisor->machine.attempt;
    struct job_record *record;

    supervisor->records = base_try_realloc(
        supervisor->records, (supervisor->n_records + 1) * sizeof(struct job_record));
    base_require(supervisor->records, "no memory for the report");
    record = &supervisor->records[supervisor->n_records++];
    record->attempt = *attempt;
    record->number = supervisor->choice.attempt;
    describe(supervisor, record->words, sizeof(record->words));
    record_in_journal(supervisor, record->words);
    if (attempt->cause != JOB_DONE)
        job_say(supervisor, "attempt %" PRIu32 " %s (exit code %d)%s%s", record->number,
                job_cause_text(attempt->cause), attempt->exit_code,
                record->words[0] ? ": " : "", record->words);
}

/* ---- at the end
 * ----------------------------------------------------------------------- */

static double seconds_of(const struct job_attempt *attempt)
{
    return (double)(attempt->ended_ns - attempt->began_ns) / SECOND_NS;
}

static void epoch_text(uint64_t epoch, char text[24])
{
    if (epoch)
        snprintf(text, 24, "%" PRIu64, epoch);
    else
        snprintf(text, 24, "-");
}

static void report_to_people(struct job_supervisor *supervisor, int64_t now_ns)
{
    const struct job_machine *machine = &supervisor->machine;

    job_line_clear(supervisor);
    /* One good attempt is no news. */
    if (supervisor->n_records > 1 || machine->exit_code != JOB_EXIT_DONE) {
        fprintf(stderr, "attempt  from  to    seconds  exit  ended\n");
        for (size_t i = 0; i < supervisor->n_records; i++) {
            const struct job_record *record = &supervisor->records[i];
            char from[24], to[24];

            epoch_text(record->attempt.base_epoch, from);
            epoch_text(record->attempt.last_epoch, to);
            fprintf(stderr, "%-7" PRIu32 "  %-4s  %-4s  %7.1f  %4d  %s%s%s\n",
                    record->number, from, to, seconds_of(&record->attempt),
                    record->attempt.exit_code, job_cause_text(record->attempt.cause),
                    record->words[0] ? ": " : "", record->words);
        }
        fprintf(stderr, "troupe run: %s after %.1f s (exit code %d)\n", machine->why,
                (double)(now_ns - supervisor->begin_ns) / SECOND_NS,
                machine->exit_code);
    }
}

static void
add_number(struct base_bytes *bytes, bool *is_first, const char *key, int64_t number)
{
    job_json_member(bytes, is_first, key);
    base_bytes_append_format(bytes, "%" PRId64, number);
}

static void
add_text(struct base_bytes *bytes, bool *is_first, const char *key, const char *text)
{
    job_json_member(bytes, is_first, key);
    job_json_text(bytes, text);
}

static void add_record(struct base_bytes *bytes, const struct job_record *record)
{
    const struct job_attempt *attempt = &record->attempt;
    bool is_first = true;

    base_bytes_append(bytes, "{", 1);
    add_number(bytes, &is_first, "attempt", record->number);
    add_text(bytes, &is_first, "cause", job_cause_text(attempt->cause));
    add_number(bytes, &is_first, "exit_code", attempt->exit_code);
    add_number(bytes, &is_first, "from_epoch", (int64_t)attempt->base_epoch);
    add_number(bytes, &is_first, "to_epoch", (int64_t)attempt->last_epoch);
    job_json_member(bytes, &is_first, "seconds");
    base_bytes_append_format(bytes, "%.3f", seconds_of(attempt));
    if (attempt->rank >= 0)
        add_number(bytes, &is_first, "rank", attempt->rank);
    add_text(bytes, &is_first, "words", record->words);
    base_bytes_append(bytes, "}", 1);
}

static void report_to_programs(const struct job_supervisor *supervisor, int64_t now_ns)
{
    const struct job_machine *machine = &supervisor->machine;
    struct base_bytes bytes;
    bool is_first = true;

    base_bytes_init(&bytes);
    base_bytes_append(&bytes, "{", 1);
    add_text(&bytes, &is_first, "job", supervisor->name);
    add_number(&bytes, &is_first, "exit_code", machine->exit_code);
    add_text(&bytes, &is_first, "why", machine->why);
    job_json_member(&bytes, &is_first, "seconds");
    base_bytes_append_format(&bytes, "%.3f",
                             (double)(now_ns - supervisor->begin_ns) / SECOND_NS);
    job_json_member(&bytes, &is_first, "attempts");
    base_bytes_append(&bytes, "[", 1);
    for (size_t i = 0; i < supervisor->n_records; i++) {
        if (i > 0)
            base_bytes_append(&bytes, ",", 1);
        add_record(&bytes, &supervisor->records[i]);
    }
    base_bytes_append(&bytes, "]}\n", 3);
    if (!bytes.failed)
        fwrite(bytes.data, 1, bytes.size, stdout);
    base_bytes_fini(&bytes);
}

void job_report(struct job_supervisor *supervisor, int64_t now_ns)
{
    const struct job_machine *machine = &supervisor->machine;

    job_journal_begin(&supervisor->journal, "over");
    job_journal_number(&supervisor->journal, "exit_code", machine->exit_code);
    job_journal_text(&supervisor->journal, "why", machine->why);
    job_journal_end(&supervisor->journal);
    if (supervisor->options->is_json)
        report_to_programs(supervisor, now_ns);
    else
        report_to_people(supervisor, now_ns);
}
