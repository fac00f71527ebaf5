/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message to the other rank and back: between handler actors while all processes
 * wait, and between the rank processes; against MPI_Send and MPI_Recv of the same
 * bytes. Both sides number the balls and look at the first and the last word of each
 * that returns.
 *
 *   bench_pingpong [--quick] [CASE]
 *   bench_pingpong alone BYTES [processes]   our side, between handlers or processes
 */
#include "common/interleave.h"
#include "common/pingpong_mpi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ball8 {
    int64_t words[1];
};
TROUPE_TYPE(ball8, words);
struct ball256 {
    int64_t words[32];
};
TROUPE_TYPE(ball256, words);
struct ball4096 {
    int64_t words[512];
};
TROUPE_TYPE(ball4096, words);

static const struct kind {
    const troupe_type *type;
    const char *handler_case, *process_case;
    struct pingpong_size size;
} kinds[] = {
    {TROUPE_TYPE_OF(ball8), "8 B, handler actors", "8 B, processes", {8, 2000}},
    {TROUPE_TYPE_OF(ball256), "256 B, handler actors", "256 B, processes", {256, 1000}},
    {TROUPE_TYPE_OF(ball4096),
     "4 KiB, handler actors",
     "4 KiB, processes",
     {4096, 250}},
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

/* What one side of a match holds. */
struct match {
    const struct kind *kind;
    MPI_Comm communicator;
    int rank;
    troupe_address player, wall, other_process;
    struct pingpong_balls balls;
};

/* ---- handler actors -------------------------------------------------------------- */

static troupe_status on_wall8(troupe_actor *self, const struct ball8 *ball)
{
    return troupe_send_value(self, troupe_sender(self), ball8, ball);
}

static troupe_status on_wall256(troupe_actor *self, const struct ball256 *ball)
{
    return troupe_send_value(self, troupe_sender(self), ball256, ball);
}

static troupe_status on_wall4096(troupe_actor *self, const struct ball4096 *ball)
{
    return troupe_send_value(self, troupe_sender(self), ball4096, ball);
}

TROUPE_BEHAVIOR(wall,
                troupe_no_state,
                TROUPE_ON(ball8, on_wall8),
                TROUPE_ON(ball256, on_wall256),
                TROUPE_ON(ball4096, on_wall4096));

struct serve {
    troupe_address wall;
    int64_t kind; /* its place in `kinds` */
};
TROUPE_TYPE(serve, wall, kind);
struct match_over {
    double seconds;
};
TROUPE_TYPE(match_over, seconds);

struct player {
    const struct kind *kind;
    troupe_address wall, boss;
    int n_left;
    double begin_s;
    int64_t out[PINGPONG_MAX_WORDS];
};
TROUPE_PRIVATE(player);

static troupe_status hit(troupe_actor *self, struct player *player)
{
    const struct kind *kind = player->kind;
    if (player->n_left == kind->size.n_rounds)
        player->begin_s = bench_now_s();
    if (player->n_left-- == 0)
        return troupe_send(self, player->boss, match_over,
                           .seconds = bench_now_s() - player->begin_s);
    pingpong_number(kind->size, player->out);
    return troupe_send_bytes(self, player->wall, kind->type, player->out,
                             (size_t)kind->size.bytes);
}

static troupe_status
on_serve(troupe_actor *self, struct player *player, const struct serve *serve)
{
    player->kind = &kinds[serve->kind];
    player->n_left = player->kind->size.n_rounds + PINGPONG_WARM_ROUNDS;
    player->wall = serve->wall;
    player->boss = troupe_sender(self);
    return hit(self, player);
}

static troupe_status
on_ball8(troupe_actor *self, struct player *player, const struct ball8 *ball)
{
    pingpong_check(player->kind->size, ball->words, player->out);
    return hit(self, player);
}

static troupe_status
on_ball256(troupe_actor *self, struct player *player, const struct ball256 *ball)
{
    pingpong_check(player->kind->size, ball->words, player->out);
    return hit(self, player);
}

static troupe_status
on_ball4096(troupe_actor *self, struct player *player, const struct ball4096 *ball)
{
    pingpong_check(player->kind->size, ball->words, player->out);
    return hit(self, player);
}

TROUPE_BEHAVIOR(player,
                player,
                TROUPE_ON(serve, on_serve),
                TROUPE_ON(ball8, on_ball8),
                TROUPE_ON(ball256, on_ball256),
                TROUPE_ON(ball4096, on_ball4096),
                TROUPE_SENDS(match_over));

/* Rank 0 waits for the end of the match, the others for the next meeting. */
static troupe_status between_handlers(troupe_actor *self, void *context, double *value)
{
    struct match *match = context;
    if (match->rank != 0)
        return TROUPE_OK;
    const struct match_over *over;
    TROUPE_TRY(troupe_send(self, match->player, serve, .wall = match->wall,
                           .kind = match->kind - kinds));
    TROUPE_TRY(troupe_receive(self, match_over, TROUPE_FOREVER, &over));
    *value = pingpong_one_way_ns(match->kind->size, over->seconds);
    return TROUPE_OK;
}

/* ---- processes ------------------------------------------------------------------- */

static troupe_status between_processes(troupe_actor *self, void *context, double *value)
{
    struct match *match = context;
    const struct kind *kind = match->kind;
    const void *ball;
    double begin_s = 0;
    for (int i = 0; i < PINGPONG_WARM_ROUNDS + kind->size.n_rounds; i++) {
        if (i == PINGPONG_WARM_ROUNDS)
            begin_s = bench_now_s();
        if (match->rank == 0) {
            pingpong_number(kind->size, match->balls.out);
            TROUPE_TRY(troupe_send_bytes(self, match->other_process, kind->type,
                                         match->balls.out, (size_t)kind->size.bytes));
        }
        TROUPE_TRY(troupe_receive_bytes(self, kind->type, TROUPE_FOREVER, &ball));
        if (match->rank == 0)
            pingpong_check(kind->size, ball, match->balls.out);
        else
            TROUPE_TRY(troupe_send_bytes(self, match->other_process, kind->type, ball,
                                         (size_t)kind->size.bytes));
    }
    *value = pingpong_one_way_ns(kind->size, bench_now_s() - begin_s);
    return TROUPE_OK;
}

static troupe_status between_mpi(troupe_actor *self, void *context, double *value)
{
    struct match *match = context;
    (void)self;
    *value = pingpong_mpi(match->communicator, match->rank, match->kind->size,
                          &match->balls);
    return TROUPE_OK;
}

/* ---- one side alone -------------------------------------------------------------- */

static const struct kind *kind_of_bytes(const char *text)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (kinds[i].size.bytes == atoi(text))
            return &kinds[i];
    bench_die("no balls of %s bytes", text);
}

