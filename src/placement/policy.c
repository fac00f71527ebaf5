/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/policy.h"
#include "base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[PLACEMENT_N_POLICIES] = {
    [PLACEMENT_AUTO] = "auto",       [PLACEMENT_NONE] = "none",
    [PLACEMENT_INHERIT] = "inherit", [PLACEMENT_PACK] = "pack",
    [PLACEMENT_SPREAD] = "spread",   [PLACEMENT_NUMA] = "numa",
    [PLACEMENT_L3] = "l3",           [PLACEMENT_SOCKET] = "socket",
    [PLACEMENT_CORE] = "core",       [PLACEMENT_GPU] = "gpu",
    [PLACEMENT_NIC] = "nic",         [PLACEMENT_LIST] = "list",
};

const char *placement_policy_name(enum placement_policy policy)
{
    return names[policy];
}

bool placement_policy_parse(const char *name, enum placement_policy *policy)
{
    for (int i = 0; i < PLACEMENT_N_POLICIES; i++)
        if (strcmp(names[i], name) == 0) {
            *policy = (enum placement_policy)i;
            return true;
        }
    return false;
}

static const char *const uses[PLACEMENT_N_USES] = {
    [PLACEMENT_NEAR] = "near",     [PLACEMENT_TOUCH] = "touch",
    [PLACEMENT_STRICT] = "strict", [PLACEMENT_INTERLEAVE] = "interleave",
    [PLACEMENT_HBM] = "hbm",
};

const char *placement_use_name(enum placement_use use)
{
    return uses[use];
}

bool placement_use_parse(const char *name, enum placement_use *use)
{
    for (int i = 0; i < PLACEMENT_N_USES; i++)
        if (strcmp(uses[i], name) == 0) {
            *use = (enum placement_use)i;
            return true;
        }
    return false;
}

/* ---- near devices ---- */

struct near_device {
    int device, domain;
};

/* A device that several domains are equally near to goes to the one with fewest. */
static int home_of(const struct placement_view *view,
                   const struct placement_set *cpus,
                   const int *n_homed)
{
    int best = -1;

    for (int i = 0; i < view->n_domains; i++)
        if (placement_set_intersects(cpus, &view->domains[i].cpus) &&
            (best < 0 || n_homed[i] < n_homed[best]))
            best = i;
    return best;
}

static int compare(const void *left, const void *right)
{
    const struct near_device *a = left, *b = right;

    if (a->domain != b->domain)
        return a->domain < b->domain ? -1 : 1;
    return (a->device > b->device) - (a->device < b->device);
}

/* In the order of their domains, which may be another than that on the bus. */
static int find_devices(const struct placement_view *view,
                        enum placement_device_kind kind,
                        struct near_device *found)
{
    const struct placement_machine *machine = view->machine;
    int *n_homed = base_new_array(int, view->n_domains);
    int n = 0;

    for (int i = 0; i < machine->n_devices; i++) {
        const struct placement_device *device = &machine->devices[i];
        int home = device->kind == kind ? home_of(view, &device->cpus, n_homed) : -1;

        if (home < 0)
            continue;
        n_homed[home]++;
        found[n++] = (struct near_device){.device = i, .domain = home};
    }
    qsort(found, (size_t)n, sizeof *found, compare);
    base_free(n_homed);
    return n;
}

/* The devices of a rank: [first, end). Several to each or several ranks at one. */
static int first_device(int n_devices, int n_ranks, int rank)
{
    return (int)((int64_t)n_devices * rank / n_ranks);
}

static int end_device(int n_devices, int n_ranks, int rank)
{
    int end = first_device(n_devices, n_ranks, rank + 1);
    int first = first_device(n_devices, n_ranks, rank);

    return end > first ? end : first + 1;
}

static bool has_home(
    const struct near_device *devices, int n_devices, int n_ranks, int rank, int domain)
{
    for (int i = first_device(n_devices, n_ranks, rank);
         i < end_device(n_devices, n_ranks, rank); i++)
        if (devices[i].domain == domain)
            return true;
    return false;
}

/* The ranks at a domain follow each other. */
static int ranks_at(const struct near_device *devices,
                    int n_devices,
                    int n_ranks,
                    int domain,
                    int *first)
{
    int n = 0;

    for (int i = 0; i < n_ranks; i++)
        if (has_home(devices, n_devices, n_ranks, i, domain) && n++ == 0)
            *first = i;
    return n;
}

/* False: more ranks than cores near the devices, though there are cores elsewhere; with
 * more ranks than cores likewise for PUs. */
static bool has_room(const struct placement_view *view,
                     const struct near_device *devices,
                     int n_devices,
                     int n_ranks)
{
    int first;

    for (int i = 0; i < view->n_groups && n_ranks <= view->n_pus; i++) {
        int room = n_ranks <= view->n_cores ? placement_view_group_cores(view, i)
                                            : placement_view_group_pus(view, i);

        if (ranks_at(devices, n_devices, n_ranks, i, &first) > room)
            return false;
    }
    return true;
}

