/* SPDX-License-Identifier: BSD-3-Clause */
/* timeout: 100 */
#include "invariants.h"
#include "support/check_main.h"

/*
 * The planner: what holds of every plan, over described machines, over small files for
 * each trap that a topology has sprung on somebody, over real machines' files where
 * they are; then some plans by heart.
 */

static const enum placement_policy planned[] = {
    PLACEMENT_AUTO, PLACEMENT_NONE,   PLACEMENT_PACK, PLACEMENT_SPREAD, PLACEMENT_NUMA,
    PLACEMENT_L3,   PLACEMENT_SOCKET, PLACEMENT_CORE, PLACEMENT_GPU,    PLACEMENT_NIC};

/* `c` has all but request and plan. */
static void check_plan(struct plan_case *c, const struct placement_request *request)
{
    struct placement_plan *plan;
    char why[200] = "";

    if (placement_plan_make(c->machine, request, &plan, why, sizeof why) != TROUPE_OK)
        ck_abort_msg("%s: %s", c->name, why);
    c->plan = plan;
    c->request = request;
    hold_all(c);
    if (request->n_ranks == 3)
        hold_same_elsewhere(c);
    placement_plan_destroy(plan);
}

/* One number of ranks with every policy, and with workers and threads in turn. */
static void
check_ranks(struct plan_case *c, int n_ranks, const struct placement_set *usable)
{
    static const int workers[] = {0, 1, 3}, smts[] = {1, 0, 2};

    for (size_t p = 0; p < sizeof planned / sizeof planned[0]; p++) {
        const struct placement_request request = {
            .n_ranks = n_ranks,
            .n_workers = workers[((size_t)n_ranks + p) % 3],
            .smt = smts[((size_t)n_ranks / 3 + p) % 3],
            .policy = planned[p],
            .usable = usable};

        check_plan(c, &request);
    }
}

static void check_machine(const char *name,
                          const struct placement_machine *machine,
                          const struct placement_set *usable)
{
    struct plan_case c = {
        .name = name, .machine = machine, .usable = usable ? *usable : machine->usable};
    int *domains = find_domains(&c);
    int n_domains;

    c.domains = domains;
    c.n_cores = placement_machine_count_cores(machine, &c.usable);
    c.n_pus = placement_set_count(&c.usable);
    n_domains = count_domains(&c, &c.usable);
    for (int n = 1; n <= 8; n++)
        check_ranks(&c, n, usable);
    check_ranks(&c, n_domains, usable);
    check_ranks(&c, n_domains + 1, usable);
    check_ranks(&c, c.n_cores, usable);
    check_ranks(&c, c.n_pus, usable);
    check_ranks(&c, c.n_pus + 3, usable);
    free(domains);
}

static void check_file(const char *path)
{
    struct placement_machine *machine = machine_read(PLACEMENT_XML, path);

    check_machine(path, machine, NULL);
    placement_machine_destroy(machine);
}

START_TEST(all_hold_for_described_machines)
{
    for (int i = 0; i < N_SYNTHETIC; i++) {
        struct placement_machine *machine =
            machine_read(PLACEMENT_SYNTHETIC, synthetic_machines[i]);

        check_machine(synthetic_machines[i], machine, NULL);
        placement_machine_destroy(machine);
    }
}
END_TEST

START_TEST(all_hold_for_every_trap)
{
    char folder[1000];

    ck_assert_int_eq(for_each_xml(own_folder(folder), check_file), 10);
}
END_TEST

START_TEST(all_hold_for_real_machines)
{
    char folder[1000];

    if (foreign_folder(folder, "machines")[0])
        ck_assert_int_gt(for_each_xml(folder, check_file), 20);
    else
        printf("skipped: no topologies of real machines\n");
}
END_TEST

/* ---- parts of a machine ---- */

/* Every third PU is another's. */
static struct placement_set part_of(const struct placement_machine *machine)
{
    struct placement_set part = {{0}};

    for (int i = 0; i < machine->n_pus; i++)
        if (i % 3 != 1 || machine->n_pus < 4)
            placement_set_add(&part, machine->pus[i].os_index);
    placement_set_meet(&part, &machine->usable);
    return part;
}

START_TEST(all_hold_for_parts)
{
    for (int i = 0; i < N_SYNTHETIC; i++) {
        struct placement_machine *machine =
            machine_read(PLACEMENT_SYNTHETIC, synthetic_machines[i]);
        struct placement_set part = part_of(machine);

        check_machine(synthetic_machines[i], machine, &part);
        placement_machine_destroy(machine);
    }
}
END_TEST

