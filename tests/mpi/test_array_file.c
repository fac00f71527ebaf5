/* ranks: 1 2 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/require.h"
#include "troupe/troupe.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Arrays over MPI: cut anew, gathered, and through files of all formats, with more than
 * one thread. TROUPE_TEST_FULL=1: also one of more than 2^31 elements.
 */

enum { LENGTH = 300000, MOST_MEMBERS = 4 };

static double value_of(int64_t index)
{
    return (double)(index * 7919 % 1000003) * 0.37 - 1000;
}

static void fill(troupe_actor *self, troupe_array array)
{
    troupe_array_part mine = troupe_array_mine(self, array);
    double *values = mine.data;

    for (int64_t i = 0; i < mine.n_elements; i++)
        values[i] = value_of(mine.first + i);
}

static void expect(troupe_actor *self, troupe_array array)
{
    troupe_array_part mine = troupe_array_mine(self, array);
    const double *values = mine.data;

    REQUIRE(troupe_array_describe(self, array).length == LENGTH);
    for (int64_t i = 0; i < mine.n_elements; i++)
        REQUIRE(values[i] == value_of(mine.first + i));
}

/* ---- moving ------------------------------------------------------------------- */

/* All to the last one, and back. */
static troupe_status move(troupe_actor *self, troupe_team *team, troupe_array array)
{
    int64_t cuts[MOST_MEMBERS + 1] = {0};
    int n = troupe_team_size(team), me = troupe_team_index(team);
    double *all = malloc(LENGTH * sizeof *all), last;

    cuts[n] = troupe_array_describe(self, array).n_blocks;
    TROUPE_TRY(troupe_array_cut(self, array, cuts));
    REQUIRE(troupe_array_mine(self, array).n_elements == (me == n - 1 ? LENGTH : 0));
    expect(self, array);
    TROUPE_TRY(troupe_array_cut(self, array, NULL));
    expect(self, array);
    TROUPE_TRY(
        troupe_array_gather(self, array, -1, (troupe_array_range){0, LENGTH}, all));
    for (int64_t i = 0; i < LENGTH; i++)
        REQUIRE(all[i] == value_of(i));
    TROUPE_TRY(troupe_array_get(self, array, LENGTH - 1, &last));
    REQUIRE(last == value_of(LENGTH - 1));
    free(all);
    return TROUPE_OK;
}

/* ---- files -------------------------------------------------------------------- */

static troupe_status
check_loaded(troupe_actor *self, troupe_status status, troupe_array *loaded)
{
    TROUPE_TRY(status);
    expect(self, *loaded);
    troupe_array_destroy(self, loaded);
    return TROUPE_OK;
}

static troupe_status save_and_load(troupe_actor *self,
                                   troupe_team *team,
                                   troupe_array array,
                                   const char *path)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE};
    const troupe_csv_options csv = {.name = "second", .element = TROUPE_DOUBLE};
    const troupe_csv_column columns[] = {{"first", array}, {"second", array}};
    troupe_file_fault fault;
    troupe_array loaded;

    TROUPE_TRY(troupe_array_save(self, array, path, &fault));
    TROUPE_TRY(check_loaded(
        self, troupe_array_load(self, team, path, &options, &loaded, &fault), &loaded));
    TROUPE_TRY(troupe_array_save_csv(self, columns, 2, path, &fault));
    TROUPE_TRY(check_loaded(
        self, troupe_array_load_csv(self, team, path, &csv, &loaded, &fault), &loaded));
    TROUPE_TRY(troupe_array_save_market(self, array, path, &fault));
    return check_loaded(
        self, troupe_array_load_market(self, team, path, &options, &loaded, &fault),
        &loaded);
}

