/* seeds: 12 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "support/check_main.h"
#include "support/scene.h"
#include <string.h>

/*
 * Exchanges in a team: random patterns of who sends how much to whom, several at a time
 * and among other operations; members that disagree, and members that end.
 */

enum { MOST_MEMBERS = 8, MOST_PENDING = 6, LONG_BYTES = 16384 };

static const size_t sizes[] = {0,     0,     1,      8,      1000,    16383,
                               16384, 16385, 200000, 262080, 3000000, 12000000};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static uint64_t hash(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct base_random random = {scene_seed() * 7 + a};

    random.state = base_random_next(&random) ^ b;
    random.state = base_random_next(&random) ^ c;
    random.state = base_random_next(&random) ^ d;
    return base_random_next(&random);
}

/* What `from` sends to `to` in the exchange of this number; both know. */
static size_t size_of(int number, int from, int to)
{
    uint64_t pick = hash(1, (uint64_t)number, (uint64_t)from, (uint64_t)to);

    if (pick % 4 == 0)
        return 0;
    return sizes[pick / 4 % (pick % 97 == 0 ? N_SIZES : N_SIZES - 3)];
}

static void fill(unsigned char *bytes, size_t size_bytes, uint64_t salt)
{
    for (size_t i = 0; i < size_bytes; i++)
        bytes[i] = (unsigned char)(salt + i * 7 + i / 251);
}

static bool is_filled(const unsigned char *bytes, size_t size_bytes, uint64_t salt)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (bytes[i] != (unsigned char)(salt + i * 7 + i / 251))
            return false;
    return true;
}

/* ---- random patterns ---------------------------------------------------------- */

struct trade {
    int number, n_members, me;
    troupe_outgoing sends[MOST_MEMBERS];
    troupe_incoming receives[MOST_MEMBERS];
    troupe_exchange_lists lists;
    troupe_operation operation;
};

static uint64_t salt_of(int number, int from, int to)
{
    return hash(2, (uint64_t)number, (uint64_t)from, (uint64_t)to);
}

static void make_trade(struct trade *trade, troupe_team *team, int number)
{
    memset(trade, 0, sizeof *trade);
    trade->number = number;
    trade->n_members = troupe_team_size(team);
    trade->me = troupe_team_index(team);
    for (int i = 0; i < trade->n_members; i++) {
        int peer = (i + number) % trade->n_members;
        size_t n_out = size_of(number, trade->me, peer);
        size_t n_in = size_of(number, peer, trade->me);
        unsigned char *out = malloc(n_out + 1), *in = malloc(n_in + 1);

        fill(out, n_out, salt_of(number, trade->me, peer));
        fill(in, n_in + 1, 99);
        trade->sends[i] = (troupe_outgoing){peer, out, n_out};
        trade->receives[i] = (troupe_incoming){peer, in, n_in};
    }
    trade->lists = (troupe_exchange_lists){trade->sends, trade->n_members,
                                           trade->receives, trade->n_members};
}

static void drop_trade(struct trade *trade)
{
    for (int i = 0; i < trade->n_members; i++) {
        const void *out = trade->sends[i].data;

        free(trade->receives[i].data);
        memcpy(&trade->receives[i].data, &out, sizeof out);
        free(trade->receives[i].data);
    }
}

static void wait_for(troupe_actor *self, troupe_team *team, struct trade *trade)
{
    EXPECT_OK(troupe_team_wait(self, team, trade->operation));
    for (int i = 0; i < trade->n_members; i++) {
        const troupe_incoming *receive = &trade->receives[i];
        const unsigned char *bytes = receive->data;

        EXPECT(is_filled(bytes, receive->size_bytes,
                         salt_of(trade->number, receive->peer, trade->me)));
        EXPECT(
            bytes[receive->size_bytes] ==
            (unsigned char)(99 + receive->size_bytes * 7 + receive->size_bytes / 251));
    }
    drop_trade(trade);
}

/* Members fall apart: one computes, or sleeps, while others go on. */
static void dawdle(troupe_actor *self, int number, int me)
{
    uint64_t pick = hash(3, (uint64_t)number, (uint64_t)me, 0);

    if (pick % 5 == 0)
        troupe_sleep_until(self, troupe_after_s(self, (double)(pick % 4000) * 1e-6));
    else if (pick % 5 == 1)
        troupe_yield(self);
}

