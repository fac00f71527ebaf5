/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_PLACEMENT_INVARIANTS_H
#define UNIT_PLACEMENT_INVARIANTS_H

/* What holds of every plan, by the numbers of the design: I1 to I10, I12. */

#include "machines.h"

struct plan_case {
    const char *name;
    const struct placement_machine *machine;
    const struct placement_request *request;
    const struct placement_plan *plan;
    struct placement_set usable; /* PUs that are there and may be used */
    int n_cores, n_pus;          /* of these */
    const int *domains;          /* of each PU by its number, see find_domains() */
};

/* Millions of them: Check notes each assertion in a file, even one that holds. */
#define HOLDS(c, invariant, condition, rank)                                           \
    do {                                                                               \
        if (!(condition))                                                              \
            ck_abort_msg("%s: %s, %d ranks of %d workers, smt %d: " invariant          \
                         " does not hold for rank %d",                                 \
                         (c)->name, placement_policy_name((c)->request->policy),       \
                         (c)->request->n_ranks, (c)->request->n_workers,               \
                         (c)->request->smt, rank);                                     \
    } while (0)

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* I1, I2: usable PUs, and at least one. */
static inline void hold_sets(const struct plan_case *c)
{
    for (int i = 0; i < c->plan->n_ranks; i++) {
        const struct placement_set *cpus = &c->plan->ranks[i].cpus;

        HOLDS(c, "I1", placement_set_includes(&c->usable, cpus), i);
        HOLDS(c, "I2", !placement_set_is_empty(cpus), i);
    }
}

/* I3: disjoint by cores while there is one for each rank, then by PUs. */
static inline void hold_apart(const struct plan_case *c)
{
    char *taken = calloc((size_t)c->machine->n_cores, 1);
    struct placement_set seen = {{0}};

    for (int i = 0; i < c->plan->n_ranks && c->plan->n_ranks <= c->n_pus; i++) {
        HOLDS(c, "I3", !placement_set_intersects(&seen, &c->plan->ranks[i].cpus), i);
        placement_set_join(&seen, &c->plan->ranks[i].cpus);
    }
    for (int i = 0; i < c->plan->n_ranks && c->plan->n_ranks <= c->n_cores; i++) {
        struct placement_set cores = {{0}};

        for (int k = 0; k < c->machine->n_pus; k++)
            if (placement_set_has(&c->plan->ranks[i].cpus, c->machine->pus[k].os_index))
                placement_set_add(&cores, c->machine->pus[k].core);
        for (int k = placement_set_next(&cores, 0); k >= 0;
             k = placement_set_next(&cores, k + 1))
            HOLDS(c, "I3", !taken[k]++, i);
    }
    free(taken);
}

/* Distinct smallest sets of CPUs with memory, found in another way than the planner's:
 * two PUs are in one domain if the same nodes of the fewest CPUs have them. */
static inline int smallest_node(const struct plan_case *c, int pu)
{
    int best = -1, fewest = 0;

    for (int i = 0; i < c->machine->n_nodes; i++) {
        struct placement_set cpus = c->machine->nodes[i].cpus;
        int n;

        placement_set_meet(&cpus, &c->usable);
        n = placement_set_count(&cpus);
        if (c->machine->nodes[i].memory == PLACEMENT_MEMORY_GPU ||
            !placement_set_has(&cpus, pu) || (best >= 0 && n >= fewest))
            continue;
        best = i;
        fewest = n;
    }
    return best;
}

/* Of all usable PUs, once for all plans of a machine; to be freed. */
static inline int *find_domains(const struct plan_case *c)
{
    int *domains = calloc(PLACEMENT_MOST_PUS, sizeof *domains);

    for (int pu = placement_set_next(&c->usable, 0); pu >= 0;
         pu = placement_set_next(&c->usable, pu + 1))
        domains[pu] = smallest_node(c, pu) + 1;
    return domains;
}

static inline int count_domains(const struct plan_case *c,
                                const struct placement_set *cpus)
{
    struct placement_set nodes = {{0}};

    for (int pu = placement_set_next(cpus, 0); pu >= 0;
         pu = placement_set_next(cpus, pu + 1))
        placement_set_add(&nodes, c->domains[pu]);
    return placement_set_count(&nodes);
}

/* I4: policy numa leaves no domain once there is a rank for each. I6: spread uses as
 * many domains as it can. */
static inline void hold_domains(const struct plan_case *c)
{
    int n_domains = count_domains(c, &c->usable);
    struct placement_set all = {{0}};

    for (int i = 0; i < c->plan->n_ranks; i++) {
        placement_set_join(&all, &c->plan->ranks[i].cpus);
        if (c->plan->n_ranks >= n_domains && c->plan->policy == PLACEMENT_NUMA)
            HOLDS(c, "I4", count_domains(c, &c->plan->ranks[i].cpus) == 1, i);
    }
    if (c->request->policy == PLACEMENT_SPREAD && c->plan->n_ranks <= n_domains)
        HOLDS(c, "I6", count_domains(c, &all) == c->plan->n_ranks, 0);
}

