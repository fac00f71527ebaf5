/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/alloc.h"
#include "base/compiler.h"
#include "placement/policy.h"
#include <stdio.h>

/* A plan from a machine and a request, and from nothing else. */

/* Beyond this, auto leaves whole domains and cuts by cores. */
#define MOST_IMBALANCE 1.25
#define EVEN           1.001

/* ---- memory ---- */

static void find_nodes(const struct placement_view *view,
                       enum placement_use use,
                       struct placement_rank *rank)
{
    for (int i = 0; i < view->n_domains; i++) {
        const struct placement_domain *domain = &view->domains[i];
        bool is_fast = use == PLACEMENT_HBM && !placement_set_is_empty(&domain->hbm);

        if (placement_set_intersects(&rank->cpus, &domain->cpus))
            placement_set_join(&rank->nodes, is_fast ? &domain->hbm : &domain->nodes);
    }
}

/* ---- workers ---- */

/*
 * The PUs of a rank in the order in which workers take them: the first PU of each core
 * before any second one. Returns how many are firsts.
 */
static int order_pus(const struct placement_view *view,
                     const struct placement_set *cpus,
                     int *ordered,
                     int *n_ordered)
{
    int n_firsts = 0, n = 0;
    bool more = true;

    for (int depth = 0; more; depth++) {
        more = false;
        for (int i = 0; i < view->n_cores; i++) {
            const struct view_core *core = &view->cores[i];
            int seen = 0;

            for (int k = 0; k < core->n_pus; k++)
                if (placement_set_has(cpus, view->pus[core->first_pu + k]) &&
                    seen++ == depth) {
                    ordered[n++] = view->pus[core->first_pu + k];
                    more = true;
                }
        }
        if (depth == 0)
            n_firsts = n;
    }
    *n_ordered = n;
    return n_firsts;
}

/* Fewer workers than cores: in equal strides, for each a share of caches and memory. */
static void place_workers(const struct placement_view *view,
                          struct placement_rank *rank,
                          bool is_packed,
                          int *ordered)
{
    int n_pus = 0, n_firsts = order_pus(view, &rank->cpus, ordered, &n_pus);

    for (int i = 0; i < rank->n_workers && n_pus > 0; i++) {
        int at = i % n_pus;

        if (rank->n_workers < n_firsts && !is_packed)
            at = (int)((int64_t)i * n_firsts / rank->n_workers);
        rank->workers[i] = ordered[at];
    }
}

/* ---- devices ---- */

static bool is_near(const struct placement_plan *plan, int rank, int device)
{
    return placement_set_intersects(&plan->ranks[rank].cpus,
                                    &plan->machine->devices[device].cpus);
}

/* Which of those with the same place this one is, and how many they are. */
static int place_among(const struct placement_machine *machine, int device, int *n)
{
    const struct placement_device *devices = machine->devices;
    int place = 0;

    *n = 0;
    for (int i = 0; i < machine->n_devices; i++) {
        if (devices[i].kind != devices[device].kind ||
            !placement_set_is_equal(&devices[i].cpus, &devices[device].cpus))
            continue;
        place = i == device ? *n : place;
        ++*n;
    }
    return place;
}

/* Devices of one place are cut among the ranks near them, or ranks among devices. */
static bool is_shared_out(int place, int n_devices, int rank_place, int n_ranks)
{
    if (n_devices >= n_ranks)
        return place >= n_devices * rank_place / n_ranks &&
               place < n_devices * (rank_place + 1) / n_ranks;
    return n_ranks > 0 && place == (int)((int64_t)rank_place * n_devices / n_ranks);
}

static void share_device(struct placement_plan *plan, int device)
{
    int n_devices, place = place_among(plan->machine, device, &n_devices);
    int n_near = 0, rank_place = 0;

    for (int i = 0; i < plan->n_ranks; i++)
        n_near += is_near(plan, i, device);
    for (int i = 0; i < plan->n_ranks; i++) {
        struct placement_rank *rank = &plan->ranks[i];

        if (!is_near(plan, i, device))
            continue;
        if (is_shared_out(place, n_devices, rank_place, n_near)) {
            if (plan->machine->devices[device].kind == PLACEMENT_DEVICE_GPU)
                rank->gpus[rank->n_gpus++] = device;
            else if (rank->nic < 0)
                rank->nic = device;
        }
        rank_place++;
    }
}

/* ---- the parts together ---- */

static int count_gpus(const struct placement_machine *machine)
{
    int n = 0;

    for (int i = 0; i < machine->n_devices; i++)
        n += machine->devices[i].kind == PLACEMENT_DEVICE_GPU;
    return n;
}

static void complete(const struct placement_view *view,
                     const struct placement_request *request,
                     struct placement_plan *plan)
{
    int n_gpus = count_gpus(plan->machine), n_workers = 0, *next;
    int *ordered = base_new_array(int, view->n_pus);

    for (int i = 0; i < plan->n_ranks; i++) {
        struct placement_rank *rank = &plan->ranks[i];
        int n_pus = placement_set_count(&rank->cpus);

        rank->n_cores = placement_machine_count_cores(plan->machine, &rank->cpus);
        if (plan->policy != PLACEMENT_NONE)
            rank->n_workers = request->n_workers               ? request->n_workers
                              : n_pus < PLACEMENT_MOST_WORKERS ? n_pus
                                                               : PLACEMENT_MOST_WORKERS;
        n_workers += rank->n_workers;
        find_nodes(view, request->use, rank);
    }
    next = plan->memory = base_new_array(int, n_workers + n_gpus * plan->n_ranks + 1);
    for (int i = 0; i < plan->n_ranks; i++) {
        struct placement_rank *rank = &plan->ranks[i];

        rank->workers = next;
        rank->gpus = next + rank->n_workers;
        next = rank->gpus + n_gpus;
        place_workers(view, rank, plan->policy == PLACEMENT_PACK, ordered);
    }
    base_free(ordered);
    for (int i = 0; i < plan->machine->n_devices; i++)
        share_device(plan, i);
}

