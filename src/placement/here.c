/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/here.h"
#include "base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- whose wish ---- */

static bool is_set(placement_environment_fn *environment, const char *name)
{
    const char *text = environment(name);

    return text && text[0];
}

/*
 * Open MPI 4 says when it has bound a rank, and passes on what the user told it.
 * Without a word of the user's, one or two ranks get a single core each, which starves
 * threads and is nobody's wish (open-mpi/ompi issues 12900 and 13009).
 */
enum placement_origin placement_origin_find(placement_environment_fn *environment)
{
    static const char *const asked[] = {
        "OMPI_MCA_rmaps_base_mapping_policy", "OMPI_MCA_orte_rankfile",
        "OMPI_MCA_rmaps_rank_file_path", "OMPI_MCA_hwloc_base_cpu_list"};
    const char *policy = environment("OMPI_MCA_hwloc_base_binding_policy");
    const char *start = environment("OMPI_MCA_ess");

    if (start && strcmp(start, "singleton") == 0)
        return PLACEMENT_ALONE; /* MPI itself has set the rest */
    if (policy && strncmp(policy, "none", 4) == 0)
        return PLACEMENT_ASKED_NOT;
    if (policy && policy[0])
        return PLACEMENT_ASKED;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        if (is_set(environment, asked[i]))
            return PLACEMENT_ASKED;
    if (is_set(environment, "OMPI_MCA_orte_bound_at_launch"))
        return PLACEMENT_DEFAULT;
    if (is_set(environment, "OMPI_COMM_WORLD_SIZE") ||
        is_set(environment, "SLURM_STEP_ID") || is_set(environment, "PMIX_RANK"))
        return PLACEMENT_UNKNOWN;
    return PLACEMENT_ALONE;
}

static bool take_word(const char *word, struct placement_wish *wish)
{
    char *end;

    if (strcmp(word, "quiet") == 0)
        wish->is_quiet = true;
    else if (strcmp(word, "report") == 0)
        wish->has_report = true;
    else if (strncmp(word, "smt=", 4) == 0) {
        wish->smt = (int)strtol(word + 4, &end, 10);
        return word[4] >= '0' && word[4] <= '9' && *end == '\0' && wish->smt <= 64;
    } else if (strncmp(word, "memory=", 7) == 0)
        return placement_use_parse(word + 7, &wish->use);
    else
        return placement_policy_parse(word, &wish->policy) &&
               wish->policy != PLACEMENT_LIST;
    return true;
}

bool placement_wish_parse(const char *text, struct placement_wish *wish)
{
    *wish = (struct placement_wish){.policy = PLACEMENT_AUTO, .smt = 1};
    while (*text) {
        size_t n = strcspn(text, ",");
        char word[20];

        if (n >= sizeof word)
            return false;
        memcpy(word, text, n);
        word[n] = '\0';
        if (!take_word(word, wish))
            return false;
        text += n + (text[n] == ',');
    }
    return true;
}

/* ---- what is to be done ---- */

static bool
is_any(const struct placement_card *cards, int n_ranks, enum placement_origin origin)
{
    for (int i = 0; i < n_ranks; i++)
        if (cards[i].origin == origin)
            return true;
    return false;
}

static struct placement_set union_of(const struct placement_card *cards, int n_ranks)
{
    struct placement_set all = {{0}};

    for (int i = 0; i < n_ranks; i++)
        placement_set_join(&all, &cards[i].mask);
    return all;
}

bool placement_needs_machine(const struct placement_card *cards,
                             int n_ranks,
                             int n_online,
                             const struct placement_wish *wish)
{
    struct placement_set all = union_of(cards, n_ranks);

    if (wish->policy == PLACEMENT_NONE || wish->wants_machine)
        return wish->wants_machine;
    if (wish->policy != PLACEMENT_AUTO || wish->use != PLACEMENT_NEAR ||
        wish->has_report)
        return true;
    if (is_any(cards, n_ranks, PLACEMENT_ALONE))
        return false;
    /* Told not to bind; but something else may have, and badly. */
    if (is_any(cards, n_ranks, PLACEMENT_ASKED_NOT))
        return placement_set_count(&all) < n_online;
    /* Oversubscribed, and nobody is bound: a test, or a small machine. */
    return n_ranks <= placement_set_count(&all) ||
           !placement_set_is_equal(&cards[0].mask, &all) ||
           is_any(cards, n_ranks, PLACEMENT_ASKED);
}

