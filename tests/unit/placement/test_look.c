/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/compiler.h"
#include "machines.h"
#include "placement/here.h"
#include "support/check_main.h"
#include <errno.h>

/*
 * Memory bound, and what verify sees of it: a false kernel on machines that are not
 * here. It keeps masks and the policy of memory as Linux does, and gives pages from the
 * node that Linux would take them from.
 */

struct kernel {
    struct placement_system system; /* first: found from it */
    const struct placement_machine *machine;
    struct placement_set mask, nodes; /* no nodes: no policy */
    enum placement_use use;
    int error;          /* what binding memory gives */
    const char *device; /* that is open, NULL: none */
    bool is_deaf;       /* binding a process succeeds and changes nothing */
};

static struct kernel *kernel_of(const struct placement_system *system)
{
    union {
        const struct placement_system *constant;
        struct kernel *kernel;
    } both = {.constant = system};

    return both.kernel;
}

static int kernel_get_mask(const struct placement_system *system,
                           struct placement_set *mask)
{
    *mask = kernel_of(system)->mask;
    return 0;
}

static int kernel_bind_thread(const struct placement_system *system,
                              const struct placement_set *cpus)
{
    kernel_of(system)->mask = *cpus;
    return 0;
}

static int kernel_bind_process(const struct placement_system *system,
                               const struct placement_set *cpus)
{
    return kernel_of(system)->is_deaf ? 0 : kernel_bind_thread(system, cpus);
}

static int kernel_set_memory(const struct placement_system *system,
                             enum placement_use use,
                             const struct placement_set *nodes)
{
    struct kernel *kernel = kernel_of(system);

    if (kernel->error == 0) {
        kernel->use = use;
        kernel->nodes = *nodes;
    }
    return kernel->error;
}

static int kernel_get_memory(const struct placement_system *system,
                             struct placement_set *nodes)
{
    *nodes = kernel_of(system)->nodes;
    return 0;
}

/* The first node near the thread's first PU, of those that the policy leaves; else the
 * policy's first. */
static int node_near(const struct kernel *kernel)
{
    int pu = placement_set_next(&kernel->mask, 0);
    bool is_free = placement_set_is_empty(&kernel->nodes);

    for (int i = 0; i < kernel->machine->n_nodes; i++) {
        const struct placement_node *node = &kernel->machine->nodes[i];

        if (placement_set_has(&node->cpus, pu) &&
            (is_free || placement_set_has(&kernel->nodes, node->os_index)))
            return node->os_index;
    }
    return placement_set_next(&kernel->nodes, 0);
}

static int kernel_find_pages(const struct placement_system *system,
                             void **pages,
                             int n_pages,
                             int *nodes)
{
    const struct kernel *kernel = kernel_of(system);
    int node = node_near(kernel);

    (void)pages;
    for (int i = 0; i < n_pages; i++) {
        nodes[i] = node;
        if (kernel->use != PLACEMENT_INTERLEAVE)
            continue;
        node = placement_set_next(&kernel->nodes, node + 1);
        node = node < 0 ? placement_set_next(&kernel->nodes, 0) : node;
    }
    return 0;
}

static int kernel_list_devices(const struct placement_system *system,
                               struct placement_device_name *names,
                               int most)
{
    const char *device = kernel_of(system)->device;

    if (!device || most < 1)
        return 0;
    snprintf(names->text, sizeof names->text, "%s", device);
    return 1;
}

static const struct kernel fresh = {.system = {.get_mask = kernel_get_mask,
                                               .bind_process = kernel_bind_process,
                                               .bind_thread = kernel_bind_thread,
                                               .set_memory = kernel_set_memory,
                                               .get_memory = kernel_get_memory,
                                               .find_pages = kernel_find_pages,
                                               .list_devices = kernel_list_devices}};

/* ---- ranks on such a machine ---- */

enum { MOST_RANKS = 16 };

#define EPYC "pack:2 numa:4 l3:2 core:8 pu:2"

/* By mpirun, without a word on binding. */
#define BY_DEFAULT(its_machine, n, its_wish)                                           \
    .machine = (its_machine), .n_ranks = (n), .origin = PLACEMENT_DEFAULT,             \
    .wish = (its_wish)