/* I12: whether a machine lacks PUs or they may not be used is one. */
START_TEST(part_is_as_a_smaller_machine)
{
    struct placement_machine *whole =
        machine_read(PLACEMENT_SYNTHETIC, "pack:2 numa:2 core:4 pu:2");
    struct placement_machine *smaller_one =
        machine_read(PLACEMENT_SYNTHETIC, "pack:1 numa:2 core:4 pu:2");
    struct placement_set part;

    ck_assert(placement_set_parse(&part, "0-15", 4));
    for (int n = 1; n <= 17; n++) {
        struct placement_request request = {.n_ranks = n, .smt = 1, .usable = &part};
        struct placement_plan *a, *b;
        char why[200];

        ck_assert(placement_plan_make(whole, &request, &a, why, sizeof why) ==
                  TROUPE_OK);
        request.usable = NULL;
        ck_assert(placement_plan_make(smaller_one, &request, &b, why, sizeof why) ==
                  TROUPE_OK);
        ck_assert(is_same_plan(a, b));
        placement_plan_destroy(a);
        placement_plan_destroy(b);
    }
    placement_machine_destroy(whole);
    placement_machine_destroy(smaller_one);
}
END_TEST

/* ---- by heart ---- */

struct expectation {
    const char *machine; /* a description, or the name of one of our files */
    enum placement_policy policy;
    int n_ranks, n_workers, smt;
    const char *cpus; /* of the ranks, parted by blanks */
    const char *nodes;
};

#define EPYC "pack:2 numa:4 l3:2 core:8 pu:2(indexes=2*128:128*1)"

static const struct expectation by_heart[] = {
    {EPYC, PLACEMENT_NUMA, 8, 0, 1, "0-15 16-31 32-47 48-63 64-79 80-95 96-111 112-127",
     "0 1 2 3 4 5 6 7"},
    {EPYC, PLACEMENT_NUMA, 5, 0, 1, "0-31 32-63 64-95 96-111 112-127",
     "0-1 2-3 4-5 6 7"},
    {EPYC, PLACEMENT_AUTO, 5, 0, 1, "0-25 26-51 52-77 78-102 103-127",
     "0-1 1-3 3-4 4-6 6-7"},
    {EPYC, PLACEMENT_NUMA, 4, 0, 0,
     "0-31,128-159 32-63,160-191 64-95,192-223 "
     "96-127,224-255",
     "0-1 2-3 4-5 6-7"},
    {EPYC, PLACEMENT_SPREAD, 2, 0, 1, "0-15 64-79", "0 4"},
    {EPYC, PLACEMENT_PACK, 3, 4, 1, "0-3 4-7 8-11", "0 0 0"},
    {EPYC, PLACEMENT_SOCKET, 2, 0, 1, "0-63 64-127", "0-3 4-7"},
    {EPYC, PLACEMENT_L3, 3, 0, 1, "0-47 48-87 88-127", "0-2 3-5 5-7"},
    {"hbm_pair", PLACEMENT_NUMA, 4, 0, 1, "0-3 4-7 8-11 12-15", "0 1 2 3"},
    {"memory_cache", PLACEMENT_NUMA, 2, 0, 1, "0-5 6-11", "0 1"},
    {"service_vga", PLACEMENT_GPU, 2, 0, 1, "4-5 6-7", "1 1"},
    {"service_vga", PLACEMENT_NIC, 2, 0, 1, "4-5 6-7", "1 1"},
    {"gpu_memory", PLACEMENT_NUMA, 2, 0, 1, "0-3 4-7", "0 1"},
    {"gpu_memory", PLACEMENT_GPU, 4, 0, 1, "0-1 2-3 4-5 6-7", "0 0 1 1"},
    {"hybrid_kinds", PLACEMENT_CORE, 4, 0, 1, "0-4 5-9 10-14 15-19", "0 0 0 0"},
    {"cpus_without_node", PLACEMENT_NUMA, 3, 0, 1, "0-2 3-5 6-8", "0 1 0-1"},
    {"cpu0_offline", PLACEMENT_NUMA, 2, 0, 1, "1-3 4-7", "0 1"},
    {"one_thread_of_each_core", PLACEMENT_NUMA, 4, 0, 1, "0-1 2-3 12-13 14-15",
     "0 0 1 1"},
    {"node_without_cpus", PLACEMENT_AUTO, 2, 0, 1, "0-3 4-7", "0 1"},
    {"uneven_clusters", PLACEMENT_NUMA, 4, 0, 1, "0-8 9-17 18-25 26-31", "0 1 2 3"},
    {"numa:1 core:2 pu:2", PLACEMENT_NUMA, 4, 0, 1, "0 1 2 3", "0 0 0 0"},
    {"numa:1 core:2 pu:1", PLACEMENT_NUMA, 4, 0, 1, "0 0 1 1", "0 0 0 0"},
};

