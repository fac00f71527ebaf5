/* ranks: 1 2 3 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/require.h"
#include "troupe/troupe.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Teams over MPI: every collective against what it must give, large payloads,
 * operations in flight, parts of a team, and a member that leaves.
 */

enum { ROUNDS = 200, MOST = 4, LARGE_BYTES = 3 << 20 };

/* Not commutative: only the order of the members gives the right result. */
static void fold(void *into, const void *from, size_t size_bytes, const void *context)
{
    uint64_t left, right;

    (void)size_bytes;
    (void)context;
    memcpy(&left, into, sizeof left);
    memcpy(&right, from, sizeof right);
    left = left * 10 + right;
    memcpy(into, &left, sizeof left);
}

/* (1 2) (3 4): folds pairs first, then the pairs. */
static uint64_t expected_fold(int n)
{
    static const uint64_t folds[] = {0, 1, 12, 123, 154};

    return folds[n];
}

static troupe_status small_ones(troupe_actor *self, troupe_team *team, int round)
{
    int n = troupe_team_size(team), me = troupe_team_index(team), root = round % n;
    int64_t mine = me + round, sum = 0, all[MOST] = {0}, told = me == root ? round : -1;
    uint64_t digit = (uint64_t)me + 1, digits = 0;
    troupe_reduction by_sum = {.mine = &mine, .result = &sum, .n_items = 1};
    troupe_reduction by_fold = {
        .mine = &digit, .result = &digits, .fold = fold, .size_bytes = sizeof digit};

    TROUPE_TRY(troupe_barrier(self, team));
    TROUPE_TRY(troupe_broadcast(self, team, root, &told, sizeof told));
    REQUIRE(told == round);
    TROUPE_TRY(
        troupe_gather(self, team, round % 2 ? root : -1, &mine, sizeof mine, all));
    for (int i = 0; i < n && (round % 2 == 0 || me == root); i++)
        REQUIRE(all[i] == i + round);
    TROUPE_TRY(troupe_reduce(self, team, -1, &by_sum));
    REQUIRE(sum == n * (n - 1) / 2 + n * round);
    TROUPE_TRY(troupe_reduce(self, team, root, &by_fold));
    REQUIRE(me != root || digits == expected_fold(n));
    sum = -1;
    TROUPE_TRY(troupe_exscan(self, team, &by_sum));
    REQUIRE(sum == (me == 0 ? -1 : me * (me - 1) / 2 + me * round));
    return TROUPE_OK;
}

static bool is_filled(const unsigned char *bytes, size_t size_bytes, int with)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (bytes[i] != (unsigned char)(with + (int)(i % 251)))
            return false;
    return true;
}

static void fill(unsigned char *bytes, size_t size_bytes, int with)
{
    for (size_t i = 0; i < size_bytes; i++)
        bytes[i] = (unsigned char)(with + (int)(i % 251));
}

static troupe_status large_ones(troupe_actor *self, troupe_team *team)
{
    int n = troupe_team_size(team), me = troupe_team_index(team);
    unsigned char *mine = malloc(LARGE_BYTES), *all = malloc((size_t)n * LARGE_BYTES);
    double *values = malloc(LARGE_BYTES);
    size_t n_values = LARGE_BYTES / sizeof(double);
    troupe_reduction sum = {.mine = values, .result = values, .element = TROUPE_DOUBLE};

    for (int root = 0; root < n; root++) {
        fill(mine, LARGE_BYTES, me == root ? root : 99);
        TROUPE_TRY(troupe_broadcast(self, team, root, mine, LARGE_BYTES));
        REQUIRE(is_filled(mine, LARGE_BYTES, root));
    }
    fill(mine, LARGE_BYTES, me);
    TROUPE_TRY(troupe_gather(self, team, -1, mine, LARGE_BYTES, all));
    for (int i = 0; i < n; i++)
        REQUIRE(is_filled(all + (size_t)i * LARGE_BYTES, LARGE_BYTES, i));
    for (size_t i = 0; i < n_values; i++)
        values[i] = me + (double)i;
    sum.n_items = n_values;
    TROUPE_TRY(troupe_reduce(self, team, -1, &sum));
    for (size_t i = 0; i < n_values; i++)
        REQUIRE(values[i] == n * (n - 1) / 2 + n * (double)i);
    free(mine);
    free(all);
    free(values);
    return TROUPE_OK;
}

static troupe_status many_in_flight(troupe_actor *self, troupe_team *team)
{
    enum { N = 40 };
    int n = troupe_team_size(team);
    troupe_operation operations[N];
    int64_t results[N];

    for (int64_t i = 0; i < N; i++) {
        troupe_reduction sum = {.mine = &i, .result = &results[i], .n_items = 1};

        TROUPE_TRY(troupe_reduce_start(self, team, -1, &sum, &operations[i]));
    }
    for (int i = N; i-- > 0;) {
        TROUPE_TRY(troupe_team_wait(self, team, operations[i]));
        REQUIRE(results[i] == n * i);
    }
    return TROUPE_OK;
}

static troupe_status parts(troupe_actor *self, troupe_team *team)
{
    int n = troupe_team_size(team), me = troupe_team_index(team);
    troupe_team *part, *none = team;
    double sum;

    TROUPE_TRY(troupe_team_split(self, team, me % 2, -me, &part));
    REQUIRE(troupe_team_size(part) == (n + 1 - me % 2) / 2);
    REQUIRE(troupe_team_index(part) == (n - 1 - me) / 2);
    TROUPE_TRY(troupe_sum_double(self, part, 1, &sum));
    REQUIRE(sum == troupe_team_size(part));
    TROUPE_TRY(troupe_team_split(self, team, -1, 0, &none));
    REQUIRE(none == NULL);
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int n = troupe_team_size(team), me = troupe_team_index(team);

    for (int round = 0; round < ROUNDS; round++)
        TROUPE_TRY(small_ones(self, team, round));
    TROUPE_TRY(large_ones(self, team));
    TROUPE_TRY(many_in_flight(self, team));
    TROUPE_TRY(parts(self, team));
    TROUPE_TRY(troupe_barrier(self, team));
    if (me == n - 1)
        return TROUPE_OK;
    REQUIRE(troupe_barrier(self, team) == TROUPE_PEER_GONE);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