struct launch {
    const char *machine; /* a description, or the name of one of our files */
    int n_ranks;
    enum placement_origin origin;
    const char *mask; /* of each; NULL: all that is usable */
    const char *wish;
    const char *inherited; /* nodes that numactl has bound memory to, or NULL */
    const char *devices[MOST_RANKS];
    int error;
    bool is_deaf;
};

static struct placement_machine *read_launch(const struct launch *launch)
{
    char folder[1000], path[1300];

    if (strchr(launch->machine, ':'))
        return machine_read(PLACEMENT_SYNTHETIC, launch->machine);
    snprintf(path, sizeof path, "%s/%s.xml", own_folder(folder), launch->machine);
    return machine_read(PLACEMENT_XML, path);
}

static void parse_set(struct placement_set *set, const char *text)
{
    ck_assert(placement_set_parse(set, text, strlen(text)));
}

static struct placement_here *start(const struct launch *launch,
                                    int index,
                                    struct placement_card cards[MOST_RANKS],
                                    struct kernel *kernel)
{
    struct placement_machine *machine = read_launch(launch);
    struct placement_wish wish;

    ck_assert(placement_wish_parse(launch->wish, &wish));
    *kernel = fresh;
    kernel->machine = machine;
    kernel->mask = machine->usable;
    kernel->error = launch->error;
    kernel->device = launch->devices[index];
    kernel->is_deaf = launch->is_deaf;
    if (launch->mask)
        parse_set(&kernel->mask, launch->mask);
    if (launch->inherited)
        parse_set(&kernel->nodes, launch->inherited);
    memset(cards, 0, sizeof *cards * MOST_RANKS);
    for (int i = 0; i < launch->n_ranks; i++)
        cards[i] = (struct placement_card){
            .rank = i, .origin = launch->origin, .mask = kernel->mask};
    return placement_here_create(&kernel->system, machine, cards, launch->n_ranks,
                                 index, &wish);
}

/* ---- memory is bound ---- */

struct binding {
    struct launch launch;
    int index;
    enum placement_use use;
    const char *nodes; /* NULL: nothing is bound */
};

static const struct binding bindings[] = {
    {{BY_DEFAULT(EPYC, 8, "")}, 5, PLACEMENT_NEAR, "5"},
    {{BY_DEFAULT(EPYC, 5, "")}, 1, PLACEMENT_NEAR, "1-3"},
    {{BY_DEFAULT(EPYC, 5, "numa")}, 1, PLACEMENT_NEAR, "2-3"},
    {{BY_DEFAULT(EPYC, 16, "")}, 15, PLACEMENT_NEAR, "7"},
    {{BY_DEFAULT(EPYC, 8, "memory=strict")}, 2, PLACEMENT_STRICT, "2"},
    {{BY_DEFAULT(EPYC, 2, "memory=interleave")}, 1, PLACEMENT_INTERLEAVE, "4-7"},
    {{BY_DEFAULT(EPYC, 8, "memory=touch")}, 2, PLACEMENT_NEAR, NULL},
    {{BY_DEFAULT(EPYC, 8, "none")}, 2, PLACEMENT_NEAR, NULL},
    /* Masks that somebody asked for are left alone, and memory with them... */
    {{.machine = EPYC,
      .n_ranks = 2,
      .origin = PLACEMENT_ASKED,
      .mask = "0-31",
      .wish = ""},
     0,
     PLACEMENT_NEAR,
     NULL},
    {{.machine = EPYC, .n_ranks = 2, .origin = PLACEMENT_ASKED_NOT, .wish = ""},
     0,
     PLACEMENT_NEAR,
     NULL},
    /* ... unless memory is wished for; near those masks, then. */
    {{.machine = EPYC,
      .n_ranks = 2,
      .origin = PLACEMENT_ASKED,
      .mask = "0-31",
      .wish = "memory=strict"},
     0,
     PLACEMENT_STRICT,
     "0"},
    /* Fast memory only for who asks, marked or not; all of a rank's domains. */
    {{BY_DEFAULT("hbm_pair", 4, "")}, 3, PLACEMENT_NEAR, "3"},
    {{BY_DEFAULT("hbm_pair", 4, "memory=hbm")}, 3, PLACEMENT_HBM, "7"},
    {{BY_DEFAULT("hbm_pair", 2, "memory=hbm")}, 1, PLACEMENT_HBM, "6-7"},
    {{BY_DEFAULT(EPYC, 8, "memory=hbm")}, 3, PLACEMENT_HBM, "3"},
    {{BY_DEFAULT("gpu_memory", 2, "memory=hbm")}, 1, PLACEMENT_HBM, "1"},
};