static struct placement_machine *machine_named(const char *name)
{
    char folder[1000], path[1300];

    if (strchr(name, ':'))
        return machine_read(PLACEMENT_SYNTHETIC, name);
    snprintf(path, sizeof path, "%s/%s.xml", own_folder(folder), name);
    return machine_read(PLACEMENT_XML, path);
}

static void join_words(char *text, size_t capacity, const struct placement_set *set)
{
    char list[PLACEMENT_LIST_BYTES];
    size_t used = strlen(text);

    snprintf(text + used, capacity - used, "%s%s", used ? " " : "",
             placement_set_format(set, list, sizeof list));
}

START_TEST(plans_by_heart)
{
    for (size_t i = 0; i < sizeof by_heart / sizeof by_heart[0]; i++) {
        const struct expectation *e = &by_heart[i];
        const struct placement_request request = {.n_ranks = e->n_ranks,
                                                  .n_workers = e->n_workers,
                                                  .smt = e->smt,
                                                  .policy = e->policy};
        struct placement_machine *machine = machine_named(e->machine);
        char cpus[4000] = "", nodes[4000] = "", why[200] = "";
        struct placement_plan *plan;

        ck_assert(placement_plan_make(machine, &request, &plan, why, sizeof why) ==
                  TROUPE_OK);
        for (int r = 0; r < plan->n_ranks; r++) {
            join_words(cpus, sizeof cpus, &plan->ranks[r].cpus);
            join_words(nodes, sizeof nodes, &plan->ranks[r].nodes);
        }
        ck_assert_msg(strcmp(cpus, e->cpus) == 0, "%s, row %zu: %s", e->machine, i,
                      cpus);
        ck_assert_msg(strcmp(nodes, e->nodes) == 0, "%s, row %zu: nodes %s", e->machine,
                      i, nodes);
        placement_plan_destroy(plan);
        placement_machine_destroy(machine);
    }
}
END_TEST

START_TEST(imbalance_has_a_way_out)
{
    static const struct {
        int n_ranks, fewer, more;
        double imbalance;
    } rows[] = {
        {5, 4, 8, 2}, {8, 0, 0, 1}, {9, 8, 16, 2}, {16, 0, 0, 1}, {3, 2, 4, 1.5}};
    struct placement_machine *machine = machine_named(EPYC);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct placement_request request = {
            .n_ranks = rows[i].n_ranks, .smt = 1, .policy = PLACEMENT_NUMA};
        struct placement_plan *plan;
        char why[200];

        ck_assert(placement_plan_make(machine, &request, &plan, why, sizeof why) ==
                  TROUPE_OK);
        ck_assert_double_eq_tol(plan->imbalance, rows[i].imbalance, 1e-9);
        ck_assert_int_eq(plan->even_fewer, rows[i].fewer);
        ck_assert_int_eq(plan->even_more, rows[i].more);
        placement_plan_destroy(plan);
    }
    placement_machine_destroy(machine);
}
END_TEST

/* Three of the five kinds are one: not a single core is the fastest kind. */
START_TEST(near_equal_kinds_are_one)
{
    struct placement_machine *machine = machine_named("hybrid_kinds");
    int n_fast = 0, n_slow = 0;

    for (int i = 0; i < machine->n_cores; i++) {
        n_fast += machine->cores[i].capacity == 1000;
        n_slow += machine->cores[i].capacity == machine->cores[0].capacity;
    }
    ck_assert_int_eq(n_fast, 10);
    ck_assert_int_eq(n_slow, 10);
    ck_assert_int_lt(machine->cores[0].capacity, 900);
    placement_machine_destroy(machine);
}
END_TEST