/* I5: core gives all the same number, give or take one; the imbalance is what it is. */
static inline void hold_balance(const struct plan_case *c)
{
    int most = 0, fewest = c->n_pus;

    for (int i = 0; i < c->plan->n_ranks; i++) {
        int n = placement_machine_count_cores(c->machine, &c->plan->ranks[i].cpus);

        HOLDS(c, "I5", n == c->plan->ranks[i].n_cores, i);
        most = n > most ? n : most;
        fewest = smaller(n, fewest);
    }
    if (c->plan->n_ranks > c->n_cores)
        return;
    HOLDS(c, "I5", c->plan->policy != PLACEMENT_CORE || most - fewest <= 1, 0);
    HOLDS(c, "I5",
          c->plan->imbalance * fewest < most + 1e-9 &&
              c->plan->imbalance * fewest > most - 1e-9,
          0);
}

/* I7: inside the set; distinct cores while there are so many, distinct PUs likewise. */
static inline void hold_workers(const struct plan_case *c)
{
    for (int i = 0; i < c->plan->n_ranks; i++) {
        const struct placement_rank *rank = &c->plan->ranks[i];
        struct placement_set used = {{0}};
        int n_pus = placement_set_count(&rank->cpus);

        if (c->plan->policy == PLACEMENT_NONE)
            continue;
        HOLDS(c, "I7",
              rank->n_workers == c->request->n_workers || !c->request->n_workers, i);
        for (int w = 0; w < rank->n_workers; w++) {
            HOLDS(c, "I7", placement_set_has(&rank->cpus, rank->workers[w]), i);
            placement_set_add(&used, rank->workers[w]);
        }
        HOLDS(c, "I7", placement_set_count(&used) == smaller(rank->n_workers, n_pus),
              i);
        HOLDS(c, "I7",
              placement_machine_count_cores(c->machine, &used) ==
                  smaller(rank->n_workers, rank->n_cores),
              i);
    }
}

static inline bool is_cpu_memory(const struct plan_case *c, int os_index)
{
    for (int i = 0; i < c->machine->n_nodes; i++) {
        const struct placement_node *node = &c->machine->nodes[i];

        if (node->os_index == os_index)
            return node->memory != PLACEMENT_MEMORY_GPU && node->size_bytes > 0;
    }
    return false;
}

/* I8: memory, and never a device's. */
static inline void hold_memory(const struct plan_case *c)
{
    for (int i = 0; i < c->plan->n_ranks; i++) {
        const struct placement_set *nodes = &c->plan->ranks[i].nodes;

        HOLDS(c, "I8", !placement_set_is_empty(nodes), i);
        for (int n = placement_set_next(nodes, 0); n >= 0;
             n = placement_set_next(nodes, n + 1))
            HOLDS(c, "I8", is_cpu_memory(c, n), i);
    }
}

static inline int place_of(const struct plan_case *c, const struct placement_set *cpus)
{
    for (int i = 0; i < c->machine->n_pus; i++)
        if (placement_set_has(cpus, c->machine->pus[i].os_index))
            return i;
    return c->machine->n_pus;
}

/* I10: neighbouring ranks are neighbours on the machine. */
static inline void hold_order(const struct plan_case *c)
{
    if (c->plan->policy != PLACEMENT_NUMA && c->plan->policy != PLACEMENT_PACK)
        return;
    for (int i = 1; i < c->plan->n_ranks; i++)
        HOLDS(c, "I10",
              place_of(c, &c->plan->ranks[i - 1].cpus) <=
                  place_of(c, &c->plan->ranks[i].cpus),
              i);
}

static inline bool is_same_plan(const struct placement_plan *a,
                                const struct placement_plan *b)
{
    if (a->n_ranks != b->n_ranks || a->policy != b->policy)
        return false;
    for (int i = 0; i < a->n_ranks; i++) {
        const struct placement_rank *x = &a->ranks[i], *y = &b->ranks[i];

        if (!placement_set_is_equal(&x->cpus, &y->cpus) ||
            !placement_set_is_equal(&x->nodes, &y->nodes) ||
            x->n_workers != y->n_workers || x->n_gpus != y->n_gpus ||
            memcmp(x->workers, y->workers, (size_t)x->n_workers * sizeof(int)) != 0)
            return false;
    }
    return true;
}

/* I9: what another rank makes of the machine that it was sent. */
static inline void hold_same_elsewhere(const struct plan_case *c)
{
    struct placement_machine *copy;
    struct placement_plan *plan;
    struct base_bytes bytes;
    char why[200] = "";

    base_bytes_init(&bytes);
    placement_machine_pack(c->machine, &bytes);
    copy = placement_machine_unpack(bytes.data, bytes.size);
    ck_assert(copy != NULL);
    ck_assert(placement_plan_make(copy, c->request, &plan, why, sizeof why) ==
              TROUPE_OK);
    HOLDS(c, "I9", is_same_plan(c->plan, plan), 0);
    placement_plan_destroy(plan);
    placement_machine_destroy(copy);
    base_bytes_fini(&bytes);
}

static inline void hold_all(const struct plan_case *c)
{
    hold_sets(c);
    if (c->plan->policy != PLACEMENT_NONE)
        hold_apart(c);
    hold_domains(c);
    hold_balance(c);
    hold_workers(c);
    hold_memory(c);
    hold_order(c);
}

#endif
