/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/deal.h"
#include "base/alloc.h"

void placement_deal_init(struct placement_deal *deal,
                         const struct placement_view *view,
                         int n_ranks)
{
    *deal = (struct placement_deal){.view = view, .n_ranks = n_ranks, .smt = 1};
    deal->cores = base_new_array(double, n_ranks);
}

void placement_deal_fini(struct placement_deal *deal)
{
    base_free(deal->cores);
}

/* Where the i-th of n shares begins: what is over goes to the first. */
static int share(int whole, int n, int i)
{
    int over = whole % n;

    return whole / n * i + (i < over ? i : over);
}

void placement_deal_give(struct placement_deal *deal, int rank, int core, int n_cores)
{
    const struct placement_view *view = deal->view;

    deal->cores[rank] += n_cores;
    for (int i = core; i < core + n_cores && deal->plan; i++) {
        const struct view_core *from = &view->cores[i];

        for (int k = 0; k < from->n_pus && (deal->smt == 0 || k < deal->smt); k++)
            placement_set_add(&deal->plan->ranks[rank].cpus,
                              view->pus[from->first_pu + k]);
    }
}

static void
give_pus(struct placement_deal *deal, int rank, int pu, int n_pus, double part)
{
    deal->cores[rank] += part;
    for (int i = pu; i < pu + n_pus && deal->plan; i++)
        placement_set_add(&deal->plan->ranks[rank].cpus, deal->view->pus[i]);
}

/* More ranks than cores: by PUs, and where these are too few, several to each. */
static void
cut_pus(struct placement_deal *deal, int core, int n_cores, int rank, int n_ranks)
{
    const struct view_core *from = &deal->view->cores[core];
    const struct view_core *last = from + n_cores - 1;
    int n_pus = last->first_pu + last->n_pus - from->first_pu;

    for (int i = 0; i < n_ranks; i++) {
        int begin, n = 1;

        if (n_ranks <= n_pus) {
            begin = share(n_pus, n_ranks, i);
            n = share(n_pus, n_ranks, i + 1) - begin;
        } else {
            begin = (int)((int64_t)n_pus * i / n_ranks);
        }
        give_pus(deal, rank + i, from->first_pu + begin, n,
                 (double)n * n_cores / (n_pus > n_ranks ? n_pus : n_ranks));
    }
}

void placement_deal_cut(
    struct placement_deal *deal, int core, int n_cores, int rank, int n_ranks)
{
    if (n_ranks > n_cores) {
        if (n_cores > 0)
            cut_pus(deal, core, n_cores, rank, n_ranks);
        return;
    }
    for (int i = 0; i < n_ranks; i++) {
        int begin = share(n_cores, n_ranks, i);

        placement_deal_give(deal, rank + i, core + begin,
                            share(n_cores, n_ranks, i + 1) - begin);
    }
}

/* Whether one L3 ends before this core. */
static bool is_edge(const struct placement_view *view, int core)
{
    return core > 0 && core < view->n_cores && view->cores[core].l3 >= 0 &&
           view->cores[core].l3 != view->cores[core - 1].l3;
}

void placement_deal_level(struct placement_deal *deal)
{
    int n = deal->view->n_cores, n_ranks = deal->n_ranks, at = 0;
    int n_over = n % n_ranks;

    if (n_ranks > n) {
        placement_deal_cut(deal, 0, n, 0, n_ranks);
        return;
    }
    for (int i = 0; i < n_ranks; i++) {
        int size = n / n_ranks, n_left = n_ranks - i;
        bool prefers_more =
            !is_edge(deal->view, at + size) || is_edge(deal->view, at + size + 1);

        if (n_over == n_left || (n_over > 0 && prefers_more)) {
            size++;
            n_over--;
        }
        placement_deal_give(deal, i, at, size);
        at += size;
    }
}

/* ---- by groups ---- */

static void deal_whole(struct placement_deal *deal)
{
    const struct placement_view *view = deal->view;

    for (int i = 0; i < deal->n_ranks; i++) {
        int first = share(view->n_groups, deal->n_ranks, i);
        int end = share(view->n_groups, deal->n_ranks, i + 1);

        placement_deal_give(deal, i, view->group_first[first],
                            view->group_first[end] - view->group_first[first]);
    }
}

/* The group that is to get one rank more: the largest remainder, the first of equals.
 */
static int neediest(const int64_t *remainders, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (remainders[i] > remainders[best])
            best = i;
    return best;
}

/* Largest remainders (Hamilton's method). */
static void find_quotas(const struct placement_view *view, int n_ranks, int *quotas)
{
    int64_t *remainders = base_new_array(int64_t, view->n_groups);
    int64_t whole = 0;
    int n_left = n_ranks;

    for (int i = 0; i < view->n_groups; i++)
        whole += placement_view_weight(view, i);
    for (int i = 0; i < view->n_groups; i++) {
        int64_t product = placement_view_weight(view, i) * n_ranks;

        quotas[i] = (int)(product / whole);
        remainders[i] = product % whole;
        n_left -= quotas[i];
    }
    for (; n_left > 0; n_left--) {
        int group = neediest(remainders, view->n_groups);

        quotas[group]++;
        remainders[group] = -1;
    }
    base_free(remainders);
}

static int most_room(const int *quotas, const int *rooms, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (rooms[i] - quotas[i] > rooms[best] - quotas[best])
            best = i;
    return best;
}

/* Fast cores weigh more, so a group of them may be given more ranks than it has cores
 * while another has idle ones. */
static void move_excess(int *quotas, const int *rooms, int n_groups)
{
    for (int i = 0; i < n_groups; i++)
        while (quotas[i] > rooms[i]) {
            int other = most_room(quotas, rooms, n_groups);

            if (quotas[other] >= rooms[other])
                return;
            quotas[i]--;
            quotas[other]++;
        }
}

static void limit_quotas(const struct placement_view *view, int n_ranks, int *quotas)
{
    int *rooms = base_new_array(int, view->n_groups);

    for (int i = 0; i < view->n_groups; i++)
        rooms[i] = n_ranks <= view->n_cores ? placement_view_group_cores(view, i)
                                            : placement_view_group_pus(view, i);
    move_excess(quotas, rooms, view->n_groups);
    base_free(rooms);
}

void placement_deal_groups(struct placement_deal *deal)
{
    const struct placement_view *view = deal->view;
    int *quotas, rank = 0;

    if (deal->n_ranks < view->n_groups) {
        deal_whole(deal);
        return;
    }
    quotas = base_new_array(int, view->n_groups);
    find_quotas(view, deal->n_ranks, quotas);
    limit_quotas(view, deal->n_ranks, quotas);
    for (int i = 0; i < view->n_groups; i++) {
        if (quotas[i] > 0)
            placement_deal_cut(deal, view->group_first[i],
                               placement_view_group_cores(view, i), rank, quotas[i]);
        rank += quotas[i];
    }
    base_free(quotas);
}

double placement_deal_imbalance(const struct placement_deal *deal)
{
    double most = 0, fewest = 0;

    for (int i = 0; i < deal->n_ranks; i++) {
        double cores = deal->cores[i];

        most = i == 0 || cores > most ? cores : most;
        fewest = i == 0 || cores < fewest ? cores : fewest;
    }
    return fewest > 0 ? most / fewest : 1;
}