START_TEST(devices_are_known_by_class)
{
    struct placement_machine *machine = machine_named("service_vga");
    const struct placement_request request = {
        .n_ranks = 4, .smt = 1, .policy = PLACEMENT_NUMA};
    struct placement_plan *plan;
    char why[200];

    ck_assert_int_eq(machine->n_devices, 3); /* not the service processor's VGA */
    ck_assert_str_eq(machine->devices[2].name, "mlx5_0");
    ck_assert(placement_plan_make(machine, &request, &plan, why, sizeof why) ==
              TROUPE_OK);
    ck_assert_int_eq(plan->ranks[0].n_gpus, 0);
    ck_assert_int_eq(plan->ranks[0].nic, -1);
    ck_assert_int_eq(plan->ranks[2].n_gpus, 1);
    ck_assert_str_eq(machine->devices[plan->ranks[2].gpus[0]].name, "0000:41:00.0");
    ck_assert_str_eq(machine->devices[plan->ranks[3].gpus[0]].name, "0000:42:00.0");
    ck_assert_int_eq(plan->ranks[2].nic, 2);
    placement_plan_destroy(plan);
    placement_machine_destroy(machine);
}
END_TEST

/* ---- requests that cannot be met ---- */

START_TEST(bad_requests_are_refused)
{
    const struct placement_set nothing = {{0}};
    const struct {
        struct placement_request request;
        const char *word;
    } rows[] = {
        {{.n_ranks = 0, .smt = 1}, "from 1 to 4096"},
        {{.n_ranks = 4097, .smt = 1}, "from 1 to 4096"},
        {{.n_ranks = 1, .n_workers = 257}, "from 1 to 256"},
        {{.n_ranks = 1, .n_workers = -1}, "from 1 to 256"},
        {{.n_ranks = 1, .smt = -1}, "PUs of a core"},
        {{.n_ranks = 1, .usable = &nothing}, "no PU"},
        {{.n_ranks = 1, .policy = PLACEMENT_LIST}, "go together"},
        {{.n_ranks = 1, .list = "0"}, "go together"},
        {{.n_ranks = 1, .policy = PLACEMENT_INHERIT}, "ranks that run"},
        {{.n_ranks = 1, .policy = PLACEMENT_INHERIT, .masks = &nothing}, "rank 0"},
        {{.n_ranks = 2, .policy = PLACEMENT_LIST, .list = "0"}, "each of 2 ranks"},
        {{.n_ranks = 1, .policy = PLACEMENT_LIST, .list = "0;1"}, "each of 1 ranks"},
        {{.n_ranks = 1, .policy = PLACEMENT_LIST, .list = "0-"}, "\"0-\" is no list"},
        {{.n_ranks = 1, .policy = PLACEMENT_LIST, .list = "5000"}, "is no list"},
        {{.n_ranks = 1, .policy = PLACEMENT_LIST, .list = "99"}, "rank 0"},
    };
    struct placement_machine *machine = machine_named("numa:1 core:2 pu:1");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct placement_plan *plan;
        char why[200] = "";

        ck_assert(placement_plan_make(machine, &rows[i].request, &plan, why,
                                      sizeof why) == TROUPE_INVALID);
        ck_assert(plan == NULL);
        ck_assert_msg(strstr(why, rows[i].word) != NULL, "row %zu: %s", i, why);
    }
    placement_machine_destroy(machine);
}
END_TEST

START_TEST(sets_read_what_they_print)
{
    static const char *const good[] = {"0", "0-3", "0-3,8", "1,3,5-4095",
                                       "63-64,127-128"};
    static const char *const bad[] = {
        "", "-", "0-", "3-1", "4096", "0,", "a", "0 1", "99999999999999999999"};
    struct placement_set set;
    char text[PLACEMENT_LIST_BYTES];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert(placement_set_parse(&set, good[i], strlen(good[i])));
        ck_assert_str_eq(placement_set_format(&set, text, sizeof text), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!placement_set_parse(&set, bad[i], strlen(bad[i])), "%s", bad[i]);
    ck_assert(placement_set_parse(&set, "0,2,4,6,8,10,12", 15));
    ck_assert_str_eq(placement_set_format(&set, text, 20), "0,2,4..");
}
END_TEST

MACHINES_MAIN("plan",
              all_hold_for_described_machines,
              all_hold_for_every_trap,
              all_hold_for_real_machines,
              all_hold_for_parts,
              part_is_as_a_smaller_machine,
              plans_by_heart,
              imbalance_has_a_way_out,
              near_equal_kinds_are_one,
              devices_are_known_by_class,
              bad_requests_are_refused,
              sets_read_what_they_print)
