/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/report.h"
#include "placement/view.h"

/*
 * Pictures of a plan. hwloc's library cannot draw, only its program lstopo can, which
 * is seldom installed where jobs run; so the drawing is our own and looks alike
 * everywhere.
 */

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

/* ---- as text ---- */

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

/* ---- as SVG ---- */

enum { CELL = 26, PER_ROW = 8, GAP = 14, HEAD = 24, ACROSS = 4, TOP = 40 };

static int rows_of(const struct placement_view *view, int group)
{
    int n = placement_view_group_cores(view, group);

    return (n + PER_ROW - 1) / PER_ROW;
}

static int most_rows(const struct placement_view *view)
{
    int most = 1;

    for (int i = 0; i < view->n_groups; i++)
        most = rows_of(view, i) > most ? rows_of(view, i) : most;
    return most;
}

/* Neighbours differ most: 137.5 degrees is the golden angle. */
static double hue_of(int rank)
{
    double hue = rank * 137.5;

    return hue - 360 * (int)(hue / 360);
}

static void draw_core(FILE *file, int x, int y, int rank, int n)
{
    if (n == 0)
        fprintf(file,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#eee\"/>\n",
                x, y, CELL - 2, CELL - 2);
    else
        fprintf(file,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                "fill=\"hsl(%.1f,65%%,75%%)\"/><text x=\"%d\" y=\"%d\" "
                "text-anchor=\"middle\">%d%s</text>\n",
                x, y, CELL - 2, CELL - 2, hue_of(rank), x + CELL / 2 - 1, y + 16, rank,
                n > 1 ? "+" : "");
}

static void draw_box(FILE *file,
                     const struct placement_plan *plan,
                     const struct placement_view *view,
                     int group,
                     int left,
                     int top)
{
    int first = view->group_first[group],
        n_cores = placement_view_group_cores(view, group);
    int domain = view->cores[first].domain;
    char list[60];

    fprintf(file,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" "
            "stroke=\"#555\"/><text x=\"%d\" y=\"%d\">node %s, package %d</text>\n",
            left, top, CELL * PER_ROW + 10, HEAD + CELL * rows_of(view, group) + 6,
            left + 6, top + 16,
            placement_set_format(&view->domains[domain].nodes, list, sizeof list),
            view->cores[first].package);
    for (int i = 0; i < n_cores; i++) {
        int n, rank = rank_at(plan, view, first + i, &n);

        draw_core(file, left + 6 + i % PER_ROW * CELL, top + HEAD + i / PER_ROW * CELL,
                  rank, n);
    }
}

void placement_draw_svg(FILE *file, const struct placement_plan *plan)
{
    struct placement_view *view =
        placement_view_make(plan->machine, NULL, PLACEMENT_NUMA);
    int across, wide = CELL * PER_ROW + 10 + GAP, high;

    if (!view)
        return;
    across = view->n_groups < ACROSS ? view->n_groups : ACROSS;
    high = HEAD + CELL * most_rows(view) + 6 + GAP;
    fprintf(
        file,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
        "<text x=\"%d\" y=\"24\" font-size=\"15\">%d ranks by %s, imbalance %.2f: a "
        "square is a core, its number the rank</text>\n",
        (across > 2 ? across : 2) * wide + 2 * GAP,
        TOP + (view->n_groups + ACROSS - 1) / ACROSS * high + GAP, GAP, plan->n_ranks,
        placement_policy_name(plan->policy), plan->imbalance);
    for (int i = 0; i < view->n_groups; i++)
        draw_box(file, plan, view, i, GAP + i % ACROSS * wide, TOP + i / ACROSS * high);
    fprintf(file, "</svg>\n");
    placement_view_destroy(view);
}
