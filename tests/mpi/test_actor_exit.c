/* ranks: 1 2 4; timeout: 60 */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/troupe.h"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * How jobs end over MPI: the exit code is the same on all ranks, whoever causes it, and
 * a rank whose process has returned goes on for the actors that live there.
 */

struct note {
    int64_t number;
};
TROUPE_TYPE(note, number);

static void require(bool condition, int line)
{
    if (condition)
        return;
    fprintf(stderr, "%s:%d: not so\n", __FILE__, line);
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}
#define REQUIRE(condition) require(condition, __LINE__)

static bool is_last(const troupe_actor *self)
{
    return troupe_rank(self) == troupe_n_ranks(self) - 1;
}

/* ---- work is left when the process returns ---- */

static int n_worked, n_ended;

/* Each sends itself the next piece of work, a little later. */
static troupe_status on_work(troupe_actor *self, const struct note *note)
{
    n_worked++;
    if (note->number == 0) {
        troupe_exit(self);
        return TROUPE_OK;
    }
    return troupe_send_after(self, troupe_self(self), 0.002, NULL, note,
                             .number = note->number - 1);
}

static void on_fini(troupe_actor *self)
{
    (void)self;
    n_ended++;
}
TROUPE_BEHAVIOR(worker,
                troupe_no_state,
                TROUPE_ON(note, on_work),
                TROUPE_FINI(on_fini));

enum { N_PIECES = 20 };

static troupe_status leave_work(troupe_actor *self)
{
    int next = (troupe_rank(self) + 1) % troupe_n_ranks(self);
    const troupe_spawn_options there = {.place = TROUPE_ON_RANK(next)};
    troupe_address who;

    TROUPE_TRY(troupe_spawn(self, &worker, &there, &who));
    return troupe_send(self, who, note, .number = N_PIECES - 1);
}
TROUPE_PROCESS(leaving, leave_work, TROUPE_SENDS(note), TROUPE_SPAWNS(&worker));

/* ---- ends of all kinds, by the last rank ---- */

static troupe_status wait_for_ever(troupe_actor *self)
{
    return troupe_receive(self, note, TROUPE_FOREVER, NULL);
}

static troupe_status fail(troupe_actor *self)
{
    return is_last(self) ? TROUPE_FAILED : wait_for_ever(self);
}
TROUPE_PROCESS(failing, fail, TROUPE_ACCEPTS(note));

static troupe_status misuse(troupe_actor *self)
{
    if (!is_last(self))
        return wait_for_ever(self);
    return troupe_send_bytes(self, troupe_self(self), NULL, NULL, 1);
}
TROUPE_PROCESS(misusing, misuse, TROUPE_ACCEPTS(note));

static troupe_status stop_the_last(troupe_actor *self)
{
    if (troupe_rank(self) == 0)
        TROUPE_TRY(
            troupe_stop_actor(self, troupe_rank_process(self, troupe_n_ranks(self) - 1),
                              TROUPE_EXIT_KILLED));
    return wait_for_ever(self);
}
TROUPE_PROCESS(stopping, stop_the_last, TROUPE_ACCEPTS(note));

static troupe_status be_stuck(troupe_actor *self)
{
    return is_last(self) ? wait_for_ever(self) : TROUPE_OK;
}
TROUPE_PROCESS(stuck, be_stuck, TROUPE_ACCEPTS(note));

/* The last piece of a job is a timer that fires after all processes have returned. */
static troupe_status leave_a_timer(troupe_actor *self)
{
    troupe_address who;

    TROUPE_TRY(troupe_spawn(self, &worker, NULL, &who));
    TROUPE_TRY(troupe_send(self, who, note, .number = 1));
    return troupe_send_every(self, who, 1e-4, NULL, note, .number = 1);
}
TROUPE_PROCESS(ticking, leave_a_timer, TROUPE_SENDS(note), TROUPE_SPAWNS(&worker));

/* ---- the runs ---- */

static int run(const troupe_behavior *main)
{
    const troupe_program program = {.main = main};
    const troupe_options options = {.program = &program};
    troupe *runtime = NULL;
    int exit_code;

    REQUIRE(troupe_start(&options, &runtime) == TROUPE_OK);
    exit_code = troupe_run(runtime);
    troupe_stop(runtime);
    return exit_code;
}

int main(int argc, char **argv)
{
    int level;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    REQUIRE(run(&leaving) == TROUPE_CODE_OK);
    REQUIRE(n_worked == N_PIECES && n_ended == 1);
    REQUIRE(run(&ticking) == TROUPE_CODE_OK);
    REQUIRE(run(&failing) == TROUPE_CODE_RANK_FAILED);
    REQUIRE(run(&misusing) == TROUPE_CODE_MISUSE);
    REQUIRE(run(&stopping) == TROUPE_CODE_RANK_FAILED);
    REQUIRE(run(&stuck) == TROUPE_CODE_DEADLOCK);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
