/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/files.h"
#include "runtime/internal.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* TROUPE_STATS=1: what each rank did, gathered by rank 0 after the end of the job. */

/* ---- gathering
 * ------------------------------------------------------------------------ */

static void fill(struct runtime_rank *rank, struct runtime_row *row)
{
    const struct actor_rank *home = actor_of(&rank->troupe);
    const struct actor_counts *counts = &home->counts;
    struct fiber_pool_counts stacks;

    *row = (struct runtime_row){.n_sent_local = actor_n_sent_local(home),
                                .n_sent_remote = actor_n_sent_remote(home),
                                .n_parked_sends = counts->n_parked_sends,
                                .n_spawned = counts->n_spawned,
                                .n_ended = counts->n_ended,
                                .most_queued = counts->most_queued};
    memcpy(row->n_dead, counts->n_dead, sizeof row->n_dead);
    fiber_pool_count(home->fibers, &stacks);
    row->largest_stack_bytes = stacks.largest_stack_used;
    comm_count(rank->comm, &row->comm);
}

static void make_rows(struct runtime_rank *rank)
{
    if (rank->rows)
        return;
    rank->rows = base_new_array(struct runtime_row, comm_size(rank->comm));
    rank->row_bytes = base_new_array(size_t, comm_size(rank->comm));
}

static void
keep(struct runtime_rank *rank, int source, const void *piece, size_t size_bytes)
{
    memcpy((char *)&rank->rows[source] + rank->row_bytes[source], piece, size_bytes);
    rank->row_bytes[source] += size_bytes;
}

/* Pieces of a rank's row come in their order, and not before it is through. */
void runtime_row_take(struct troupe *holder, struct comm_record *record)
{
    struct runtime_rank *rank = runtime_rank_of(holder);

    comm_require(rank->comm, record,
                 comm_rank(rank->comm) == 0 && rank->verdict.has_statistics &&
                     (rank->phase == RUNTIME_SETTLE || rank->phase == RUNTIME_GATHER),
                 "nobody asks for statistics now");
    make_rows(rank);
    comm_require(rank->comm, record,
                 record->header.reference == rank->row_bytes[record->source] &&
                     record->size_bytes <=
                         sizeof *rank->rows - rank->row_bytes[record->source],
                 "statistics are not in such pieces");
    keep(rank, record->source, record->payload, (size_t)record->size_bytes);
}

static bool have_all_come(const struct runtime_rank *rank)
{
    for (int i = 0; i < comm_size(rank->comm); i++)
        if (rank->row_bytes[i] < sizeof *rank->rows)
            return false;
    return true;
}

/* ---- printing
 * ------------------------------------------------------------------------- */

/* At most six characters: 123456, 1235k, 12.3M. */
static const char *short_number(char text[static 16], uint64_t value)
{
    static const char *const units[] = {"k", "M", "G", "T", "P", "E"};
    double scaled = (double)value;
    size_t unit = 0;

    if (value < 100000) {
        snprintf(text, 16, "%llu", (unsigned long long)value);
        return text;
    }
    for (scaled /= 1000; scaled >= 1000 && unit < 5; unit++)
        scaled /= 1000;
    snprintf(text, 16, scaled < 100 ? "%.2f%s" : "%.1f%s", scaled, units[unit]);
    return text;
}

static void put(struct base_bytes *text, int width, uint64_t value)
{
    char number[16];

    base_bytes_append_format(text, " %*s", width, short_number(number, value));
}

static uint64_t count_dead(const struct runtime_row *row)
{
    uint64_t n = 0;

    for (size_t i = 0; i < ACTOR_N_DEAD_REASONS; i++)
        n += row->n_dead[i];
    return n;
}

static void put_actors(struct base_bytes *text, const struct runtime_row *row)
{
    put(text, 8, row->n_sent_local);
    put(text, 8, row->n_sent_remote);
    put(text, 7, row->n_parked_sends);
    put(text, 8, row->most_queued);
    put(text, 7, count_dead(row));
    put(text, 8, row->n_spawned);
    put(text, 8, row->n_ended);
    put(text, 9, row->largest_stack_bytes / 1024);
}