/* Each mask is all that is usable: nobody has bound anything. */
static bool is_free(const struct placement_machine *machine,
                    const struct placement_card *cards,
                    int n_ranks)
{
    for (int i = 0; i < n_ranks; i++)
        if (!placement_set_includes(&cards[i].mask, &machine->usable))
            return false;
    return true;
}

/* False: masks stay as they are, and are somebody's wish unless all are free. */
static bool may_plan(const struct placement_machine *machine,
                     const struct placement_card *cards,
                     int n_ranks,
                     const struct placement_wish *wish)
{
    if (wish->policy == PLACEMENT_INHERIT || wish->policy == PLACEMENT_NONE)
        return false;
    if (wish->policy != PLACEMENT_AUTO)
        return true;
    if (is_any(cards, n_ranks, PLACEMENT_ASKED) ||
        is_any(cards, n_ranks, PLACEMENT_ASKED_NOT) ||
        is_any(cards, n_ranks, PLACEMENT_ALONE))
        return false;
    if (is_any(cards, n_ranks, PLACEMENT_UNKNOWN) && !is_free(machine, cards, n_ranks))
        return false;
    return n_ranks <= placement_machine_count_cores(machine, &machine->usable);
}

static int most_workers(const struct placement_card *cards, int n_ranks)
{
    int most = 0;

    for (int i = 0; i < n_ranks; i++)
        most = cards[i].n_workers > most ? cards[i].n_workers : most;
    return most < PLACEMENT_MOST_WORKERS ? most : PLACEMENT_MOST_WORKERS;
}

/* Ranks that share PUs would all bind their first worker to the same. */
static bool are_apart(const struct placement_plan *plan)
{
    struct placement_set seen = {{0}};

    for (int i = 0; i < plan->n_ranks; i++) {
        if (placement_set_intersects(&seen, &plan->ranks[i].cpus))
            return false;
        placement_set_join(&seen, &plan->ranks[i].cpus);
    }
    return true;
}

/* Somebody's explicit masks are the limits even of a policy that was asked for. */
static void make_plan(struct placement_here *here,
                      const struct placement_card *cards,
                      const struct placement_wish *wish)
{
    struct placement_set pool = union_of(cards, here->n_ranks);
    struct placement_set *masks = base_new_array(struct placement_set, here->n_ranks);
    struct placement_request request = {.n_ranks = here->n_ranks,
                                        .n_workers = most_workers(cards, here->n_ranks),
                                        .smt = wish->smt,
                                        .policy = wish->policy,
                                        .use = wish->use};
    char why[200];

    for (int i = 0; i < here->n_ranks; i++)
        masks[i] = cards[i].mask;
    here->is_obeyed = !may_plan(here->machine, cards, here->n_ranks, wish);
    if (here->is_obeyed) {
        request.policy = PLACEMENT_INHERIT;
        request.masks = masks;
    } else if (is_any(cards, here->n_ranks, PLACEMENT_ASKED)) {
        request.usable = &pool;
    }
    if (placement_plan_make(here->machine, &request, &here->plan, why, sizeof why) !=
        TROUPE_OK)
        here->plan = NULL;
    base_free(masks);
}

struct placement_here *placement_here_create(const struct placement_system *system,
                                             struct placement_machine *machine,
                                             const struct placement_card *cards,
                                             int n_ranks,
                                             int index,
                                             const struct placement_wish *wish)
{
    struct placement_here *here = base_new(struct placement_here);
    bool is_bound;

    *here = (struct placement_here){.system = system,
                                    .machine = machine,
                                    .index = index,
                                    .n_ranks = n_ranks,
                                    .n_workers = 1};
    if (!machine || wish->policy == PLACEMENT_NONE)
        return here;
    make_plan(here, cards, wish);
    is_bound = here->plan && are_apart(here->plan) &&
               !(here->is_obeyed && is_free(machine, cards, n_ranks));
    if (is_bound) {
        here->binds_workers = true;
        here->n_workers = here->plan->ranks[index].n_cores;
        if (here->n_workers > PLACEMENT_MOST_WORKERS)
            here->n_workers = PLACEMENT_MOST_WORKERS;
    }
    return here;
}

