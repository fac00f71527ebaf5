/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "machines.h"
#include "placement/here.h"
#include "support/check_main.h"
#include <errno.h>

/*
 * What is done with the masks that launchers leave: a false system in the place of
 * Linux's notes what would be bound, on machines that are not here.
 */

/* ---- a system that only takes notes ---- */

struct notes {
    struct placement_system system; /* first: found from it */
    struct placement_set mask;      /* of the one thread there is */
    struct placement_set process;   /* last bound to */
    int n_processes, n_threads;
    int error; /* what binding gives */
};

static struct notes *notes_of(const struct placement_system *system)
{
    union {
        const struct placement_system *constant;
        struct notes *notes;
    } both = {.constant = system};

    return both.notes;
}

static int note_get(const struct placement_system *system, struct placement_set *mask)
{
    *mask = notes_of(system)->mask;
    return 0;
}

static int note_process(const struct placement_system *system,
                        const struct placement_set *cpus)
{
    notes_of(system)->process = notes_of(system)->mask = *cpus;
    notes_of(system)->n_processes++;
    return notes_of(system)->error;
}

static int note_thread(const struct placement_system *system,
                       const struct placement_set *cpus)
{
    notes_of(system)->mask = *cpus;
    notes_of(system)->n_threads++;
    return notes_of(system)->error;
}

static const struct notes no_notes = {.system = {.get_mask = note_get,
                                                 .bind_process = note_process,
                                                 .bind_thread = note_thread}};

/* ---- nodes with ranks ---- */

enum { MOST_CARDS = 40 };

struct node {
    struct notes notes;
    struct placement_card cards[MOST_CARDS];
    int n_ranks;
};

/* Ranks with the masks of `list`, the last of which is for all that follow. */
static void node_fill(struct node *node,
                      int n_ranks,
                      enum placement_origin origin,
                      const char *list)
{
    const char *at = list;

    memset(node, 0, sizeof *node);
    node->notes = no_notes;
    node->n_ranks = n_ranks;
    for (int i = 0; i < n_ranks; i++) {
        size_t n = strcspn(at, ";");

        node->cards[i].rank = 10 + i;
        node->cards[i].origin = origin;
        ck_assert(placement_set_parse(&node->cards[i].mask, at, n));
        at += at[n] ? n + 1 : 0;
    }
}

static struct placement_here *
start(struct node *node, const char *machine, const char *wish_text, int index)
{
    struct placement_machine *read = NULL;
    struct placement_wish wish;

    ck_assert(placement_wish_parse(wish_text, &wish));
    if (placement_needs_machine(node->cards, node->n_ranks, 32, &wish))
        read = machine_read(PLACEMENT_SYNTHETIC, machine);
    node->notes.mask = node->cards[index].mask;
    return placement_here_create(&node->notes.system, read, node->cards, node->n_ranks,
                                 index, &wish);
}

#define DUAL "pack:2 numa:2 core:4 pu:2"

struct scene {
    const char *what, *machine;
    int n_ranks;
    enum placement_origin origin;
    const char *masks, *wish;
    const char *bound[2]; /* to what ranks 0 and 1 bind themselves; NULL: they do not */
    int n_workers;        /* of rank 0 where nobody asks */
    const char *line;     /* a word of what is said */
};

