/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_DEAL_H
#define PLACEMENT_DEAL_H

/* Dealing cores to ranks: from a view to the sets of a plan. */

#include "placement/view.h"

/* Who gets what. Without a plan only the amounts are counted. */
struct placement_deal {
    const struct placement_view *view;
    struct placement_plan *plan;
    int n_ranks, smt;
    double *cores; /* of each rank; a part of one where ranks share it */
};

void placement_deal_init(struct placement_deal *deal,
                         const struct placement_view *view,
                         int n_ranks);
void placement_deal_fini(struct placement_deal *deal);

/* Some cores, as many of their PUs as smt says, to one rank. */
void placement_deal_give(struct placement_deal *deal, int rank, int core, int n_cores);
/* To the n_ranks from `rank` on in equal shares: cores, or PUs where there are more
 * ranks than cores; what is over goes to the first. */
void placement_deal_cut(
    struct placement_deal *deal, int core, int n_cores, int rank, int n_ranks);
/* All cores in equal shares that end with an L3 cache where they may. */
void placement_deal_level(struct placement_deal *deal);
/* To the view's groups by weight; with fewer ranks than groups, each gets some whole
 * groups that are neighbours. */
void placement_deal_groups(struct placement_deal *deal);

/* Most by fewest. */
double placement_deal_imbalance(const struct placement_deal *deal);

#endif
