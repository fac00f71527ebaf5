/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_VIEW_H
#define PLACEMENT_VIEW_H

/*
 * A machine as the planner sees it: only what is usable, cores in the order of the
 * groups that ranks are dealt to, and NUMA domains for what they are worth.
 */

#include "placement/placement.h"

struct placement_domain {
    struct placement_set cpus, nodes;
    struct placement_set hbm; /* nodes of that kind; empty: none */
    int first_core;           /* in logical order */
};

struct view_core {
    int first_pu, n_pus; /* in the view's list */
    int domain, group, package, l3, capacity;
};

struct placement_view {
    const struct placement_machine *machine;
    struct placement_set usable;
    int n_pus, n_cores, n_domains, n_groups;
    int *pus; /* by the system's numbers, in the order of the cores */
    struct view_core *cores;
    struct placement_domain *domains;
    int *group_first; /* core; one more than there are groups */
};

/* NULL: nothing is usable. */
struct placement_view *placement_view_make(const struct placement_machine *machine,
                                           const struct placement_set *usable,
                                           enum placement_policy policy);
void placement_view_destroy(struct placement_view *view); /* tolerates NULL */

/* Of a group's cores. */
int64_t placement_view_weight(const struct placement_view *view, int group);
int placement_view_group_cores(const struct placement_view *view, int group);
int placement_view_group_pus(const struct placement_view *view, int group);

#endif