static const struct scene scenes[] = {
    {"mpirun -np 2: one core each",
     DUAL,
     2,
     PLACEMENT_DEFAULT,
     "0-1;2-3",
     "",
     {"0,2,4,6,8,10,12,14", "16,18,20,22,24,26,28,30"},
     8,
     "which nobody asked for"},
    {"mpirun -np 4: a socket each",
     DUAL,
     4,
     PLACEMENT_DEFAULT,
     "0-15;16-31;0-15;16-31",
     "",
     {"0,2,4,6", "8,10,12,14"},
     4,
     "by numa"},
    {"the same, both threads wanted",
     DUAL,
     4,
     PLACEMENT_DEFAULT,
     "0-31",
     "smt=0",
     {"0-7", "8-15"},
     4,
     "by numa"},
    {"--bind-to core",
     DUAL,
     2,
     PLACEMENT_ASKED,
     "0-1;2-3",
     "",
     {NULL, NULL},
     1,
     "kept"},
    {"--map-by slot:PE=4",
     DUAL,
     2,
     PLACEMENT_ASKED,
     "0-7;8-15",
     "",
     {NULL, NULL},
     4,
     "kept"},
    {"--bind-to none",
     DUAL,
     2,
     PLACEMENT_ASKED_NOT,
     "0-31",
     "",
     {NULL, NULL},
     1,
     "left"},
    {"--bind-to none, one rank",
     DUAL,
     1,
     PLACEMENT_ASKED_NOT,
     "0-31",
     "report",
     {NULL, NULL},
     1,
     "it was put"},
    {"--bind-to none, but a wish",
     DUAL,
     2,
     PLACEMENT_ASKED_NOT,
     "0-31",
     "core",
     {"0,2,4,6,8,10,12,14", "16,18,20,22,24,26,28,30"},
     8,
     "by core"},
    {"cores asked for, and a wish: within them",
     DUAL,
     2,
     PLACEMENT_ASKED,
     "0-15",
     "core",
     {"0,2,4,6", "8,10,12,14"},
     4,
     "by core"},
    {"srun -c 8", DUAL, 2, PLACEMENT_UNKNOWN, "0-7;8-15", "", {NULL, NULL}, 4, "kept"},
    {"taskset for both",
     DUAL,
     2,
     PLACEMENT_UNKNOWN,
     "0-7",
     "",
     {NULL, NULL},
     1,
     "left"},
    {"srun without a binding",
     DUAL,
     2,
     PLACEMENT_UNKNOWN,
     "0-31",
     "",
     {"0,2,4,6,8,10,12,14", "16,18,20,22,24,26,28,30"},
     8,
     "by numa"},
    {"oversubscribed",
     DUAL,
     40,
     PLACEMENT_UNKNOWN,
     "0-31",
     "",
     {NULL, NULL},
     1,
     "left"},
    {"more ranks than cores",
     DUAL,
     20,
     PLACEMENT_UNKNOWN,
     "0-31",
     "",
     {NULL, NULL},
     1,
     "left"},
    {"by hand", DUAL, 1, PLACEMENT_ALONE, "0-31", "", {NULL, NULL}, 1, "it was put"},
    {"turned off",
     DUAL,
     2,
     PLACEMENT_DEFAULT,
     "0-1;2-3",
     "none",
     {NULL, NULL},
     1,
     "left"},
    {"inherit",
     DUAL,
     2,
     PLACEMENT_DEFAULT,
     "0-1;2-3",
     "inherit",
     {NULL, NULL},
     1,
     "kept"},
};

static void check_scene(const struct scene *scene, int index)
{
    struct node node;
    struct placement_here *here;
    char text[300], list[PLACEMENT_LIST_BYTES];

    node_fill(&node, scene->n_ranks, scene->origin, scene->masks);
    here = start(&node, scene->machine, scene->wish, index);
    ck_assert_int_eq(placement_here_bind(here), 0);
    ck_assert_msg((node.notes.n_processes > 0) == (scene->bound[index] != NULL),
                  "%s: rank %d", scene->what, index);
    if (scene->bound[index])
        ck_assert_msg(
            strcmp(placement_set_format(&node.notes.process, list, sizeof list),
                   scene->bound[index]) == 0,
            "%s: rank %d binds to %s", scene->what, index, list);
    ck_assert_msg(index > 0 || here->n_workers == scene->n_workers, "%s: %d workers",
                  scene->what, here->n_workers);
    placement_here_describe(here, node.cards, text, sizeof text);
    ck_assert_msg(strstr(text, scene->line) != NULL, "%s: %s", scene->what, text);
    placement_here_destroy(here);
}

