/* seeds: 10 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/map.h"
#include "base/random.h"
#include "sim/test_later_calls.h"
#include "support/check_main.h"

/* What makes, loads, saves or looks at something, called, and started with another one
 * under way: the same comes of it. */

enum { N_RANKS = 3 };

static struct {
    int n_done;
} seen;

/* ---- what comes of it ------------------------------------------------------------ */

/* On the first rank, of what all have written. */
static uint64_t hash_of_file(troupe_actor *self, int which)
{
    static char text[100000];
    FILE *file;
    size_t n;

    if (troupe_rank(self) > 0)
        return 0;
    file = fopen(later_files.path[which], "r");
    n = file ? fread(text, 1, sizeof text, file) : 0;
    EXPECT(file && fclose(file) == 0 && n > 0 && n < sizeof text);
    (void)unlink(later_files.path[which]);
    return base_hash_bytes(text, n, 1);
}

/* Of the elements with their places. */
static uint64_t hash_of_array(troupe_actor *self, troupe_array array)
{
    troupe_array_facts facts = troupe_array_describe(self, array);
    troupe_array_part part = troupe_array_mine(self, array);
    const char *bytes = part.data;
    uint64_t hash = 0;
    const troupe_reduction reduction = {.mine = &hash,
                                        .result = &hash,
                                        .element = TROUPE_UINT64,
                                        .combine = TROUPE_SUM,
                                        .n_items = 1};

    EXPECT(facts.team == troupe_rank_team(self));
    for (int64_t i = 0; i < part.n_elements; i++, bytes += facts.element_bytes)
        hash += base_hash_bytes(bytes, facts.element_bytes, (uint64_t)(part.first + i));
    EXPECT_OK(troupe_reduce(self, facts.team, -1, &reduction));
    return hash + (uint64_t)facts.length;
}

/* What is the caller's can be used with what it makes itself. */
static uint64_t hash_of_matrix(troupe_actor *self, troupe_matrix matrix)
{
    troupe_matrix_facts facts = troupe_matrix_describe(self, matrix);
    troupe_array_options shape = {.element = TROUPE_DOUBLE,
                                  .length = facts.n_columns,
                                  .block_length = facts.block_length,
                                  .cuts = facts.column_cuts};
    troupe_array x, y;
    uint64_t hash;

    EXPECT(facts.team == troupe_rank_team(self));
    EXPECT_OK(troupe_array_create(self, facts.team, &shape, &x));
    shape.length = facts.n_rows;
    shape.cuts = facts.cuts;
    EXPECT_OK(troupe_array_create(self, facts.team, &shape, &y));
    EXPECT_OK(troupe_fill_uniform(self, x, (troupe_random){.seed = 2}, TROUPE_TREE));
    EXPECT_OK(troupe_multiply(self, matrix, x, y, TROUPE_TREE));
    hash = hash_of_array(self, y) + (uint64_t)facts.n_entries;
    troupe_array_destroy(self, &x);
    troupe_array_destroy(self, &y);
    return hash;
}

static void keep_strip(const troupe_strip *strip, const void *argument)
{
    (void)argument;
    memcpy(strip->out, troupe_strip_row(strip, 1, 0),
           (size_t)strip->n * sizeof *strip->out);
}
TROUPE_STENCIL(keep_stencil, keep_strip);

static uint64_t hash_of_grid(troupe_actor *self, troupe_grid grid)
{
    troupe_grid_facts facts = troupe_grid_describe(self, grid);
    troupe_grid other;
    uint64_t hash;

    EXPECT_OK(troupe_grid_create(self, troupe_rank_team(self), &facts.options, &other));
    for (int64_t i = 0; i < facts.my_planes; i++)
        facts.data[i * facts.plane_length] = (double)(facts.first_plane + i);
    EXPECT_OK(troupe_stencil(self, &keep_stencil, grid, other, NULL, TROUPE_TREE));
    hash = hash_of_array(self, troupe_grid_array(other));
    troupe_grid_destroy(self, &other);
    return hash;
}