START_TEST(memory_is_bound_to_the_nodes_of_the_plan)
{
    for (size_t i = 0; i < ARRAY_LENGTH(bindings); i++) {
        const struct binding *b = &bindings[i];
        struct placement_card cards[MOST_RANKS];
        struct kernel kernel;
        struct placement_here *here = start(&b->launch, b->index, cards, &kernel);
        char list[PLACEMENT_LIST_BYTES];

        ck_assert_int_eq(placement_here_bind(here), 0);
        ck_assert_int_eq(placement_here_bind_memory(here), 0);
        placement_set_format(&kernel.nodes, list, sizeof list);
        ck_assert_msg(strcmp(list, b->nodes ? b->nodes : "") == 0,
                      "row %zu: bound to \"%s\"", i, list);
        ck_assert_msg(kernel.use == b->use, "row %zu: %s", i,
                      placement_use_name(kernel.use));
        placement_here_destroy(here);
    }
}
END_TEST

START_TEST(memory_that_somebody_has_bound_stays)
{
    const struct launch launch = {BY_DEFAULT(EPYC, 8, "memory=strict"),
                                  .inherited = "6"};
    struct placement_card cards[MOST_RANKS];
    struct kernel kernel;
    struct placement_here *here = start(&launch, 2, cards, &kernel);

    ck_assert_int_eq(placement_here_bind_memory(here), 0);
    ck_assert_int_eq(placement_set_next(&kernel.nodes, 0), 6);
    ck_assert_int_eq(placement_set_count(&kernel.nodes), 1);
    placement_here_destroy(here);
}
END_TEST

START_TEST(refusal_to_bind_memory_is_passed_on)
{
    const struct launch launch = {.machine = EPYC,
                                  .n_ranks = 8,
                                  .origin = PLACEMENT_DEFAULT,
                                  .wish = "",
                                  .error = EPERM};
    struct placement_card cards[MOST_RANKS];
    struct kernel kernel;
    struct placement_here *here = start(&launch, 2, cards, &kernel);

    ck_assert_int_eq(placement_here_bind_memory(here), EPERM);
    placement_here_destroy(here);
}
END_TEST

/* What can be seen of it here: the policy is the thread's own, and pages follow it. */
START_TEST(linux_binds_memory)
{
    static const enum placement_use uses[] = {PLACEMENT_NEAR, PLACEMENT_STRICT,
                                              PLACEMENT_INTERLEAVE, PLACEMENT_HBM};
    struct placement_machine *machine = machine_read(PLACEMENT_THIS_MACHINE, NULL);
    const struct placement_system *system = &placement_linux;
    struct placement_set wanted = {{0}}, got;
    int error = 0;

    ck_assert(system->get_memory(system, &got) == 0 || machine->n_nodes == 0);
    for (int i = 0; i < machine->n_nodes; i++)
        if (machine->nodes[i].size_bytes > 0 && placement_set_is_empty(&wanted))
            placement_set_add(&wanted, machine->nodes[i].os_index);
    for (size_t i = 0; i < ARRAY_LENGTH(uses) && !placement_set_is_empty(&wanted);
         i++) {
        error = system->set_memory(system, uses[i], &wanted);
        if (error == EPERM || error == ENOSYS)
            break; /* some containers forbid it */
        ck_assert_int_eq(error, 0);
        ck_assert_int_eq(system->get_memory(system, &got), 0);
        ck_assert(placement_set_is_equal(&got, &wanted));
    }
    placement_machine_destroy(machine);
}
END_TEST

/* ---- and looked at ---- */