void placement_here_destroy(struct placement_here *here)
{
    if (!here)
        return;
    placement_plan_destroy(here->plan);
    placement_machine_destroy(here->machine);
    base_free(here);
}

/* ---- the doing ---- */

int placement_here_bind(const struct placement_here *here)
{
    if (!here->plan || here->is_obeyed)
        return 0;
    return here->system->bind_process(here->system,
                                      &here->plan->ranks[here->index].cpus);
}

int placement_here_bind_memory(const struct placement_here *here)
{
    const struct placement_system *system = here->system;
    const struct placement_plan *plan = here->plan;
    struct placement_set bound = {{0}};

    if (!plan || plan->use == PLACEMENT_TOUCH ||
        (here->is_obeyed && plan->use == PLACEMENT_NEAR))
        return 0;
    if (system->get_memory(system, &bound) != 0 || !placement_set_is_empty(&bound))
        return 0;
    return system->set_memory(system, plan->use, &plan->ranks[here->index].nodes);
}

bool placement_here_enter(const struct placement_here *here,
                          int worker,
                          struct placement_set *before)
{
    const struct placement_rank *rank;
    struct placement_set mine = {{0}};

    if (!here || !here->binds_workers)
        return false;
    rank = &here->plan->ranks[here->index];
    if (worker >= rank->n_workers ||
        (before && here->system->get_mask(here->system, before) != 0))
        return false;
    placement_set_add(&mine, rank->workers[worker]);
    return here->system->bind_thread(here->system, &mine) == 0;
}

void placement_here_leave(const struct placement_here *here,
                          const struct placement_set *before)
{
    (void)here->system->bind_thread(here->system, before);
}

/* ---- what is to be said ---- */

static struct placement_set mask_now(const struct placement_here *here,
                                     const struct placement_card *cards,
                                     int rank)
{
    return here->plan ? here->plan->ranks[rank].cpus : cards[rank].mask;
}

void placement_here_find(const struct placement_here *here,
                         const struct placement_card *cards,
                         const struct placement_host *host,
                         struct placement_findings *findings)
{
    struct placement_fact *facts;

    findings->n_items = 0;
    if (!here->machine)
        return;
    facts = base_new_array(struct placement_fact, here->n_ranks);
    for (int i = 0; i < here->n_ranks; i++) {
        facts[i].rank = cards[i].rank;
        facts[i].mask = mask_now(here, cards, i);
        facts[i].n_switches = -1;
        facts[i].n_workers = cards[i].n_workers > 0 ? cards[i].n_workers
                             : here->binds_workers  ? here->plan->ranks[i].n_cores
                                                    : 1;
    }
    placement_find(here->machine, facts, here->n_ranks, host,
                   here->is_obeyed ? NULL : here->plan, findings);
    base_free(facts);
}

void placement_here_describe(const struct placement_here *here,
                             const struct placement_card *cards,
                             char *text,
                             size_t capacity)
{
    const char *ranks = here->n_ranks == 1 ? "rank" : "ranks";
    const struct placement_rank *mine =
        here->plan ? &here->plan->ranks[here->index] : NULL;
    const char *workers = here->n_workers == 1 ? "worker" : "workers";
    char list[100];

    if (!mine || (here->is_obeyed && !here->binds_workers))
        snprintf(text, capacity, "%d %s left where %s put", here->n_ranks, ranks,
                 here->n_ranks == 1 ? "it was" : "they were");
    else if (here->is_obeyed)
        snprintf(text, capacity,
                 "%d %s kept on the cores asked for; the first on PUs %s, with %d %s",
                 here->n_ranks, ranks,
                 placement_set_format(&mine->cpus, list, sizeof list), here->n_workers,
                 workers);
    else
        snprintf(text, capacity, "%d %s by %s; the first on PUs %s, with %d %s%s",
                 here->n_ranks, ranks, placement_policy_name(here->plan->policy),
                 placement_set_format(&mine->cpus, list, sizeof list), here->n_workers,
                 workers,
                 cards[here->index].origin == PLACEMENT_DEFAULT
                     ? " (in place of the launcher's default, which nobody asked for)"
                     : "");
}
