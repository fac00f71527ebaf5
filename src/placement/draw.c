/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/report.h"
#include "placement/view.h"

/* A picture of a plan in letters, for which nothing need be installed. */

/* The first rank that has a PU of the core, -1: none; *n: how many there are. */
static int rank_at(const struct placement_plan *plan,
                   const struct placement_view *view,
                   int core,
                   int *n)
{
    const struct view_core *at = &view->cores[core];
    struct placement_set cpus = {{0}};
    int first = -1;

    *n = 0;
    for (int i = 0; i < at->n_pus; i++)
        placement_set_add(&cpus, view->pus[at->first_pu + i]);
    for (int i = 0; i < plan->n_ranks; i++)
        if (placement_set_intersects(&plan->ranks[i].cpus, &cpus)) {
            first = first < 0 ? i : first;
            ++*n;
        }
    return first;
}

static void draw_domain(FILE *file,
                        const struct placement_plan *plan,
                        const struct placement_view *view,
                        int group)
{
    char list[100];
    int domain = view->cores[view->group_first[group]].domain;

    fprintf(file, "node %-6s",
            placement_set_format(&view->domains[domain].nodes, list, sizeof list));
    for (int i = view->group_first[group]; i < view->group_first[group + 1]; i++) {
        int n, rank = rank_at(plan, view, i, &n);
        bool is_edge =
            i > view->group_first[group] && view->cores[i].l3 != view->cores[i - 1].l3;

        if (n == 0)
            fprintf(file, "%s", is_edge ? " |  ." : "  .");
        else
            fprintf(file, is_edge ? " |%3d%s" : "%3d%s", rank, n > 1 ? "+" : "");
    }
    fputc('\n', file);
}

void placement_draw_text(FILE *file, const struct placement_plan *plan)
{
    struct placement_view *view =
        placement_view_make(plan->machine, NULL, PLACEMENT_NUMA);

    fprintf(file,
            "each number is a core and its rank; | is the edge of an L3 cache, . a "
            "core without a rank\n");
    for (int i = 0; view && i < view->n_groups; i++)
        draw_domain(file, plan, view, i);
    placement_view_destroy(view);
}
