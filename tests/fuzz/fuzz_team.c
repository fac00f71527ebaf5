/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"
#include "support/intruder.h"
#include "team/internal.h"
#include "troupe/troupe.h"
#include <string.h>

/*
 * Records of teams from outside, for a rank whose process has begun one of each kind of
 * operation in the team of all ranks, makes a team without the intruder, splits, and
 * waits. The input: support/intruder.h.
 */

enum { N_NUMBERS = 24, LARGE = 20000 /* goes apart */ };

static struct {
    uint64_t member, team; /* the one without rank 1 */
    uint64_t numbers[N_NUMBERS * INTRUDER_RANKS];
    unsigned char sent[LARGE], got[LARGE];
} seen;

/* ---- what the members do ------------------------------------------------------- */

/* All but the intruder's member enter these; it says what it likes. */
static void begin_all(troupe_actor *self, troupe_team *team, troupe_operation *begun)
{
    static const int64_t mine[N_NUMBERS];
    const troupe_reduction sum = {.mine = mine,
                                  .result = seen.numbers,
                                  .n_items = N_NUMBERS,
                                  .element = TROUPE_INT64,
                                  .combine = TROUPE_SUM};
    const troupe_outgoing out = {.peer = 1, .data = seen.sent, .size_bytes = LARGE};
    const troupe_incoming in = {.peer = 1, .data = seen.got, .size_bytes = LARGE};
    const troupe_exchange_lists lists = {
        .sends = &out, .n_sends = 1, .receives = &in, .n_receives = 1};

    memset(begun, 0, 7 * sizeof *begun);
    intruder_any(troupe_broadcast_start(self, team, 1, seen.numbers, 64, &begun[0]));
    intruder_any(troupe_gather_start(self, team, 0, mine, 16, seen.numbers, &begun[1]));
    intruder_any(troupe_exchange_start(self, team, &lists, &begun[2]));
    intruder_any(troupe_exscan_start(self, team, &sum, &begun[3]));
    intruder_any(troupe_reduce_start(self, team, -1, &sum, &begun[4]));
    intruder_any(troupe_barrier_start(self, team, &begun[5]));
    intruder_any(
        troupe_gather_start(self, team, -1, mine, 24, seen.numbers, &begun[6]));
}

static void end_all(troupe_actor *self, troupe_team *team, troupe_operation *begun)
{
    for (int i = 0; i < 7; i++) {
        troupe_status status = troupe_team_wait(self, team, begun[i]);

        intruder_expect(status < TROUPE_N_STATUS && status != TROUPE_PENDING,
                        "an operation that ends with no status");
    }
}

static troupe_team *make_team(troupe_actor *self)
{
    const troupe_address members[] = {troupe_rank_process(self, 2),
                                      troupe_rank_process(self, 0)};
    troupe_team *team = NULL;

    return troupe_team_create(self, members, 2, &team) == TROUPE_OK ? team : NULL;
}

static void be_member(troupe_actor *self)
{
    troupe_team *all = troupe_rank_team(self), *two, *child = NULL;
    troupe_operation begun[7], barrier = {0};

    two = make_team(self);
    seen.team = two ? two->id : 0;
    begin_all(self, all, begun);
    if (two)
        intruder_any(troupe_barrier_start(self, two, &barrier));
    troupe_sleep_until(self, troupe_after_s(self, 300e-6));
    if (two && barrier.bits)
        intruder_any(troupe_team_wait(self, two, barrier));
    end_all(self, all, begun);
    for (int i = 0; i < TEAM_WAVE; i++)
        intruder_any(troupe_broadcast(self, all, 0, seen.numbers, 8));
    if (troupe_team_split(self, all, 1, troupe_rank(self), &child) == TROUPE_OK &&
        child)
        intruder_any(troupe_barrier(self, child));
}

/* A member of a team that soon ends, and leaves its rank's part of it behind. */
static troupe_status passing_body(troupe_actor *self)
{
    const troupe_address members[] = {troupe_rank_process(self, 1), troupe_self(self)};
    troupe_team *team;
    troupe_operation begun;

    if (troupe_team_create(self, members, 2, &team) == TROUPE_OK) {
        seen.member = team->id;
        intruder_any(troupe_barrier_start(self, team, &begun));
        intruder_any(troupe_broadcast_start(self, team, 1, seen.numbers, 8, &begun));
    }
    troupe_sleep_until(self, troupe_after_s(self, 100e-6));
    return TROUPE_OK;
}
TROUPE_PROCESS(passing, passing_body);

static troupe_status body(troupe_actor *self)
{
    if (intruder_enter(self) == 1) {
        intruder_post(self);
        return TROUPE_OK;
    }
    if (troupe_rank(self) == 0)
        intruder_any(troupe_spawn(self, &passing, NULL, NULL));
    be_member(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process, body, TROUPE_SPAWNS(&passing));

/* ---- the intruder -------------------------------------------------------------- */

enum symbol {
    NOTHING,
    RANK_TEAM,
    TEAM_OF_TWO,
    TEAM_OF_PASSING,
    NEXT,
    CHAIN, /* and those of the operations before */
    N_SYMBOLS = CHAIN + TEAM_WINDOW
};

static const troupe_team *rank_team(void)
{
    struct actor_rank *victim = intruder_victim();

    return victim ? base_map_get(&team_of(victim->rank)->teams,
                                 team_of(victim->rank)->rank_team_id)
                  : NULL;
}

static uint64_t symbol(unsigned index)
{
    const troupe_team *team = rank_team();

    switch ((enum symbol)index) {
    case RANK_TEAM:
        return team_mix(1, actor_address_make(0, 0, 1)) | 1;
    case TEAM_OF_TWO:
        return seen.team;
    case TEAM_OF_PASSING:
        return seen.member;
    case NEXT:
        return team ? team->next : 0;
    default:
        return team ? team->chains[(index - CHAIN) % TEAM_WINDOW] : 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t kinds[] = {
        TEAM_KIND_DATA,     TEAM_KIND_ASK,       TEAM_KIND_ACK_UP,
        TEAM_KIND_ACK_DOWN, TEAM_KIND_FAIL,      TEAM_KIND_BREAK,
        TEAM_KIND_NEVER,    TEAM_KIND_LEFT,      TEAM_KIND_FREE,
        TEAM_KIND_PART,     TEAM_KIND_PART_MORE, TEAM_KIND_PART_TAKEN,
        TEAM_KIND_PART_ASK, TEAM_KIND_PART_SENT, TEAM_KIND_PART_OVER,
        ACTOR_KIND_STOP,
    };
    static const struct intruder intruder = {.main = &main_process,
                                             .kinds = kinds,
                                             .n_kinds = ARRAY_LENGTH(kinds),
                                             .symbol = symbol,
                                             .n_symbols = N_SYMBOLS};

    memset(&seen, 0, sizeof seen);
    return intruder_play(&intruder, data, size);
}