static troupe_status
ours_alone(troupe_actor *self, struct match *match, bench_block_fn *between)
{
    double values[PINGPONG_N_ALONE] = {0};
    for (int i = -3; i < PINGPONG_N_ALONE; i++) {
        TROUPE_TRY(bench_meet(self));
        TROUPE_TRY(between(self, match, &values[i < 0 ? 0 : i]));
    }
    double median = bench_median(values, PINGPONG_N_ALONE);
    if (match->rank == 0)
        printf("%.6g\n", median);
    return bench_meet(self);
}

/* ---- the program ----------------------------------------------------------------- */

static troupe_status prepare(troupe_actor *self, struct match *match)
{
    troupe_team *team = troupe_rank_team(self);
    match->rank = troupe_rank(self);
    match->communicator = bench_communicator();
    if (troupe_n_ranks(self) != 2)
        bench_die("two ranks are needed");
    match->other_process = troupe_rank_process(self, 1 - match->rank);
    troupe_address mine, both[2];
    TROUPE_TRY(troupe_spawn(self, match->rank == 0 ? &player : &wall, NULL, &mine));
    TROUPE_TRY(troupe_gather(self, team, -1, &mine, sizeof mine, both));
    match->player = both[0];
    match->wall = both[1];
    return TROUPE_OK;
}

static troupe_status
measure(troupe_actor *self, struct match *match, const struct bench_options *options)
{
    for (size_t i = 0; i < 2 * N_KINDS; i++) {
        bool is_handlers = i % 2 == 0;
        match->kind = &kinds[i / 2];
        const char *name =
            is_handlers ? match->kind->handler_case : match->kind->process_case;
        if (!bench_wants(options, name))
            continue;
        struct bench_plan plan = {.about = {.bench = "pingpong",
                                            .name = name,
                                            .unit = "ns one way",
                                            .peer_name = "MPI_Send, MPI_Recv"},
                                  .ours = is_handlers ? between_handlers
                                                      : between_processes,
                                  .peer = between_mpi,
                                  .context = match,
                                  .n_pairs = options->is_quick ? 15 : 61};
        TROUPE_TRY(bench_interleave(self, &plan));
    }
    return TROUPE_OK;
}

static bool is_alone(int argc, char **argv)
{
    return argc > 2 && strcmp(argv[1], "alone") == 0;
}

static troupe_status body(troupe_actor *self, int argc, char **argv)
{
    struct bench_options options = bench_parse(argc, argv);
    struct match *match = troupe_alloc(self, sizeof *match);
    if (!match)
        return TROUPE_NO_MEMORY;
    TROUPE_TRY(prepare(self, match));
    if (is_alone(argc, argv)) {
        match->kind = kind_of_bytes(argv[2]);
        TROUPE_TRY(
            ours_alone(self, match, argc > 3 ? between_processes : between_handlers));
    } else {
        TROUPE_TRY(measure(self, match, &options));
    }
    MPI_Comm_free(&match->communicator);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_ACCEPTS(ball8, ball256, ball4096, match_over),
               TROUPE_SPAWNS(&player, &wall));

int main(int argc, char **argv)
{
    const troupe_program program = {.main = &main_process};
    /* Alone it is started as users' programs are. */
    return is_alone(argc, argv) ? troupe_main(argc, argv, &program)
                                : bench_main(argc, argv, &program);
}
