/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/internal.h"
#include "runtime/lines.h"

/*
 * Before anything runs the ranks make sure that they mean the same: types with their
 * schemas, behaviors, version, and the settings that must not differ. One reduction
 * also carries whether a rank's own start went wrong, so that all end together and
 * nobody waits for a rank that has given up.
 *
 * What differs is shown line by line: the first rank that differs from rank 0 sends its
 * lines there, and rank 0 prints those that only one of the two has.
 */

/* ---- what is compared
 * ----------------------------------------------------------------- */

static void describe(struct runtime_rank *rank, struct base_bytes *lines)
{
    struct actor_rank *home = actor_of(&rank->troupe);

    base_bytes_append_format(lines, "Troupe %s\n%u slots for actors\n",
                             troupe_version(), home->n_slots);
    base_bytes_append_format(lines, "%s folder for checkpoints (TROUPE_CHECKPOINT)\n",
                             checkpoint_is_on(&rank->troupe) ? "a" : "no");
    message_table_describe(home->table, lines);
    for (uint32_t i = 0; i < home->n_behaviors; i++)
        base_bytes_append_format(lines, "the behavior '%s'\n",
                                 home->behaviors[i].source->name);
    base_require_memory(!lines->failed, "no memory to say how the ranks differ");
}

/* Of what describe() shows; without allocations. */
static uint64_t hash_of(struct runtime_rank *rank)
{
    const struct actor_rank *home = actor_of(&rank->troupe);
    const unsigned char has_checkpoints = checkpoint_is_on(&rank->troupe);
    const char *version = troupe_version();
    uint64_t hash = actor_program_hash(home);

    hash = base_hash_bytes(&home->n_slots, sizeof home->n_slots, hash);
    hash = base_hash_bytes(&has_checkpoints, sizeof has_checkpoints, hash);
    return base_hash_bytes(version, strlen(version), hash);
}

static struct runtime_verdict own_verdict(struct runtime_rank *rank)
{
    struct runtime_verdict verdict = {.first_rank = comm_rank(rank->comm),
                                      .first_different = -1,
                                      .first_failed = -1,
                                      .has_statistics =
                                          rank->job->settings.has_statistics};

    if (rank->start_status == TROUPE_OK) {
        verdict.hash = hash_of(rank);
        return verdict;
    }
    verdict.first_failed = verdict.first_rank;
    verdict.status = (uint8_t)rank->start_status;
    return verdict;
}

/* `from` are the ranks right after those of `into`. */
static void merge(void *into, const void *from)
{
    struct runtime_verdict *low = into;
    const struct runtime_verdict *high = from;

    if (low->first_failed < 0) {
        low->first_failed = high->first_failed;
        low->status = high->status;
    }
    if (low->first_different < 0)
        low->first_different =
            low->hash != high->hash ? high->first_rank : high->first_different;
}

static void keep_verdict(struct troupe *holder, const void *result, size_t size_bytes)
{
    struct runtime_rank *rank = runtime_rank_of(holder);

    memcpy(&rank->verdict, result, size_bytes);
    rank->has_result = true;
}

/* ---- what is said
 * --------------------------------------------------------------------- */

/* The settings are read again, now with somebody to listen. */
static void print_failure(struct runtime_rank *rank)
{
    struct runtime_settings again = {0};

    if (rank->why[0])
        log_error(&rank->troupe.log, "%s", rank->why);
    else
        (void)runtime_settings_read(&rank->troupe.log, &rank->job->options, &again);
}

static bool has_line(const struct base_bytes *text, const char *wanted, size_t n_wanted)
{
    size_t position = 0, length;
    const char *line;

    while (runtime_line_next(text, &position, &line, &length))
        if (length == n_wanted && memcmp(line, wanted, length) == 0)
            return true;
    return false;
}

/* The lines of `text` that `other` has not. */
static void print_own_lines(const struct base_log *log,
                            int rank,
                            const struct base_bytes *text,
                            const struct base_bytes *other)
{
    size_t position = 0, length;
    const char *line;

    while (runtime_line_next(text, &position, &line, &length))
        if (!has_line(other, line, length))
            log_error(log, "  rank %d has %.*s", rank, (int)length, line);
}

static void print_difference(struct runtime_rank *rank)
{
    const struct base_log *log = &rank->troupe.log;
    struct base_bytes own;

    base_bytes_init(&own);
    describe(rank, &own);
    log_error(
        log,
        "the ranks do not run the same program: ranks 0 and %d differ (exit code %d)",
        rank->verdict.first_different, TROUPE_CODE_MISUSE);
    print_own_lines(log, 0, &own, &rank->peer_lines);
    print_own_lines(log, rank->verdict.first_different, &rank->peer_lines, &own);
    base_bytes_fini(&own);
}

/* ---- the way of the lines
 * -------------------------------------------------------------- */

/* An empty record is the end. */
static void send_lines(struct runtime_rank *rank)
{
    struct base_bytes lines;

    base_bytes_init(&lines);
    describe(rank, &lines);
    runtime_send(rank, RUNTIME_KIND_LINES, lines.data, lines.size);
    runtime_send(rank, RUNTIME_KIND_LINES, NULL, 0);
    base_bytes_fini(&lines);
}

void runtime_lines_take(struct troupe *holder, struct comm_record *record)
{
    struct runtime_rank *rank = runtime_rank_of(holder);

    comm_require(rank->comm, record,
                 comm_rank(rank->comm) == 0 &&
                     (rank->phase == RUNTIME_COMPARE || rank->phase == RUNTIME_EXPLAIN),
                 "the programs have been compared");
    if (record->size_bytes == 0)
        rank->has_peer_lines = true;
    else
        base_bytes_append(&rank->peer_lines, record->payload,
                          (size_t)record->size_bytes);
}

/* ---- the phases
 * ------------------------------------------------------------------------ */

static void begin(struct runtime_rank *rank)
{
    struct runtime_verdict verdict = own_verdict(rank);

    runtime_reduce(rank, merge, keep_verdict, &verdict, sizeof verdict);
}

static enum runtime_phase decide(struct runtime_rank *rank)
{
    const struct runtime_verdict *verdict = &rank->verdict;
    int me = comm_rank(rank->comm);

    if (verdict->first_failed >= 0) {
        rank->exit_code = runtime_exit_code_of((troupe_status)verdict->status);
        if (me == verdict->first_failed)
            print_failure(rank);
        return RUNTIME_THROUGH;
    }
    if (verdict->first_different < 0)
        return checkpoint_is_on(&rank->troupe) ? RUNTIME_CHOOSE : RUNTIME_ACTORS;
    rank->exit_code = TROUPE_CODE_MISUSE;
    if (me == verdict->first_different)
        send_lines(rank);
    return me == 0 ? RUNTIME_EXPLAIN : RUNTIME_THROUGH;
}

struct comm_step runtime_compare_step(struct runtime_rank *rank)
{
    bool moved;

    if (!rank->is_reducing)
        begin(rank);
    moved = runtime_pump(rank);
    if (runtime_reduced(rank)) {
        rank->phase = decide(rank);
        moved = true;
    }
    return runtime_wait(rank, moved);
}

struct comm_step runtime_explain_step(struct runtime_rank *rank)
{
    bool moved = runtime_pump(rank);

    if (rank->has_peer_lines) {
        print_difference(rank);
        rank->phase = RUNTIME_THROUGH;
        moved = true;
    }
    return runtime_wait(rank, moved);
}