static void put_frames(struct base_bytes *text, const struct runtime_row *row)
{
    const struct comm_counts *comm = &row->comm;

    put(text, 7, comm->n_records_posted);
    put(text, 7, comm->n_bytes_sent);
    put(text, 6, comm->n_frames_sent);
    put(text, 6, comm->n_frames_sent ? comm->n_filled_bytes / comm->n_frames_sent : 0);
    for (int cause = 0; cause < COMM_N_FLUSH_CAUSES; cause++)
        put(text, 5, comm->n_flushes[cause]);
    put(text, 5, comm->n_credit_stalls);
    put(text, 6, (uint64_t)comm->longest_poll_gap_ns / 1000);
    put(text, 6, comm->peak_transport_bytes / 1024);
}

static void put_table(struct base_bytes *text,
                      const struct runtime_rank *rank,
                      const char *head,
                      void (*put_row)(struct base_bytes *text,
                                      const struct runtime_row *row))
{
    base_bytes_append_format(text, "%s\n", head);
    for (int i = 0; i < comm_size(rank->comm); i++) {
        base_bytes_append_format(text, "%4d", i);
        put_row(text, &rank->rows[i]);
        base_bytes_append_format(text, "\n");
    }
}

static void put_dead(struct base_bytes *text, int rank, const struct runtime_row *row)
{
    const char *separator = ": ";

    if (count_dead(row) == 0)
        return;
    base_bytes_append_format(text, "dead letters of rank %d", rank);
    for (int i = 0; i < ACTOR_N_DEAD_REASONS; i++) {
        if (row->n_dead[i] == 0)
            continue;
        base_bytes_append_format(text, "%s%llu %s", separator,
                                 (unsigned long long)row->n_dead[i],
                                 actor_dead_reason_text((enum actor_dead_reason)i));
        separator = ", ";
    }
    base_bytes_append_format(text, "\n");
}

/* Lines of the layers above the actors, of rank 0. */
static void put_modules(struct base_bytes *text, struct runtime_rank *rank)
{
    for (const struct base_module *const *module = runtime_modules; *module; module++)
        if ((*module)->statistics)
            (*module)->statistics(&rank->troupe, text);
}

static void print(struct runtime_rank *rank)
{
    struct base_bytes text;

    base_bytes_init(&text);
    put_table(
        &text, rank,
        "-- actors: messages sent, parked sends, most in one mailbox, dead letters,\n"
        "   actors spawned and ended, largest stack in KiB\n"
        "rank    local   remote  parked   queued    dead  spawned    ended     stack",
        put_actors);
    put_table(
        &text, rank,
        "-- transport: records, bytes and frames sent, mean fill of a frame in bytes,\n"
        "   why frames left, waits for a credit, longest gap between polls in us,\n"
        "   memory in KiB\n"
        "rank records   bytes frames   fill  full  idle   age block  urgt stall    gap "
        "   mem",
        put_frames);
    for (int i = 0; i < comm_size(rank->comm); i++)
        put_dead(&text, i, &rank->rows[i]);
    put_modules(&text, rank);
    (void)!base_file_write_all(&base_files_real, STDERR_FILENO, text.data, text.size);
    base_bytes_fini(&text);
}

static void give_row(struct runtime_rank *rank)
{
    struct runtime_row row;

    rank->has_sent_row = true;
    fill(rank, &row);
    if (comm_rank(rank->comm) != 0) {
        runtime_send(rank, RUNTIME_KIND_ROW, &row, sizeof row);
        return;
    }
    make_rows(rank);
    keep(rank, 0, &row, sizeof row);
}

struct comm_step runtime_gather_step(struct runtime_rank *rank)
{
    bool is_first = comm_rank(rank->comm) == 0, moved;

    if (!rank->has_sent_row)
        give_row(rank);
    moved = runtime_pump(rank);
    if (is_first && !have_all_come(rank))
        return runtime_wait(rank, moved);
    if (is_first)
        print(rank);
    rank->phase = RUNTIME_THROUGH;
    return runtime_wait(rank, true);
}