static troupe_status patterns_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    struct trade *trades = troupe_alloc(self, MOST_PENDING * sizeof *trades);
    int n_pending = 0, me = troupe_team_index(team);

    for (int number = 0; number < 30; number++) {
        double sum;

        dawdle(self, number, me);
        make_trade(&trades[n_pending], team, number);
        EXPECT_OK(troupe_exchange_start(self, team, &trades[n_pending].lists,
                                        &trades[n_pending].operation));
        n_pending++;
        if (hash(4, (uint64_t)number, 0, 0) % 4 == 0) {
            EXPECT_OK(troupe_sum_double(self, team, 1, &sum));
            EXPECT(sum == troupe_team_size(team));
        }
        while (n_pending == MOST_PENDING || (n_pending > 0 && number == 29) ||
               (n_pending > 0 && hash(5, (uint64_t)number, (uint64_t)me, 0) % 3 == 0)) {
            int which =
                (int)(hash(6, (uint64_t)number, (uint64_t)me, 0) % (uint64_t)n_pending);

            wait_for(self, team, &trades[which]);
            trades[which] = trades[--n_pending];
        }
    }
    return troupe_barrier(self, team);
}
TROUPE_PROCESS(patterns, patterns_body);

START_TEST(random_patterns)
{
    for (int n_ranks = 1; n_ranks <= 6; n_ranks++)
        scene_play(&(struct scene){.main = &patterns, .n_ranks = n_ranks});
}
END_TEST

/* Twenty others come and go while a large one is on its way. */
static troupe_status long_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int n = troupe_team_size(team), me = troupe_team_index(team);
    size_t size_bytes = 160 * 262080 + 5;
    unsigned char *out = malloc(size_bytes), *in = malloc(size_bytes);
    const troupe_outgoing send = {(me + 1) % n, out, size_bytes};
    const troupe_incoming receive = {(me + n - 1) % n, in, size_bytes};
    const troupe_exchange_lists lists = {&send, 1, &receive, 1};
    troupe_operation operation;

    fill(out, size_bytes, (uint64_t)me);
    EXPECT_OK(troupe_exchange_start(self, team, &lists, &operation));
    for (int i = 0; i < 20; i++)
        EXPECT_OK(troupe_barrier(self, team));
    EXPECT_OK(troupe_team_wait(self, team, operation));
    EXPECT(is_filled(in, size_bytes, (uint64_t)receive.peer));
    free(out);
    free(in);
    return TROUPE_OK;
}
TROUPE_PROCESS(long_one, long_body);

START_TEST(a_long_one_among_others)
{
    scene_play(&(struct scene){.main = &long_one, .n_ranks = 3});
}
END_TEST

