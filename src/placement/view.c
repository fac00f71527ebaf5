/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/view.h"
#include "base/alloc.h"
#include "placement/domains.h"
#include <stdlib.h>

static int domain_of(const struct placement_view *view, int os_index)
{
    for (int i = 0; i < view->n_domains; i++)
        if (placement_set_has(&view->domains[i].cpus, os_index))
            return i;
    return 0; /* each PU is in one */
}

static void find_cores(struct placement_view *view)
{
    const struct placement_machine *machine = view->machine;
    int last = -1;

    for (int i = 0; i < machine->n_pus; i++) {
        const struct placement_pu *pu = &machine->pus[i];
        const struct placement_core *core = &machine->cores[pu->core];

        if (!placement_set_has(&view->usable, pu->os_index))
            continue;
        if (pu->core != last)
            view->cores[view->n_cores++] = (struct view_core){
                .first_pu = i, /* the machine's, until the order stands */
                .domain = domain_of(view, pu->os_index),
                .package = core->package,
                .l3 = core->l3,
                .capacity = core->capacity,
            };
        view->cores[view->n_cores - 1].n_pus++;
        last = pu->core;
    }
}

/* ---- groups ---- */

/* Cores with the same key are one group. */
static int key_of(const struct placement_view *view,
                  const struct view_core *core,
                  enum placement_policy policy)
{
    int outside = PLACEMENT_MOST_PUS + core->domain; /* without that level: by domain */

    switch (policy) {
    case PLACEMENT_L3:
        return core->l3 >= 0 ? core->l3 : outside;
    case PLACEMENT_SOCKET:
        return core->package >= 0 ? core->package : outside;
    case PLACEMENT_CORE:
    case PLACEMENT_PACK:
        return (int)(core - view->cores);
    default:
        return core->domain;
    }
}

static int compare(const void *left, const void *right)
{
    const struct view_core *a = left, *b = right;

    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return (a->first_pu > b->first_pu) - (a->first_pu < b->first_pu);
}

/* Numbers keys in the order in which they come. */
static void number_groups(struct placement_view *view, enum placement_policy policy)
{
    int *keys = base_new_array(int, view->n_cores + 1);

    for (int i = 0; i < view->n_cores; i++) {
        int key = key_of(view, &view->cores[i], policy), group = 0;

        if (policy == PLACEMENT_CORE || policy == PLACEMENT_PACK)
            group = i;
        while (group < view->n_groups && keys[group] != key)
            group++;
        keys[group] = key;
        if (group == view->n_groups)
            view->n_groups++;
        view->cores[i].group = group;
    }
    base_free(keys);
}

static int compare_domain(const void *left, const void *right)
{
    const struct view_core *a = left, *b = right;

    if (a->domain != b->domain)
        return a->domain < b->domain ? -1 : 1;
    return (a->first_pu > b->first_pu) - (a->first_pu < b->first_pu);
}

static void order_cores(struct placement_view *view, enum placement_policy policy)
{
    size_t n = (size_t)view->n_cores;

    qsort(view->cores, n, sizeof *view->cores, compare_domain);
    number_groups(view, policy);
    qsort(view->cores, n, sizeof *view->cores, compare);
    for (int i = view->n_cores; i-- > 0;)
        view->group_first[view->cores[i].group] = i;
    view->group_first[view->n_groups] = view->n_cores;
}

static void list_pus(struct placement_view *view)
{
    const struct placement_machine *machine = view->machine;

    for (int i = 0; i < view->n_cores; i++) {
        struct view_core *core = &view->cores[i];
        int at = core->first_pu, n = core->n_pus;

        core->first_pu = view->n_pus;
        for (; n > 0; at++) {
            if (!placement_set_has(&view->usable, machine->pus[at].os_index))
                continue;
            view->pus[view->n_pus++] = machine->pus[at].os_index;
            n--;
        }
    }
}

struct placement_view *placement_view_make(const struct placement_machine *machine,
                                           const struct placement_set *usable,
                                           enum placement_policy policy)
{
    struct placement_view *view = base_new(struct placement_view);
    struct placement_set present = {{0}};

    for (int i = 0; i < machine->n_pus; i++)
        placement_set_add(&present, machine->pus[i].os_index);
    view->machine = machine;
    view->usable = usable ? *usable : machine->usable;
    placement_set_meet(&view->usable, &present);
    if (placement_set_is_empty(&view->usable)) {
        placement_view_destroy(view);
        return NULL;
    }
    view->n_domains = placement_domains_find(machine, &view->usable, &view->domains);
    view->cores = base_new_array(struct view_core, machine->n_pus);
    view->pus = base_new_array(int, machine->n_pus);
    view->group_first = base_new_array(int, machine->n_pus + 1);
    find_cores(view);
    order_cores(view, policy);
    list_pus(view);
    return view;
}

void placement_view_destroy(struct placement_view *view)
{
    if (!view)
        return;
    base_free(view->pus);
    base_free(view->cores);
    base_free(view->domains);
    base_free(view->group_first);
    base_free(view);
}

int placement_view_group_cores(const struct placement_view *view, int group)
{
    return view->group_first[group + 1] - view->group_first[group];
}

int64_t placement_view_weight(const struct placement_view *view, int group)
{
    int64_t weight = 0;

    for (int i = view->group_first[group]; i < view->group_first[group + 1]; i++)
        weight += view->cores[i].capacity;
    return weight;
}

int placement_view_group_pus(const struct placement_view *view, int group)
{
    int n = 0;

    for (int i = view->group_first[group]; i < view->group_first[group + 1]; i++)
        n += view->cores[i].n_pus;
    return n;
}
