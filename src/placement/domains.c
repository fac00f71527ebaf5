/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/domains.h"
#include "base/alloc.h"
#include <stdlib.h>

/*
 * Domains are the distinct smallest sets of CPUs that have memory of their own, not
 * NUMA nodes: several nodes may stand at the same CPUs (DRAM, HBM, NVM), some at none,
 * and a node at the whole machine is the neighbour of all and nobody's domain.
 */

/* The node's CPUs that are usable; false: none, or memory that is no CPU's. */
static bool reach(const struct placement_node *node,
                  const struct placement_set *usable,
                  struct placement_set *cpus)
{
    *cpus = node->cpus;
    placement_set_meet(cpus, usable);
    return node->memory != PLACEMENT_MEMORY_GPU && !placement_set_is_empty(cpus);
}

static bool is_known(const struct placement_domain *domains,
                     int n_domains,
                     const struct placement_set *cpus)
{
    for (int i = 0; i < n_domains; i++)
        if (placement_set_is_equal(&domains[i].cpus, cpus))
            return true;
    return false;
}

static bool is_smallest(const struct placement_machine *machine,
                        const struct placement_set *usable,
                        const struct placement_set *cpus)
{
    struct placement_set other;

    for (int i = 0; i < machine->n_nodes; i++)
        if (reach(&machine->nodes[i], usable, &other) &&
            placement_set_includes(cpus, &other) &&
            !placement_set_is_equal(cpus, &other))
            return false;
    return true;
}

/* ---- which memory is a domain's ---- */

/* Usual memory before special, and there the lowest number: where nothing tells HBM
 * from DRAM, it is the later one. */
static bool is_better(const struct placement_node *a, const struct placement_node *b)
{
    if (!b)
        return true;
    return a->memory != b->memory ? a->memory < b->memory : a->os_index < b->os_index;
}

static bool is_candidate(const struct placement_node *node,
                         const struct placement_set *near)
{
    return node->memory != PLACEMENT_MEMORY_GPU && node->size_bytes > 0 &&
           (!near || placement_set_intersects(&node->cpus, near));
}

/* The fewest CPUs first: the nearest node, not one of a level above. */
static const struct placement_node *best_node(const struct placement_machine *machine,
                                              const struct placement_set *near)
{
    const struct placement_node *best = NULL;
    int fewest = 0;

    for (int i = 0; i < machine->n_nodes; i++) {
        const struct placement_node *node = &machine->nodes[i];
        int n;

        if (!is_candidate(node, near))
            continue;
        n = placement_set_count(&node->cpus);
        if (best && n > fewest)
            continue;
        if (!best || n < fewest || is_better(node, best)) {
            best = node;
            fewest = n;
        }
    }
    return best;
}

/* CPUs without memory of their own use what all have. */
static void find_nodes(const struct placement_machine *machine,
                       struct placement_domain *domain)
{
    const struct placement_node *best = best_node(machine, &domain->cpus);

    if (best) {
        placement_set_add(&domain->nodes, best->os_index);
        return;
    }
    for (int i = 0; i < machine->n_nodes; i++)
        if (is_candidate(&machine->nodes[i], NULL) &&
            machine->nodes[i].memory == PLACEMENT_MEMORY_USUAL)
            placement_set_add(&domain->nodes, machine->nodes[i].os_index);
}

/*
 * Xeon Max and Knights Landing do not always mark it: there it is the later, smaller
 * node of the same CPUs (hwloc before 2.10 has no tiers of memory to ask for).
 */
static bool is_fast(const struct placement_node *node,
                    const struct placement_node *usual)
{
    if (node == usual || node->size_bytes == 0)
        return false;
    if (node->memory == PLACEMENT_MEMORY_HBM)
        return true;
    return usual->memory == PLACEMENT_MEMORY_USUAL &&
           node->memory == PLACEMENT_MEMORY_USUAL &&
           placement_set_is_equal(&node->cpus, &usual->cpus) &&
           node->os_index > usual->os_index && node->size_bytes < usual->size_bytes;
}

static void find_hbm(const struct placement_machine *machine,
                     struct placement_domain *domain)
{
    const struct placement_node *usual = best_node(machine, &domain->cpus);

    for (int i = 0; i < machine->n_nodes && usual; i++)
        if (placement_set_intersects(&machine->nodes[i].cpus, &domain->cpus) &&
            is_fast(&machine->nodes[i], usual))
            placement_set_add(&domain->hbm, machine->nodes[i].os_index);
}

/* ---- all of them ---- */

static int first_core_of(const struct placement_machine *machine,
                         const struct placement_set *cpus)
{
    for (int i = 0; i < machine->n_pus; i++)
        if (placement_set_has(cpus, machine->pus[i].os_index))
            return machine->pus[i].core;
    return machine->n_cores;
}

static int compare(const void *left, const void *right)
{
    const struct placement_domain *a = left, *b = right;

    return (a->first_core > b->first_core) - (a->first_core < b->first_core);
}

int placement_domains_find(const struct placement_machine *machine,
                           const struct placement_set *usable,
                           struct placement_domain **found)
{
    struct placement_domain *domains =
        base_new_array(struct placement_domain, machine->n_nodes + 1);
    struct placement_set left = *usable, cpus;
    int n = 0;

    for (int i = 0; i < machine->n_nodes; i++) {
        if (!reach(&machine->nodes[i], usable, &cpus) || is_known(domains, n, &cpus) ||
            !is_smallest(machine, usable, &cpus))
            continue;
        domains[n++].cpus = cpus;
        placement_set_subtract(&left, &cpus);
    }
    if (!placement_set_is_empty(&left))
        domains[n++].cpus = left;
    for (int i = 0; i < n; i++) {
        domains[i].first_core = first_core_of(machine, &domains[i].cpus);
        find_nodes(machine, &domains[i]);
        find_hbm(machine, &domains[i]);
    }
    qsort(domains, (size_t)n, sizeof *domains, compare);
    *found = domains;
    return n;
}