/* ---- balance ---- */

static double imbalance_with(const struct placement_view *view, int n_ranks)
{
    struct placement_deal deal;
    double imbalance;

    placement_deal_init(&deal, view, n_ranks);
    placement_deal_groups(&deal);
    imbalance = placement_deal_imbalance(&deal);
    placement_deal_fini(&deal);
    return imbalance;
}

/* The nearest numbers of ranks that the groups could be dealt to evenly. */
static void find_even(const struct placement_view *view, struct placement_plan *plan)
{
    for (int n = plan->n_ranks - 1; n > 0 && !plan->even_fewer; n--)
        if (n <= view->n_cores && imbalance_with(view, n) < EVEN)
            plan->even_fewer = n;
    for (int n = plan->n_ranks + 1; n <= view->n_cores && !plan->even_more; n++)
        if (imbalance_with(view, n) < EVEN)
            plan->even_more = n;
}

static bool deals_groups(enum placement_policy policy)
{
    return policy == PLACEMENT_NUMA || policy == PLACEMENT_L3 ||
           policy == PLACEMENT_SOCKET || policy == PLACEMENT_SPREAD;
}

/* Whole domains are too uneven for so few ranks. */
static bool auto_switches(const struct placement_view *view, int n_ranks)
{
    return n_ranks < view->n_groups && imbalance_with(view, n_ranks) > MOST_IMBALANCE;
}

/* ---- a plan ---- */

static troupe_status
check(const struct placement_request *request, char *why, size_t why_capacity)
{
    const char *fault = NULL;

    if (request->n_ranks < 1 || request->n_ranks > PLACEMENT_MOST_RANKS)
        fault = "ranks on a machine are from 1 to 4096";
    else if (request->n_workers < 0 || request->n_workers > PLACEMENT_MOST_WORKERS)
        fault = "workers of a rank are from 1 to 256";
    else if (request->smt < 0)
        fault = "PUs of a core are 1 and up, or 0 for all";
    else if ((request->policy == PLACEMENT_LIST) != (request->list != NULL))
        fault = "a list of PUs and the policy list go together";
    if (fault)
        snprintf(why, why_capacity, "%s", fault);
    return fault ? TROUPE_INVALID : TROUPE_OK;
}

static struct placement_plan *create(const struct placement_view *view,
                                     const struct placement_request *request)
{
    struct placement_plan *plan = base_new(struct placement_plan);

    plan->machine = view->machine;
    plan->n_ranks = request->n_ranks;
    plan->n_domains = view->n_domains;
    plan->use = request->use;
    plan->policy = request->policy == PLACEMENT_AUTO ? PLACEMENT_NUMA : request->policy;
    plan->ranks = base_new_array(struct placement_rank, request->n_ranks);
    for (int i = 0; i < plan->n_ranks; i++)
        plan->ranks[i].nic = -1;
    return plan;
}

static troupe_status deal_out(const struct placement_view *view,
                              const struct placement_request *request,
                              struct placement_plan *plan,
                              char *why,
                              size_t why_capacity)
{
    troupe_status status = TROUPE_OK;
    struct placement_deal deal;

    placement_deal_init(&deal, view, plan->n_ranks);
    deal.plan = plan;
    deal.smt = request->smt;
    if (plan->policy == PLACEMENT_INHERIT || plan->policy == PLACEMENT_LIST)
        status = placement_policy_obey(&deal, request, why, why_capacity);
    else
        placement_policy_deal(&deal, plan->policy, request->n_workers);
    plan->imbalance = placement_deal_imbalance(&deal);
    placement_deal_fini(&deal);
    return status;
}

static troupe_status fill(const struct placement_view *view,
                          const struct placement_request *request,
                          struct placement_plan *plan,
                          char *why,
                          size_t why_capacity)
{
    if (request->policy == PLACEMENT_AUTO && auto_switches(view, plan->n_ranks)) {
        plan->policy = PLACEMENT_CORE;
        plan->is_switched = true;
    }
    TROUPE_TRY(deal_out(view, request, plan, why, why_capacity));
    complete(view, request, plan);
    if (plan->is_switched || (deals_groups(plan->policy) && plan->imbalance >= EVEN))
        find_even(view, plan);
    return TROUPE_OK;
}

troupe_status placement_plan_make(const struct placement_machine *machine,
                                  const struct placement_request *request,
                                  struct placement_plan **plan,
                                  char *why,
                                  size_t why_capacity)
{
    struct placement_view *view;
    troupe_status status;

    *plan = NULL;
    TROUPE_TRY(check(request, why, why_capacity));
    view = placement_view_make(machine, request->usable, request->policy);
    if (!view) {
        snprintf(why, why_capacity, "no PU of the machine may be used");
        return TROUPE_INVALID;
    }
    *plan = create(view, request);
    status = fill(view, request, *plan, why, why_capacity);
    if (status != TROUPE_OK) {
        placement_plan_destroy(*plan);
        *plan = NULL;
    }
    placement_view_destroy(view);
    return status;
}

void placement_plan_destroy(struct placement_plan *plan)
{
    if (!plan)
        return;
    base_free(plan->memory);
    base_free(plan->ranks);
    base_free(plan);
}