static char *join_codes(const struct placement_findings *findings, char text[200])
{
    text[0] = '\0';
    for (int i = 0; i < findings->n_items; i++)
        snprintf(text + strlen(text), 200 - strlen(text), "%s%d", i ? " " : "",
                 findings->items[i].code);
    return text;
}

/* As `troupe place --verify` does it, each rank on a kernel of its own. */
static void verify(const struct launch *launch, const char *codes)
{
    struct placement_fact facts[MOST_RANKS];
    const struct placement_host host = {.quota_cores = 0};
    struct placement_findings findings;
    struct placement_here *here = NULL;
    char found[200];

    for (int i = 0; i < launch->n_ranks; i++) {
        struct placement_card cards[MOST_RANKS];
        struct kernel kernel;

        placement_here_destroy(here);
        here = start(launch, i, cards, &kernel);
        ck_assert_int_eq(placement_here_bind(here), 0);
        ck_assert_int_eq(placement_here_bind_memory(here), 0);
        facts[i] = placement_look(here, &cards[i]);
        facts[i].n_switches = -1; /* of the machine that this test runs on */
        ck_assert_int_gt(facts[i].n_pages, 0);
    }
    placement_find(here->machine, facts, launch->n_ranks, &host,
                   here->is_obeyed ? NULL : here->plan, &findings);
    ck_assert_msg(strcmp(join_codes(&findings, found), codes) == 0,
                  "%s, %d ranks, \"%s\": found \"%s\", not \"%s\"", launch->machine,
                  launch->n_ranks, launch->wish, found, codes);
    for (int i = 0; i < launch->n_ranks && codes[0] == '\0' && !here->is_obeyed; i++) {
        ck_assert(placement_set_is_equal(&facts[i].mask, &here->plan->ranks[i].cpus));
        ck_assert(placement_set_is_equal(&facts[i].memory_nodes,
                                         &here->plan->ranks[i].nodes));
        ck_assert_int_eq(facts[i].n_remote_pages, 0);
    }
    placement_here_destroy(here);
}

START_TEST(nothing_is_found_where_all_is_as_planned)
{
    static const struct launch launches[] = {
        {BY_DEFAULT(EPYC, 5, "")},
        {BY_DEFAULT(EPYC, 8, "")},
        {.machine = EPYC, .n_ranks = 16, .origin = PLACEMENT_UNKNOWN, .wish = ""},
        {BY_DEFAULT(EPYC, 4, "memory=strict")},
        {BY_DEFAULT(EPYC, 2, "memory=interleave")},
        {BY_DEFAULT(EPYC, 8, "l3,smt=0")},
        {BY_DEFAULT("hbm_pair", 4, "memory=hbm")},
        {BY_DEFAULT("gpu_memory", 2, "")},
        {BY_DEFAULT("memory_cache", 2, "")},
        {BY_DEFAULT("cpus_without_node", 3, "")},
        {BY_DEFAULT("node_without_cpus", 2, "")},
        {BY_DEFAULT("service_vga", 4, ""),
         .devices = {NULL, NULL, "0000:41:00.0", "mlx5_0"}},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(launches); i++)
        verify(&launches[i], "");
}
END_TEST

START_TEST(what_went_wrong_is_found)
{
    /* numactl --membind=0 for all: most ranks are remote, and so are their pages. */
    verify(&(struct launch){BY_DEFAULT(EPYC, 8, ""), .inherited = "0"}, "7 6");
    /* Bound to one domain, and the system does not widen it. */
    verify(&(struct launch){BY_DEFAULT(EPYC, 8, ""), .mask = "0-3", .is_deaf = true},
           "1 2 7");
    /* A GPU, or the only NIC there is, at the other end of the machine. */
    verify(
        &(struct launch){BY_DEFAULT("service_vga", 4, ""), .devices = {"0000:41:00.0"}},
        "14");
    verify(
        &(struct launch){BY_DEFAULT("service_vga", 4, ""), .devices = {NULL, "mlx5_0"}},
        "14");
}
END_TEST

MACHINES_MAIN("look",
              memory_is_bound_to_the_nodes_of_the_plan,
              memory_that_somebody_has_bound_stays,
              refusal_to_bind_memory_is_passed_on,
              linux_binds_memory,
              nothing_is_found_where_all_is_as_planned,
              what_went_wrong_is_found)