/* Of all that a call came to, which goes. Collective. */
static uint64_t made_hash(troupe_actor *self, int which, struct later_made *made)
{
    const int64_t lines[] = {made->fault.line, made->matrix_fault.row,
                             made->matrix_fault.column};
    const char *text = made->fault.text[0] ? made->fault.text : made->matrix_fault.text;
    uint64_t hash = base_hash_bytes(text, strlen(text), 1);

    if (later_calls[which].status != TROUPE_OK) {
        EXPECT(made->array.bits + made->matrix.bits + made->grid.bits == 0);
        return base_hash_bytes(lines, sizeof lines, hash);
    }
    EXPECT(!text[0]);
    if (made->array.bits)
        hash += hash_of_array(self, made->array);
    if (made->matrix.bits)
        hash += hash_of_matrix(self, made->matrix);
    if (made->grid.bits)
        hash += hash_of_grid(self, made->grid);
    if (later_calls[which].file)
        hash += hash_of_file(self, later_calls[which].file);
    later_made_free(self, made);
    return hash;
}

/* Two are under way while the team does something else. */
static void make_two(troupe_actor *self,
                     const struct later_props *on,
                     const int *which,
                     const uint64_t *hashes)
{
    struct later_made made[2] = {LATER_NOTHING, LATER_NOTHING}, meanwhile = made[0];
    struct base_random random = {scene_seed() + (uint64_t)which[0]};
    troupe_task tasks[2];
    double sum;

    for (int k = 0; k < 2; k++) {
        EXPECT_OK(later_calls[which[k]].call(self, on, &made[k], &tasks[k]));
        EXPECT_STATUS(troupe_task_test(self, &tasks[k]), TROUPE_PENDING);
    }
    for (int n = (int)base_random_below(&random, 4); n > 0; n--) {
        EXPECT_OK(troupe_sum(self, on->x, TROUPE_TREE, &sum));
        EXPECT_OK(troupe_barrier(self, on->team));
        EXPECT_OK(later_create(self, on, &meanwhile, NULL));
        later_made_free(self, &meanwhile);
    }
    for (int k = 1; k >= 0; k--)
        EXPECT_STATUS(troupe_task_wait(self, &tasks[k]), later_calls[which[k]].status);
    for (int k = 0; k < 2; k++)
        if (made_hash(self, which[k], &made[k]) != hashes[which[k]])
            scene_fail(__FILE__, __LINE__, "%s comes to something else when started",
                       later_calls[which[k]].name);
}