/* Who sends something long is not off before it has been taken. */
static troupe_status late_body(troupe_actor *self)
{
    static const size_t lengths[] = {LONG_BYTES + 1, 3000000};
    static int n_begun; /* by the receiver; all ranks are one process here */
    troupe_team *team = troupe_rank_team(self);
    int me = troupe_team_index(team);
    unsigned char *bytes = troupe_alloc(self, 3000000);

    n_begun = 0;
    for (int i = 0; i < 2; i++) {
        const troupe_outgoing send = {1, bytes, lengths[i]};
        const troupe_incoming receive = {0, bytes, lengths[i]};
        const troupe_exchange_lists lists = {&send, me == 0, &receive, me == 1};

        EXPECT_OK(troupe_barrier(self, team));
        if (me == 0) {
            fill(bytes, lengths[i], (uint64_t)i);
        } else {
            troupe_sleep_until(self, troupe_after_s(self, 3e-3));
            n_begun++;
        }
        EXPECT_OK(troupe_exchange(self, team, &lists));
        if (me == 0)
            EXPECT_INT(n_begun, i + 1);
        else
            EXPECT(is_filled(bytes, lengths[i], (uint64_t)i));
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(late, late_body);

START_TEST(long_parts_are_waited_for)
{
    scene_play(&(struct scene){.main = &late, .n_ranks = 2, .is_exact = true});
}
END_TEST

/* ---- members that disagree ---------------------------------------------------- */

/* From member 0 to 1, and back; what one expects of the other. */
struct discord {
    const char *what;
    size_t sent[2], expected[2];
};

/* All-to-all operations end alike on all members; those after soon do as they must. */
static troupe_status
look_at_the_rest(troupe_actor *self, troupe_team *all, troupe_team *team)
{
    int64_t n_well = 0, n_wells[MOST_MEMBERS];

    while (n_well < 4 && troupe_barrier(self, team) == TROUPE_OK)
        n_well++;
    EXPECT(n_well < 4);
    TROUPE_TRY(troupe_gather(self, all, -1, &n_well, sizeof n_well, n_wells));
    for (int i = 0; i < troupe_team_size(all); i++)
        EXPECT_INT(n_wells[i], n_well);
    return TROUPE_OK;
}

/* Who gets something else than he expects knows; who sends something long, too. */
static bool must_know(const struct discord *discord, int me)
{
    return (discord->expected[1 - me] > 0 &&
            discord->sent[1 - me] != discord->expected[1 - me]) ||
           (discord->sent[me] > LONG_BYTES &&
            discord->sent[me] != discord->expected[me]);
}

static troupe_status disagree(troupe_actor *self, const struct discord *discord)
{
    static unsigned char out[3000000], in[3000000];
    troupe_team *all = troupe_rank_team(self), *team;
    troupe_outgoing send = {0, out, 0};
    troupe_incoming receive = {0, in, 0};
    troupe_exchange_lists lists = {&send, 1, &receive, 1};
    troupe_status status;
    int me;

    EXPECT_OK(troupe_team_split(self, all, 0, 0, &team));
    me = troupe_team_index(team);
    if (me < 2) {
        send = (troupe_outgoing){1 - me, out, discord->sent[me]};
        receive = (troupe_incoming){1 - me, in, discord->expected[1 - me]};
    }
    status = troupe_exchange(self, team, &lists);
    if (me < 2 && must_know(discord, me))
        EXPECT_STATUS(status, TROUPE_MISMATCH);
    else
        EXPECT(status == TROUPE_OK || status == TROUPE_MISMATCH);
    return look_at_the_rest(self, all, team);
}

static troupe_status discord_body(troupe_actor *self)
{
    static const struct discord discords[] = {
        {"more comes", {9, 0}, {8, 0}},
        {"less comes", {8, 0}, {9, 0}},
        {"nothing comes", {0, 0}, {8, 0}},
        {"nobody wants it", {8, 0}, {0, 0}},
        {"a ticket too much", {70000, 0}, {0, 0}},
        {"no ticket", {0, 0}, {70000, 0}},
        {"other pieces", {2500000, 0}, {2096640, 0}},
        {"more pieces", {2096640, 0}, {2500000, 0}},
        {"a piece less", {262080, 0}, {524160, 0}},
        {"less comes back", {20000, 5}, {20000, 6}},
        {"nothing comes back", {20000, 0}, {20000, 6}},
        {"nobody wants what comes back", {20000, 6}, {20000, 0}},
        {"more comes back of much", {3000000, 20000}, {3000000, 20001}},
        {"much comes back", {20000, 3000000}, {20000, 0}},
        {"both are wrong", {20000, 3000000}, {20001, 2999999}},
    };

    for (size_t i = 0; i < sizeof discords / sizeof discords[0]; i++)
        TROUPE_TRY(disagree(self, &discords[i]));
    return TROUPE_OK;
}
TROUPE_PROCESS(discord, discord_body);

START_TEST(members_that_disagree)
{
    for (int n_ranks = 2; n_ranks <= 4; n_ranks++)
        scene_play(&(struct scene){.main = &discord, .n_ranks = n_ranks});
}
END_TEST

static troupe_status self_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int me = troupe_team_index(team), n = troupe_team_size(team);
    uint64_t out = 5, in[2] = {0};
    troupe_outgoing send[2] = {{me, &out, 8}, {me, &out, 8}};
    troupe_incoming receive[2] = {{me, in, 8}, {me, in, 8}};
    troupe_exchange_lists lists = {send, 1, receive, 1};
    troupe_operation operation;

    EXPECT_OK(troupe_exchange(self, team, &lists));
    EXPECT_INT(in[0], 5);
    EXPECT_OK(troupe_barrier(self, team));
    lists.n_sends = 2;
    EXPECT_STATUS(troupe_exchange_start(self, team, &lists, &operation),
                  TROUPE_INVALID);
    lists.n_sends = 1;
    lists.n_receives = 2;
    EXPECT_STATUS(troupe_exchange_start(self, team, &lists, &operation),
                  TROUPE_INVALID);
    lists.n_receives = 1;
    send[0].peer = n;
    EXPECT_STATUS(troupe_exchange_start(self, team, &lists, &operation),
                  TROUPE_INVALID);
    send[0].peer = -1;
    EXPECT_STATUS(troupe_exchange_start(self, team, &lists, &operation),
                  TROUPE_INVALID);
    send[0].peer = me;
    send[0].size_bytes = SIZE_MAX;
    EXPECT_STATUS(troupe_exchange_start(self, team, &lists, &operation),
                  TROUPE_INVALID);
    send[0].size_bytes = 8;
    EXPECT_OK(troupe_barrier(self, team));
    receive[0].size_bytes = 16;
    EXPECT_STATUS(troupe_exchange(self, team, &lists), TROUPE_MISMATCH);
    return TROUPE_OK;
}
TROUPE_PROCESS(to_self, self_body);

START_TEST(to_oneself)
{
    for (int n_ranks = 1; n_ranks <= 3; n_ranks++)
        scene_play(&(struct scene){.main = &to_self, .n_ranks = n_ranks});
}
END_TEST

/* ---- members that end --------------------------------------------------------- */

/* The last one leaves before, or with its own exchange started and not waited for. */
static troupe_status leave(troupe_actor *self, bool has_started)
{
    enum { LARGE = 20 << 20 };
    troupe_team *team = troupe_rank_team(self);
    int n = troupe_team_size(team), me = troupe_team_index(team);
    unsigned char *data = troupe_alloc(self, LARGE);
    troupe_outgoing sends[MOST_MEMBERS];
    troupe_incoming receives[MOST_MEMBERS];
    troupe_exchange_lists lists = {sends, 0, receives, 0};
    troupe_operation operation;
    uint64_t word = 1, words[MOST_MEMBERS];

    EXPECT_OK(troupe_barrier(self, team));
    if (me == n - 1) {
        for (int i = 0; i < n - 1; i++)
            sends[lists.n_sends++] = (troupe_outgoing){i, data, LARGE};
        return has_started ? troupe_exchange_start(self, team, &lists, &operation)
                           : TROUPE_OK;
    }
    if (me == 0) { /* gets all it needs */
        EXPECT(n < 3 || has_started ||
               troupe_exchange(self, team, &lists) == TROUPE_OK);
    }
    if (me == 0 && !has_started && n >= 3)
        return TROUPE_OK;
    sends[lists.n_sends++] = (troupe_outgoing){me, &word, 8};
    receives[lists.n_receives++] = (troupe_incoming){me, &words[me], 8};
    receives[lists.n_receives++] = (troupe_incoming){n - 1, data, LARGE};
    EXPECT_STATUS(troupe_exchange(self, team, &lists), TROUPE_PEER_GONE);
    EXPECT_STATUS(troupe_barrier(self, team), TROUPE_PEER_GONE);
    return TROUPE_OK;
}

static troupe_status absent_body(troupe_actor *self)
{
    return leave(self, false);
}
TROUPE_PROCESS(absent, absent_body);

static troupe_status leaving_body(troupe_actor *self)
{
    return leave(self, true);
}
TROUPE_PROCESS(leaving, leaving_body);

/* What has left comes, though nobody waits for its having come. */
static struct {
    size_t size_bytes;
    bool is_late; /* the receiver */
} last;

static troupe_status last_words_body(troupe_actor *self)
{
    troupe_team *team = troupe_rank_team(self);
    int me = troupe_team_index(team);
    size_t size_bytes = last.size_bytes;
    unsigned char *bytes = troupe_alloc(self, size_bytes);
    const troupe_outgoing send = {0, bytes, size_bytes};
    const troupe_incoming receive = {1, bytes, size_bytes};
    const troupe_exchange_lists lists = {&send, me == 1, &receive, me == 0};
    troupe_operation operation;

    EXPECT_OK(troupe_barrier(self, team));
    if (me == 1) {
        fill(bytes, size_bytes, 7);
        return troupe_exchange_start(self, team, &lists, &operation);
    }
    if (last.is_late)
        troupe_sleep_until(self, troupe_after_s(self, 5e-3));
    EXPECT_OK(troupe_exchange(self, team, &lists));
    EXPECT(is_filled(bytes, size_bytes, 7));
    return TROUPE_OK;
}
TROUPE_PROCESS(last_words, last_words_body);

START_TEST(what_was_sent_outlives_the_sender)
{
    static const size_t lengths[] = {LONG_BYTES, LONG_BYTES + 1, 300000, 3000000};

    for (int i = 0; i < 8; i++) {
        last.size_bytes = lengths[i / 2];
        last.is_late = i % 2;
        scene_play(
            &(struct scene){.main = &last_words, .n_ranks = 2, .is_exact = true});
    }
}
END_TEST

START_TEST(members_that_end)
{
    for (int n_ranks = 2; n_ranks <= 4; n_ranks++) {
        scene_play(&(struct scene){.main = &absent, .n_ranks = n_ranks});
        scene_play(&(struct scene){.main = &leaving, .n_ranks = n_ranks});
    }
}
END_TEST

CHECK_MAIN("team_exchange",
           random_patterns,
           a_long_one_among_others,
           long_parts_are_waited_for,
           members_that_disagree,
           to_oneself,
           what_was_sent_outlives_the_sender,
           members_that_end)