START_TEST(masks_are_widened_or_obeyed)
{
    for (size_t i = 0; i < ARRAY_LENGTH(scenes); i++)
        for (int index = 0; index < 2 && index < scenes[i].n_ranks; index++)
            check_scene(&scenes[i], index);
}
END_TEST

/* Nobody reads a machine who has nothing to ask of it. */
START_TEST(machine_is_not_read_for_nothing)
{
    static const struct {
        int n_ranks;
        enum placement_origin origin;
        const char *masks, *wish;
        bool needs;
    } rows[] = {
        {4, PLACEMENT_ASKED_NOT, "0-31", "", false},
        {4, PLACEMENT_ASKED_NOT, "0", "", true},
        {1, PLACEMENT_ALONE, "0-31", "", false},
        {1, PLACEMENT_ALONE, "0-3", "", false},
        {40, PLACEMENT_UNKNOWN, "0-31", "", false},
        {2, PLACEMENT_DEFAULT, "0;1", "none", false},
        {2, PLACEMENT_DEFAULT, "0;1", "", true},
        {2, PLACEMENT_ASKED, "0-1", "", true},
        {2, PLACEMENT_UNKNOWN, "0-31", "", true},
        {4, PLACEMENT_ASKED_NOT, "0-31", "numa", true},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct placement_wish wish;
        struct node node;

        ck_assert(placement_wish_parse(rows[i].wish, &wish));
        node_fill(&node, rows[i].n_ranks, rows[i].origin, rows[i].masks);
        ck_assert_msg(placement_needs_machine(node.cards, node.n_ranks, 32, &wish) ==
                          rows[i].needs,
                      "row %zu", i);
    }
}
END_TEST

/* ---- workers ---- */

START_TEST(workers_go_to_their_cores_and_back)
{
    struct placement_set before, mask;
    struct placement_here *here;
    struct node node;
    char list[100];

    node_fill(&node, 4, PLACEMENT_DEFAULT, "0-31");
    here = start(&node, DUAL, "", 1);
    ck_assert_int_eq(placement_here_bind(here), 0);
    for (int worker = 0; worker < 4; worker++) {
        ck_assert(placement_here_enter(here, worker, &before));
        ck_assert_str_eq(placement_set_format(&before, list, sizeof list),
                         "8,10,12,14");
        ck_assert_int_eq(placement_set_count(&node.notes.mask), 1);
        ck_assert(placement_set_has(&node.notes.mask, 8 + 2 * worker));
        placement_here_leave(here, &before);
        ck_assert(note_get(&node.notes.system, &mask) == 0);
        ck_assert(placement_set_is_equal(&mask, &before));
    }
    ck_assert(!placement_here_enter(here, 4, &before)); /* more than the plan has */
    ck_assert(!placement_here_enter(NULL, 0, &before));
    ck_assert_int_eq(node.notes.n_threads, 8);
    placement_here_destroy(here);
}
END_TEST

/* Ranks that share their cores would all put their first worker on the same. */
START_TEST(workers_of_ranks_that_share_stay_free)
{
    struct placement_set before;
    struct placement_here *here;
    struct node node;

    node_fill(&node, 2, PLACEMENT_ASKED, "0-7");
    here = start(&node, DUAL, "", 0);
    ck_assert(!placement_here_enter(here, 0, &before));
    ck_assert_int_eq(node.notes.n_threads, 0);
    ck_assert_int_eq(here->n_workers, 1);
    placement_here_destroy(here);
}
END_TEST

START_TEST(refusal_of_the_system_is_passed_on)
{
    struct placement_here *here;
    struct node node;

    node_fill(&node, 2, PLACEMENT_DEFAULT, "0;1");
    node.notes.error = EPERM;
    here = start(&node, DUAL, "", 0);
    ck_assert_int_eq(placement_here_bind(here), EPERM);
    placement_here_destroy(here);
}
END_TEST

