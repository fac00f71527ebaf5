/* ranks: 1 2 4; without_pipes: 2 4 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/require.h"
#include "troupe/troupe.h"
#include <stdlib.h>
#include <string.h>

/* Exchanges over MPI: a halo to both sides, everything to everybody, large parts. */

enum { MOST = 4, HALO_BYTES = 64 * 1024, LARGE_BYTES = (32 << 20) + 3 };

static void fill(unsigned char *bytes, size_t size_bytes, int with)
{
    for (size_t i = 0; i < size_bytes; i++)
        bytes[i] = (unsigned char)(with + (int)(i % 251));
}

static bool is_filled(const unsigned char *bytes, size_t size_bytes, int with)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (bytes[i] != (unsigned char)(with + (int)(i % 251)))
            return false;
    return true;
}

/* To the member after this one, which is this one itself where it is alone. */
static troupe_status
ring(troupe_actor *self, troupe_team *team, size_t size_bytes, int round)
{
    int n = troupe_team_size(team), me = troupe_team_index(team);
    int next = (me + 1) % n, before = (me + n - 1) % n;
    unsigned char *out = malloc(size_bytes + 1), *in = calloc(1, size_bytes + 1);
    const troupe_outgoing send = {next, out, size_bytes};
    const troupe_incoming receive = {before, in, size_bytes};
    const troupe_exchange_lists lists = {&send, 1, &receive, 1};

    fill(out, size_bytes, me + round);
    TROUPE_TRY(troupe_exchange(self, team, &lists));
    REQUIRE(is_filled(in, size_bytes, before + round));
    REQUIRE(in[size_bytes] == 0);
    free(out);
    free(in);
    return TROUPE_OK;
}

/* Several at once, waited for backwards; the i-th member sends i + 1 times as much. */
static troupe_status all_to_all(troupe_actor *self, troupe_team *team)
{
    enum { N = 5, UNIT = 9000 };
    static unsigned char out[N][MOST * UNIT], in[N][MOST][MOST * UNIT];
    int n = troupe_team_size(team), me = troupe_team_index(team);
    troupe_operation operations[N];

    for (int i = 0; i < N; i++) {
        troupe_outgoing sends[MOST];
        troupe_incoming receives[MOST];
        const troupe_exchange_lists lists = {sends, n, receives, n};

        fill(out[i], sizeof out[i], me * 3 + i);
        for (int peer = 0; peer < n; peer++) {
            sends[peer] = (troupe_outgoing){peer, out[i], (size_t)(me + 1) * UNIT};
            receives[peer] =
                (troupe_incoming){peer, in[i][peer], (size_t)(peer + 1) * UNIT};
        }
        TROUPE_TRY(troupe_exchange_start(self, team, &lists, &operations[i]));
    }
    for (int i = N; i-- > 0;) {
        TROUPE_TRY(troupe_team_wait(self, team, operations[i]));
        for (int peer = 0; peer < n; peer++)
            REQUIRE(is_filled(in[i][peer], (size_t)(peer + 1) * UNIT, peer * 3 + i));
    }
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    static const size_t sizes[] = {0, 1, 8, 16383, 16384, 16385, 200000, LARGE_BYTES};
    troupe_team *team = troupe_rank_team(self);

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        TROUPE_TRY(ring(self, team, sizes[i], (int)i));
    for (int round = 0; round < 50; round++)
        TROUPE_TRY(ring(self, team, HALO_BYTES, round));
    for (int round = 0; round < 5; round++)
        TROUPE_TRY(all_to_all(self, team));
    return troupe_barrier(self, team);
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
