/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/report.h"

/*
 * The same plan in launchers' words. mpirun and its rank file know cores by their
 * logical numbers and bind to whole cores; srun takes masks of PUs.
 */

/* The cores a rank has PUs of, by logical number. */
static struct placement_set cores_of(const struct placement_plan *plan, int rank)
{
    const struct placement_machine *machine = plan->machine;
    struct placement_set cores = {{0}};

    for (int i = 0; i < machine->n_pus; i++)
        if (placement_set_has(&plan->ranks[rank].cpus, machine->pus[i].os_index))
            placement_set_add(&cores, machine->pus[i].core);
    return cores;
}

/* Whether each rank has as many cores as the first, one rank right behind the other. */
static bool is_regular(const struct placement_plan *plan)
{
    struct placement_set first = cores_of(plan, 0);
    int size = placement_set_count(&first);

    for (int i = 0; i < plan->n_ranks; i++) {
        struct placement_set cores = cores_of(plan, i);
        int begin = placement_set_next(&cores, 0);

        if (begin != i * size || placement_set_count(&cores) != size ||
            !placement_set_has(&cores, begin + size - 1))
            return false;
        for (int k = begin; k < begin + size; k++)
            if (!placement_set_has(&cores, k))
                return false;
    }
    return true;
}

static bool shares_cores(const struct placement_plan *plan)
{
    struct placement_set seen = {{0}};

    for (int i = 0; i < plan->n_ranks; i++) {
        struct placement_set cores = cores_of(plan, i);

        if (placement_set_intersects(&seen, &cores))
            return true;
        placement_set_join(&seen, &cores);
    }
    return false;
}

/* By the name that mpirun has for a node without an allocation; relative names (+n0)
 * need one. */
static void emit_rankfile(FILE *file, const struct placement_plan *plan)
{
    char list[PLACEMENT_LIST_BYTES];

    for (int i = 0; i < plan->n_ranks; i++) {
        struct placement_set cores = cores_of(plan, i);

        fprintf(file, "rank %d=localhost slot=%s\n", i,
                placement_set_format(&cores, list, sizeof list));
    }
}

static void emit_mpirun(FILE *file, const struct placement_plan *plan)
{
    struct placement_set first = cores_of(plan, 0);

    if (is_regular(plan))
        fprintf(file, "mpirun -n %d --map-by slot:PE=%d --bind-to core PROGRAM\n",
                plan->n_ranks, placement_set_count(&first));
    else
        fprintf(file,
                "mpirun -n %d --rankfile FILE PROGRAM\n"
                "# FILE is what --emit rankfile prints, with the names of the nodes\n",
                plan->n_ranks);
}

static void print_mask(FILE *file, const struct placement_set *cpus)
{
    bool has_begun = false;

    fprintf(file, "0x");
    for (int digit = PLACEMENT_MOST_PUS / 4 - 1; digit >= 0; digit--) {
        unsigned bits = (unsigned)(cpus->words[digit / 16] >> digit % 16 * 4) & 0xf;

        has_begun |= bits != 0;
        if (has_begun)
            fprintf(file, "%x", bits);
    }
}

static void emit_srun(FILE *file, const struct placement_plan *plan)
{
    fprintf(file, "srun --ntasks-per-node=%d --distribution=block --cpu-bind=mask_cpu:",
            plan->n_ranks);
    for (int i = 0; i < plan->n_ranks; i++) {
        fprintf(file, "%s", i ? "," : "");
        print_mask(file, &plan->ranks[i].cpus);
    }
    fprintf(file, " PROGRAM\n");
}

troupe_status placement_emit(FILE *file,
                             enum placement_launcher launcher,
                             const struct placement_plan *plan,
                             char *why,
                             size_t why_capacity)
{
    if (launcher == PLACEMENT_SRUN) {
        emit_srun(file, plan);
        return TROUPE_OK;
    }
    if (shares_cores(plan)) {
        snprintf(why, why_capacity,
                 "ranks share cores, and mpirun binds no rank to less than a core");
        return TROUPE_REFUSED;
    }
    if (launcher == PLACEMENT_MPIRUN)
        emit_mpirun(file, plan);
    else
        emit_rankfile(file, plan);
    return TROUPE_OK;
}
