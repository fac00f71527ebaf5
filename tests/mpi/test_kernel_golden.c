/* ranks: 1 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "test_kernel_trial.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Every operation at every level on hostile numbers of awkward lengths: says a hash of
 * all bits for each operation, level and kind of numbers, and of FAST where it is an
 * expression of its own. system.golden compares them
 * with tests/golden/kernels in each build. A level that an operation has got since is
 * found by itself.
 */

/* ---- all of them ----------------------------------------------------------------- */

static const char *const level_names[N_LEVELS] = {"TREE", "TREE_DD", "EXACT", "FAST"};

struct row {
    uint64_t hash;
    bool is_tried, is_missing; /* the operation does not have the level */
    troupe_provenance provenance;
};

/* Whoever has a level, and all have TREE and FAST, has it for all numbers. */
static void try_level(struct trial *trial, int operation, int level, struct row *row)
{
    const troupe_how how = {.level = (enum troupe_level)level,
                            .provenance = &row->provenance};
    bool may_lack = level != TROUPE_LEVEL_TREE && level != TROUPE_LEVEL_FAST;
    troupe_actor *self = trial->self;
    troupe_status status;

    if (row->is_missing)
        return;
    trial->hash = row->hash;
    status = operations[operation].perform(trial, how);
    row->is_missing = status == TROUPE_INVALID && may_lack && !row->is_tried;
    row->is_tried = true;
    row->hash = trial->hash;
    if (status != TROUPE_OK && !row->is_missing)
        troupe_fail(self, status, "%s at level %s of %lld %s numbers",
                    operations[operation].name, level_names[level], (long long)trial->n,
                    hostile_names[trial->kind]);
}

static void try_operations(struct trial *trial, struct row rows[][N_LEVELS])
{
    for (int i = 0; i < N_OPERATIONS; i++)
        for (int k = 0; k < N_LEVELS; k++)
            try_level(trial, i, k, &rows[i][k]);
}

/* Whether FAST is the same as TREE, by what it says of itself; then its bits are too.
 */
static bool is_fast_the_same(troupe_actor *self, const struct row *rows)
{
    const struct row *tree = &rows[TROUPE_LEVEL_TREE], *fast = &rows[TROUPE_LEVEL_FAST];
    const char *words = fast->provenance.expression;

    if (strcmp(words, "as TREE") != 0 &&
        strcmp(words, tree->provenance.expression) != 0)
        return false;
    REQUIRE(fast->hash == tree->hash);
    return true;
}

static void
say_rows(troupe_actor *self, const char *numbers, struct row rows[][N_LEVELS])
{
    for (int i = 0; i < N_OPERATIONS; i++)
        rows[i][TROUPE_LEVEL_FAST].is_missing = is_fast_the_same(self, rows[i]);
    if (troupe_rank(self) > 0)
        return;
    for (int i = 0; i < N_OPERATIONS; i++)
        for (int k = 0; k < N_LEVELS; k++)
            if (!rows[i][k].is_missing)
                printf("%s %s %s %016" PRIx64 "\n", operations[i].name, level_names[k],
                       numbers, rows[i][k].hash);
}

/* With TROUPE_TEST_SEED parts are uneven, and some empty. */
static void
try_numbers(troupe_actor *self, int kind, int64_t n, struct row rows[][N_LEVELS])
{
    const char *seed = getenv("TROUPE_TEST_SEED");
    struct trial trial = {.self = self,
                          .kind = (enum hostile_kind)kind,
                          .n = n,
                          .block_length = block_length_of(n),
                          .cuts_seed =
                              seed ? strtoull(seed, NULL, 10) + (uint64_t)n : 0};

    trial_begin(&trial);
    try_operations(&trial, rows);
    trial_end(&trial);
}

static troupe_status body(troupe_actor *self)
{
    struct row more[N_OPERATIONS][N_LEVELS] = {{{0}}};

    for (int kind = 0; kind < HOSTILE_N_KINDS; kind++) {
        struct row rows[N_OPERATIONS][N_LEVELS] = {{{0}}};

        for (size_t i = 0; i < ARRAY_LENGTH(hostile_lengths); i++)
            try_numbers(self, kind, hostile_lengths[i], rows);
        say_rows(self, hostile_names[kind], rows);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(hostile_more_lengths); i++)
        try_numbers(self, (int)i % HOSTILE_N_KINDS, hostile_more_lengths[i], more);
    say_rows(self, "more", more);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