/* All ranks of a node come to the same plan but for their own place. */
START_TEST(all_ranks_agree)
{
    struct node node;
    struct placement_here *first, *other;

    node_fill(&node, 8, PLACEMENT_DEFAULT, "0-31");
    node.cards[3].n_workers = 2;
    first = start(&node, DUAL, "", 0);
    other = start(&node, DUAL, "", 7);
    for (int i = 0; i < 8; i++) {
        ck_assert(placement_set_is_equal(&first->plan->ranks[i].cpus,
                                         &other->plan->ranks[i].cpus));
        ck_assert_int_eq(first->plan->ranks[i].n_workers, 2);
    }
    ck_assert_int_eq(other->index, 7);
    placement_here_destroy(first);
    placement_here_destroy(other);
}
END_TEST

/* ---- launchers ---- */

static const char *const *present; /* name, value, ..., NULL */

static const char *look_up(const char *name)
{
    for (const char *const *at = present; *at; at += 2)
        if (strcmp(at[0], name) == 0)
            return at[1];
    return NULL;
}

START_TEST(launchers_are_known_by_what_they_leave)
{
    static const struct {
        enum placement_origin origin;
        const char *environment[8];
    } rows[] = {
        {PLACEMENT_ALONE, {NULL}},
        {PLACEMENT_ALONE, {"OMPI_MCA_ess", "singleton", "PMIX_RANK", "0"}},
        {PLACEMENT_DEFAULT,
         {"OMPI_COMM_WORLD_SIZE", "2", "OMPI_MCA_orte_bound_at_launch", "1"}},
        {PLACEMENT_UNKNOWN, {"OMPI_COMM_WORLD_SIZE", "4"}},
        {PLACEMENT_UNKNOWN, {"SLURM_STEP_ID", "0"}},
        {PLACEMENT_ASKED,
         {"OMPI_MCA_orte_bound_at_launch", "1", "OMPI_MCA_hwloc_base_binding_policy",
          "core"}},
        {PLACEMENT_ASKED,
         {"OMPI_MCA_orte_bound_at_launch", "1", "OMPI_MCA_rmaps_base_mapping_policy",
          "slot:PE=4"}},
        {PLACEMENT_ASKED_NOT, {"OMPI_MCA_hwloc_base_binding_policy", "none"}},
        {PLACEMENT_ASKED_NOT,
         {"OMPI_MCA_hwloc_base_binding_policy", "none:overload-allowed"}},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        present = rows[i].environment;
        ck_assert_msg(placement_origin_find(look_up) == rows[i].origin, "row %zu", i);
    }
}
END_TEST

START_TEST(wishes_are_read)
{
    static const char *const bad[] = {
        "nuam",   "smt=", "smt=x",      "smt=-1",
        "smt=65", "list", "numa;quiet", "averyveryverylongword"};
    struct placement_wish wish;

    ck_assert(placement_wish_parse("", &wish));
    ck_assert(wish.policy == PLACEMENT_AUTO && wish.smt == 1 && !wish.is_quiet);
    ck_assert(placement_wish_parse("quiet", &wish) && wish.is_quiet);
    ck_assert(placement_wish_parse("l3,report,smt=0", &wish));
    ck_assert(wish.policy == PLACEMENT_L3 && wish.has_report && wish.smt == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        ck_assert_msg(!placement_wish_parse(bad[i], &wish), "%s", bad[i]);
}
END_TEST

MACHINES_MAIN("here",
              masks_are_widened_or_obeyed,
              machine_is_not_read_for_nothing,
              workers_go_to_their_cores_and_back,
              workers_of_ranks_that_share_stay_free,
              refusal_of_the_system_is_passed_on,
              all_ranks_agree,
              launchers_are_known_by_what_they_leave,
              wishes_are_read)