static bool
deal_near(struct placement_deal *deal, const struct near_device *devices, int n_devices)
{
    const struct placement_view *view = deal->view;

    /* Groups are the domains that have cores; when one has none, all is another way. */
    if (n_devices == 0 || view->n_groups != view->n_domains ||
        !has_room(view, devices, n_devices, deal->n_ranks))
        return false;
    for (int i = 0; i < view->n_groups; i++) {
        int first = 0;
        int n = ranks_at(devices, n_devices, deal->n_ranks, i, &first);

        if (n > 0)
            placement_deal_cut(deal, view->group_first[i],
                               placement_view_group_cores(view, i), first, n);
    }
    return true;
}

static void deal_devices(struct placement_deal *deal, enum placement_device_kind kind)
{
    struct near_device *devices =
        base_new_array(struct near_device, deal->view->machine->n_devices + 1);
    int n_devices = find_devices(deal->view, kind, devices);

    if (!deal_near(deal, devices, n_devices))
        placement_deal_groups(deal);
    base_free(devices);
}

/* ---- the others ---- */

static void deal_everything(struct placement_deal *deal)
{
    for (int i = 0; i < deal->n_ranks; i++)
        placement_deal_give(deal, i, 0, deal->view->n_cores);
}

static void deal_packed(struct placement_deal *deal, int n_workers)
{
    if (n_workers == 0 || (int64_t)n_workers * deal->n_ranks > deal->view->n_cores) {
        placement_deal_level(deal);
        return;
    }
    for (int i = 0; i < deal->n_ranks; i++)
        placement_deal_give(deal, i, i * n_workers, n_workers);
}

static void deal_spread(struct placement_deal *deal)
{
    const struct placement_view *view = deal->view;

    if (deal->n_ranks >= view->n_groups) {
        placement_deal_groups(deal);
        return;
    }
    for (int i = 0; i < deal->n_ranks; i++) {
        int group = (int)((int64_t)i * view->n_groups / deal->n_ranks);

        placement_deal_give(deal, i, view->group_first[group],
                            placement_view_group_cores(view, group));
    }
}

void placement_policy_deal(struct placement_deal *deal,
                           enum placement_policy policy,
                           int n_workers)
{
    switch (policy) {
    case PLACEMENT_NONE:
        deal_everything(deal);
        break;
    case PLACEMENT_PACK:
        deal_packed(deal, n_workers);
        break;
    case PLACEMENT_SPREAD:
        deal_spread(deal);
        break;
    case PLACEMENT_CORE:
        placement_deal_level(deal);
        break;
    case PLACEMENT_GPU:
    case PLACEMENT_NIC:
        deal_devices(deal, policy == PLACEMENT_GPU ? PLACEMENT_DEVICE_GPU
                                                   : PLACEMENT_DEVICE_NIC);
        break;
    default:
        placement_deal_groups(deal);
    }
}

/* ---- sets that somebody else chose ---- */

static troupe_status give_set(struct placement_deal *deal,
                              int rank,
                              const struct placement_set *cpus,
                              char *why,
                              size_t why_capacity)
{
    struct placement_set *mine = &deal->plan->ranks[rank].cpus;

    *mine = *cpus;
    placement_set_meet(mine, &deal->view->usable);
    deal->cores[rank] = placement_machine_count_cores(deal->view->machine, mine);
    if (!placement_set_is_empty(mine))
        return TROUPE_OK;
    snprintf(why, why_capacity, "rank %d is given no PU that may be used", rank);
    return TROUPE_INVALID;
}

static troupe_status
give_list(struct placement_deal *deal, const char *list, char *why, size_t why_capacity)
{
    struct placement_set cpus;
    const char *at = list;
    int rank = 0;

    for (; rank < deal->n_ranks && at && *at; rank++) {
        size_t n = strcspn(at, ";");

        if (!placement_set_parse(&cpus, at, n)) {
            snprintf(why, why_capacity, "\"%.*s\" is no list of PUs such as 0-3,8",
                     (int)(n < 80 ? n : 80), at);
            return TROUPE_INVALID;
        }
        TROUPE_TRY(give_set(deal, rank, &cpus, why, why_capacity));
        at += n + (at[n] == ';');
    }
    if (rank == deal->n_ranks && !(at && *at))
        return TROUPE_OK;
    snprintf(why, why_capacity, "the list must have a set for each of %d ranks",
             deal->n_ranks);
    return TROUPE_INVALID;
}

troupe_status placement_policy_obey(struct placement_deal *deal,
                                    const struct placement_request *request,
                                    char *why,
                                    size_t why_capacity)
{
    if (request->policy == PLACEMENT_LIST)
        return give_list(deal, request->list, why, why_capacity);
    if (!request->masks) {
        snprintf(why, why_capacity, "inherit is for ranks that run");
        return TROUPE_INVALID;
    }
    for (int i = 0; i < deal->n_ranks; i++)
        TROUPE_TRY(give_set(deal, i, &request->masks[i], why, why_capacity));
    return TROUPE_OK;
}