static troupe_status making_body(troupe_actor *self)
{
    int step = 1 + (int)(scene_seed() % (N_LATER_CALLS - 1));
    uint64_t hashes[N_LATER_CALLS];
    struct later_props on;

    later_begin(self, troupe_rank_team(self), &on);
    for (int i = 0; i < N_LATER_CALLS; i++) {
        struct later_made made = LATER_NOTHING;

        EXPECT_STATUS(later_calls[i].call(self, &on, &made, NULL),
                      later_calls[i].status);
        hashes[i] = made_hash(self, i, &made);
    }
    for (int i = 0; i < N_LATER_CALLS; i++)
        make_two(self, &on, (int[]){i, (i + step) % N_LATER_CALLS}, hashes);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(making_process, making_body);

/* ---- members that differ --------------------------------------------------------- */

/* At one place of the row each starts something else, or for another array. */
static troupe_status differing_body(troupe_actor *self)
{
    bool is_first = troupe_rank(self) == 0;
    struct later_made made = LATER_NOTHING;
    struct later_props on;
    troupe_array other;
    troupe_task task;

    later_begin(self, troupe_rank_team(self), &on);
    EXPECT_OK(later_load(self, &on, &made, NULL));
    other = made.array;
    made = (struct later_made)LATER_NOTHING;
    EXPECT_OK((is_first ? later_create : later_create_grid)(self, &on, &made, &task));
    EXPECT_STATUS(troupe_task_wait(self, &task), TROUPE_MISMATCH);
    EXPECT_OK((is_first ? later_load : later_save)(self, &on, &made, &task));
    EXPECT_STATUS(troupe_task_wait(self, &task), TROUPE_MISMATCH);
    EXPECT(made.fault.text[0]);
    EXPECT_OK(troupe_array_save_later(self, is_first ? on.x : other,
                                      later_files.path[LATER_OUT], NULL, &task));
    EXPECT_STATUS(troupe_task_wait(self, &task), TROUPE_MISMATCH);
    EXPECT_OK((is_first ? later_check : later_check_badly)(self, &on, &made, &task));
    EXPECT_STATUS(troupe_task_wait(self, &task), TROUPE_MISMATCH);
    EXPECT(made.array.bits + made.grid.bits == 0);
    EXPECT_OK(later_load(self, &on, &made, &task));
    EXPECT_OK(troupe_task_wait(self, &task));
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(differing_process, differing_body);

static void save_columns(troupe_actor *self, const struct later_props *on)
{
    troupe_csv_column columns[TROUPE_MOST_ARRAYS + 1];
    troupe_task task;

    for (int i = 0; i <= TROUPE_MOST_ARRAYS; i++)
        columns[i] = (troupe_csv_column){"x", on->x};
    for (int n = 0; n <= TROUPE_MOST_ARRAYS + 1; n++) {
        bool is_possible = n > 0 && n <= TROUPE_MOST_ARRAYS;

        EXPECT_STATUS(troupe_array_save_csv_later(
                          self, columns, n, later_files.path[LATER_OUT], NULL, &task),
                      is_possible ? TROUPE_OK : TROUPE_INVALID);
        if (is_possible)
            EXPECT_OK(troupe_task_wait(self, &task));
    }
}

/* What one member cannot save nobody does, started or called. */
static troupe_status refusing_body(troupe_actor *self)
{
    bool is_first = troupe_rank(self) == 0;
    struct later_made made = LATER_NOTHING;
    struct later_props on;
    troupe_csv_column columns[2];
    troupe_task task;

    later_begin(self, troupe_rank_team(self), &on);
    columns[0] = (troupe_csv_column){"first", on.x};
    columns[1] = (troupe_csv_column){"second", is_first ? on.x : on.bytes};
    EXPECT_STATUS(troupe_array_save_csv(self, columns, 2, later_files.path[LATER_OUT],
                                        &made.fault),
                  TROUPE_INVALID);
    EXPECT(strstr(made.fault.text, "columns that differ") != NULL);
    EXPECT_STATUS(troupe_array_save_market(self, is_first ? on.bytes : on.x,
                                           later_files.path[LATER_OUT], &made.fault),
                  TROUPE_INVALID);
    EXPECT(strstr(made.fault.text, "no text") != NULL);
    EXPECT(access(later_files.path[LATER_OUT], F_OK) != 0);
    EXPECT_OK(later_save_market_badly(self, &on, &made, &task));
    EXPECT_STATUS(troupe_task_wait(self, &task), TROUPE_INVALID);
    EXPECT(strstr(made.fault.text, "no text") != NULL);
    save_columns(self, &on);
    (void)unlink(later_files.path[LATER_OUT]);
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(refusing_process, refusing_body);

/* ---- what is under way ----------------------------------------------------------- */

/* What is saved is what was there; and the caller may end before it is. */
static troupe_status writing_body(troupe_actor *self)
{
    struct later_made made = LATER_NOTHING;
    struct later_props on;
    uint64_t before;
    troupe_task tasks[2];

    later_begin(self, troupe_rank_team(self), &on);
    EXPECT_OK(later_save(self, &on, &made, NULL));
    before = hash_of_file(self, LATER_OUT);
    EXPECT_OK(later_save(self, &on, &made, &tasks[0]));
    EXPECT_OK(troupe_fill_uniform(self, on.x, (troupe_random){.seed = 9}, TROUPE_TREE));
    EXPECT_STATUS(troupe_task_test(self, &tasks[0]), TROUPE_OK);
    EXPECT(hash_of_file(self, LATER_OUT) == before);
    EXPECT_OK(later_check_badly(self, &on, &made, &tasks[0]));
    EXPECT_STATUS(later_check_badly(self, &on, &made, NULL), TROUPE_FAILED);
    EXPECT_STATUS(troupe_task_wait(self, &tasks[0]), TROUPE_FAILED);
    EXPECT_OK(later_poisson(self, &on, &made, &tasks[0]));
    EXPECT_OK(later_save(self, &on, &made, &tasks[1]));
    seen.n_done++;
    return TROUPE_OK;
}
TROUPE_PROCESS(writing_process, writing_body);

/* ---- wrong hands ----------------------------------------------------------------- */

static int misuse_kind;

static troupe_status misuse_body(troupe_actor *self)
{
    struct later_made made = LATER_NOTHING;
    struct later_props on;
    troupe_task task;

    later_begin(self, troupe_rank_team(self), &on);
    switch (misuse_kind) {
    case 0:
        EXPECT_OK(later_save(self, &on, &made, &task));
        troupe_array_destroy(self, &on.x);
        return TROUPE_OK;
    case 1:
        EXPECT_OK(later_save_matrix(self, &on, &made, &task));
        troupe_matrix_destroy(self, &on.matrix);
        return TROUPE_OK;
    case 2:
        return troupe_array_save_later(self, on.x, NULL, NULL, &task);
    case 3:
        return troupe_array_save_market_later(self, (troupe_array){1}, "x", NULL,
                                              &task);
    default:
        return troupe_array_create_later(self, on.team, &(troupe_array_options){0},
                                         &made.array, NULL);
    }
}
TROUPE_PROCESS(misuse, misuse_body);

/* ---- tests ----------------------------------------------------------------------- */

static void check_all_done(void)
{
    EXPECT_INT(seen.n_done, N_RANKS);
}

static void play(const troupe_behavior *main)
{
    later_files_begin();
    scene_play(&(struct scene){.main = main,
                               .n_ranks = N_RANKS,
                               .is_exact = true,
                               .seen = &seen,
                               .seen_bytes = sizeof seen,
                               .check = check_all_done});
    later_files_end();
}

START_TEST(the_same_comes_of_what_is_started)
{
    play(&making_process);
}
END_TEST

/* Kernels are done several times, these calls once. */
START_TEST(with_the_check_too)
{
    setenv("TROUPE_CHECK", "1", 1);
    play(&making_process);
    unsetenv("TROUPE_CHECK");
}
END_TEST

START_TEST(members_that_start_other_calls_are_told)
{
    play(&differing_process);
}
END_TEST

START_TEST(what_one_cannot_save_nobody_does)
{
    play(&refusing_process);
}
END_TEST

START_TEST(what_is_saved_is_what_was_there)
{
    play(&writing_process);
}
END_TEST

START_TEST(wrong_hands)
{
    static const char *const words[] = {"is not done", "is not done", "no path",
                                        "none of the caller's arrays",
                                        "no place for the task"};

    later_files_begin();
    for (misuse_kind = 0; misuse_kind < 5; misuse_kind++) {
        struct child_end end;

        scene_listen(&(struct scene){.main = &misuse,
                                     .n_ranks = 2,
                                     .exit_code = TROUPE_CODE_MISUSE},
                     &end);
        ck_assert_msg(strstr(end.text, words[misuse_kind]) != NULL, "%s", end.text);
    }
    later_files_end();
}
END_TEST

CHECK_MAIN("later",
           the_same_comes_of_what_is_started,
           with_the_check_too,
           members_that_start_other_calls_are_told,
           what_one_cannot_save_nobody_does,
           what_is_saved_is_what_was_there,
           wrong_hands)
