/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/interleave.h"

/* Within the time a waiting rank spins, beyond what its last messages need. */
static const double settle_s = 200e-6;

troupe_status bench_meet(troupe_actor *self)
{
    TROUPE_TRY(troupe_barrier(self, troupe_rank_team(self)));
    troupe_sleep_until(self, troupe_after_s(self, settle_s));
    return TROUPE_OK;
}

troupe_status bench_interleave(troupe_actor *self, const struct bench_plan *plan)
{
    size_t n_warm = plan->n_warm ? plan->n_warm : 3;
    struct bench_pairs pairs;
    bench_pairs_init(&pairs, plan->n_pairs);
    for (size_t i = 0; i < n_warm + plan->n_pairs; i++) {
        double value[2] = {0, 0};
        for (size_t j = 0; j < 2; j++) {
            size_t side = (i + j) % 2;
            bench_block_fn *block = side ? plan->peer : plan->ours;
            TROUPE_TRY(bench_meet(self));
            TROUPE_TRY(block(self, plan->context, &value[side]));
        }
        if (i >= n_warm)
            bench_pairs_add(&pairs, value[0], value[1]);
    }
    if (troupe_rank(self) == 0)
        bench_print(&plan->about, &pairs);
    bench_pairs_fini(&pairs);
    return bench_meet(self);
}

MPI_Comm bench_communicator(void)
{
    MPI_Comm communicator;
    MPI_Comm_dup(MPI_COMM_WORLD, &communicator);
    return communicator;
}

int bench_main(int argc, char **argv, const troupe_program *program)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    troupe_options options = {.program = program, .argc = argc, .argv = argv};
    troupe *runtime;
    if (troupe_start(&options, &runtime) != TROUPE_OK)
        bench_die("the runtime did not start");
    int code = troupe_run(runtime);
    troupe_stop(runtime);
    MPI_Finalize();
    return code;
}