/* The same, started: the team does something else meanwhile. */
static troupe_status save_and_load_later(troupe_actor *self,
                                         troupe_team *team,
                                         troupe_array array,
                                         const char *path)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE, .length = LENGTH};
    troupe_file_fault fault;
    troupe_array loaded, made;
    troupe_task tasks[3];
    double sum;

    TROUPE_TRY(troupe_array_save_later(self, array, path, &fault, &tasks[0]));
    TROUPE_TRY(troupe_array_load_later(self, team, path, &options, &loaded, &fault,
                                       &tasks[1]));
    TROUPE_TRY(troupe_array_create_later(self, team, &options, &made, &tasks[2]));
    TROUPE_TRY(troupe_sum(self, array, TROUPE_TREE, &sum));
    for (int i = 0; i < 3; i++)
        TROUPE_TRY(troupe_task_wait(self, &tasks[i]));
    TROUPE_TRY(troupe_array_copy(self, loaded, made));
    TROUPE_TRY(check_loaded(self, TROUPE_OK, &made));
    return check_loaded(self, TROUPE_OK, &loaded);
}

static troupe_status no_file(troupe_actor *self, troupe_team *team)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE};
    troupe_file_fault fault;
    troupe_array array;

    REQUIRE(troupe_array_load(self, team, "/nowhere/at/all", &options, &array,
                              &fault) == TROUPE_IO);
    REQUIRE(strcmp(fault.text, "it cannot be found: No such file or directory") == 0);
    REQUIRE(troupe_array_load(self, team, "/tmp", &options, &array, &fault) ==
            TROUPE_IO);
    REQUIRE(strcmp(fault.text, "it is no regular file") == 0);
    return TROUPE_OK;
}

/* ---- more than 2^31 elements -------------------------------------------------- */

static troupe_status large(troupe_actor *self, troupe_team *team)
{
    const int64_t length = (INT64_C(1) << 31) + 12345;
    const troupe_array_options options = {.element = TROUPE_UINT8, .length = length};
    unsigned char byte = 0, mark = 77;
    int64_t cuts[MOST_MEMBERS + 1] = {0};
    troupe_array array;

    TROUPE_TRY(troupe_array_create(self, team, &options, &array));
    TROUPE_TRY(troupe_array_set(self, array, length - 1, &mark));
    TROUPE_TRY(troupe_array_set(self, array, INT64_C(1) << 31, &mark));
    cuts[troupe_team_size(team)] = troupe_array_describe(self, array).n_blocks;
    TROUPE_TRY(troupe_array_cut(self, array, cuts));
    REQUIRE(troupe_array_owner(self, array, length - 1) == troupe_team_size(team) - 1);
    TROUPE_TRY(troupe_array_get(self, array, length - 1, &byte));
    REQUIRE(byte == mark);
    TROUPE_TRY(troupe_array_get(self, array, INT64_C(1) << 31, &byte));
    REQUIRE(byte == mark);
    TROUPE_TRY(troupe_array_get(self, array, (INT64_C(1) << 31) - 1, &byte));
    REQUIRE(byte == 0);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    const troupe_array_options options = {.element = TROUPE_DOUBLE, .length = LENGTH};
    troupe_team *team = troupe_rank_team(self);
    const char *folder = getenv("TMPDIR"), *is_full = getenv("TROUPE_TEST_FULL");
    char path[200];
    troupe_array array;
    int64_t name = (int64_t)getpid();

    TROUPE_TRY(troupe_broadcast(self, team, 0, &name, sizeof name));
    snprintf(path, sizeof path, "%s/troupe_array_%lld", folder ? folder : "/tmp",
             (long long)name);
    TROUPE_TRY(troupe_array_create(self, team, &options, &array));
    fill(self, array);
    TROUPE_TRY(move(self, team, array));
    TROUPE_TRY(save_and_load(self, team, array, path));
    TROUPE_TRY(save_and_load_later(self, team, array, path));
    TROUPE_TRY(troupe_barrier(self, team));
    (void)unlink(path);
    TROUPE_TRY(no_file(self, team));
    return is_full && is_full[0] == '1' ? large(self, team) : TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    setenv("TROUPE_WORKERS", "2", 1);
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
