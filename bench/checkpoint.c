/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A job to be saved: bench_checkpoint actors|array N. A million actors with a state of
 * 104 bytes each, or an array of N doubles; rank 0 asks for a checkpoint and sleeps,
 * some times over. Started again, it makes sure that all is there and prints what it
 * found. bench/checkpoint.sh runs it and reads the rest from the log and the files.
 *
 * With a file's name as well it goes on being saved until it is killed, and notes there
 * when it has handled its first message after each start: bench/restart.sh.
 */
#include "common/measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <troupe/troupe.h>

enum { N_WORDS = 13, N_CHECKPOINTS = 5 };
static const double pause_s = 1.5; /* a checkpoint is written meanwhile */

struct cell {
    int64_t words[N_WORDS];
};
TROUPE_TYPE(cell, words);
struct number {
    int64_t number;
};
TROUPE_TYPE(number, number);
TROUPE_SIGNAL(report);
struct progress {
    int64_t n_done; /* checkpoints asked for */
    int64_t n_cells;
    uint64_t first; /* address of the rank's first cell */
};
TROUPE_TYPE(progress, n_done, n_cells, first);

static troupe_status
on_number(troupe_actor *self, struct cell *cell, const struct number *it)
{
    (void)self;
    for (int i = 0; i < N_WORDS; i++)
        cell->words[i] = it->number * (i + 1);
    return TROUPE_OK;
}

static troupe_status on_report(troupe_actor *self, struct cell *cell)
{
    int64_t sum = 0;
    for (int i = 0; i < N_WORDS; i++)
        sum += cell->words[i];
    return troupe_reply(self, number, number, .number = sum);
}
TROUPE_BEHAVIOR(cell_keeper,
                cell,
                TROUPE_ON(number, on_number),
                TROUPE_ON(report, on_report));

static troupe_status spawn_cells(troupe_actor *self, struct progress *progress)
{
    for (int64_t i = 0; i < progress->n_cells; i++) {
        troupe_address cell;
        TROUPE_TRY(troupe_spawn(self, &cell_keeper, NULL, &cell));
        TROUPE_TRY(troupe_send(self, cell, number, .number = i));
        if (i == 0)
            progress->first = cell.bits;
    }
    return TROUPE_OK;
}

/* Memory to memory, both warm: what a copy cannot be faster than. */
static double copy_bytes_per_s(void)
{
    enum { SIZE = 128 << 20, TURNS = 5 };
    char *from = malloc(SIZE), *to = malloc(SIZE);
    double times[TURNS];
    if (!from || !to)
        bench_die("no memory to copy");
    memset(from, 1, SIZE);
    memset(to, 2, SIZE);
    for (int i = 0; i < TURNS; i++) {
        double begin_s = bench_now_s();
        memcpy(to, from, SIZE);
        times[i] = bench_now_s() - begin_s;
        from[0] = (char)(from[0] + to[1]);
    }
    free(from);
    free(to);
    return SIZE / bench_median(times, TURNS);
}

static troupe_status make_array(troupe_actor *self, int64_t n, troupe_array *array)
{
    const troupe_array_options options = {
        .element = TROUPE_DOUBLE, .length = n, .saved_as = "numbers"};
    TROUPE_TRY(troupe_array_create(self, troupe_rank_team(self), &options, array));
    if (troupe_is_restored(self))
        return TROUPE_OK;
    troupe_array_part mine = troupe_array_mine(self, *array);
    for (int64_t i = 0; i < mine.n_elements; i++)
        ((double *)mine.data)[i] = (double)(mine.first + i);
    return TROUPE_OK;
}

static troupe_status check_array(troupe_actor *self, troupe_array array)
{
    troupe_array_part mine = troupe_array_mine(self, array);
    for (int64_t i = 0; i < mine.n_elements; i++)
        if (((const double *)mine.data)[i] != (double)(mine.first + i))
            bench_die("element %" PRId64 " is not what it was", mine.first + i);
    return TROUPE_OK;
}

static troupe_status check_cell(troupe_actor *self, const struct progress *progress)
{
    const struct number *sum;
    if (progress->n_cells == 0)
        return TROUPE_OK;
    TROUPE_TRY(troupe_call_bytes(self, (troupe_address){progress->first},
                                 TROUPE_TYPE_OF(number), (const void **)&sum,
                                 TROUPE_FOREVER, TROUPE_TYPE_OF(report), NULL, 0));
    if (sum->number != 0)
        bench_die("the first cell is not what it was");
    return TROUPE_OK;
}

static troupe_status
be_saved(troupe_actor *self, struct progress *progress, int64_t n_checkpoints)
{
    while (progress->n_done < n_checkpoints) {
        progress->n_done++;
        if (troupe_rank(self) == 0)
            TROUPE_TRY(troupe_checkpoint_request(self));
        for (double end_s = bench_now_s() + pause_s; bench_now_s() < end_s;) {
            troupe_safepoint(self);
            troupe_sleep_until(self, troupe_after_s(self, 0.002));
        }
    }
    return TROUPE_OK;
}

static void stamp(const char *path)
{
    struct timespec now;
    FILE *file = fopen(path, "a");
    if (!file || !timespec_get(&now, TIME_UTC))
        bench_die("no time can be noted in %s", path);
    fprintf(file, "%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    fclose(file);
}

/* An array, and an actor that is asked when all is there. */
static troupe_status
be_killed(troupe_actor *self, struct progress *progress, int64_t n, const char *path)
{
    troupe_array array;
    if (!troupe_is_restored(self)) {
        progress->n_cells = 1;
        TROUPE_TRY(spawn_cells(self, progress));
    }
    TROUPE_TRY(make_array(self, n, &array));
    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    TROUPE_TRY(check_cell(self, progress));
    if (troupe_rank(self) == 0)
        stamp(path);
    TROUPE_TRY(check_array(self, array));
    return be_saved(self, progress, INT64_MAX);
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct progress *progress;
    troupe_array array;
    bool is_again = troupe_restored(self, &progress);
    if (argc != 3 && argc != 4)
        bench_die("usage: bench_checkpoint actors|array N [FILE]");
    bool has_array = strcmp(argv[1], "array") == 0;
    int64_t n = atoll(argv[2]);
    if (argc == 4)
        return be_killed(self, progress, n, argv[3]);
    if (!is_again && !has_array) {
        progress->n_cells = n / troupe_n_ranks(self);
        TROUPE_TRY(spawn_cells(self, progress));
    }
    if (has_array)
        TROUPE_TRY(make_array(self, n, &array));
    if (!is_again && troupe_rank(self) == 0)
        printf("copy %.0f\n", copy_bytes_per_s());
    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    if (!is_again)
        return be_saved(self, progress, N_CHECKPOINTS);
    TROUPE_TRY(check_cell(self, progress));
    if (troupe_rank(self) == 0)
        printf("restored after %" PRId64 "\n", progress->n_done);
    return has_array ? check_array(self, array) : TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_STATE(progress),
               TROUPE_ACCEPTS(number),
               TROUPE_SENDS(report),
               TROUPE_SPAWNS(&cell_keeper));

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
