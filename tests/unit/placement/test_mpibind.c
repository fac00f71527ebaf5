/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "machines.h"
#include "support/check_main.h"

/*
 * Another planner's answers, where its author and its output are right: mpibind on real
 * machines, the rows whose ranks do not overlap. Skips where the files are absent. What
 * is left out is where we differ on purpose:
 *
 *   smt 2 and more     mpibind then starts as many threads, which is the user's to say
 *   not greedy, and    it then leaves most of the machine idle
 *   fewer ranks than
 *   NUMA objects
 *   gpu_optim, and     it deals ranks to domains by their GPUs, which here is the
 * policy there are GPUs     gpu; two ranks then share a core while other cores are idle
 *
 * Where it is greedy it takes whole domains with all their PUs whatever smt it was
 * told; that is compared with our smt 0. It is so with fewer ranks than NUMA objects,
 * of which there are more than domains where HBM stands beside DRAM.
 */

struct row {
    char topology[200];
    int n_tasks, smt, greedy, gpu_optim;
    const char *tasks;
};

static int number_after(const char *line, const char *key)
{
    const char *at = strstr(line, key);

    ck_assert_msg(at != NULL, "no %s in %.80s", key, line);
    return atoi(at + strlen(key));
}

static bool parse(const char *line, struct row *row)
{
    const char *name = strstr(line, "\"topology\":\"");

    if (!name || strstr(line, "\"overlap\":true") || strstr(line, "\"empty\":true") ||
        !strstr(line, "\"restrict\":null") ||
        number_after(line, "\"nthreads_in\":") != 0)
        return false;
    name += strlen("\"topology\":\"");
    snprintf(row->topology, sizeof row->topology, "%.*s", (int)strcspn(name, "\""),
             name);
    row->n_tasks = number_after(line, "\"ntasks\":");
    row->smt = number_after(line, "\"smt\":");
    row->greedy = number_after(line, "\"greedy\":");
    row->gpu_optim = number_after(line, "\"gpu_optim\":");
    row->tasks = strstr(line, "\"tasks\":[");
    return row->tasks != NULL;
}

struct tally {
    int n_compared, n_different;
};

static struct placement_plan *
plan_for(const struct placement_machine *machine, int n_ranks, int smt)
{
    const struct placement_request request = {
        .n_ranks = n_ranks, .smt = smt, .policy = PLACEMENT_NUMA};
    struct placement_plan *plan;
    char why[200] = "";

    if (placement_plan_make(machine, &request, &plan, why, sizeof why) != TROUPE_OK)
        ck_abort_msg("%d ranks: %s", n_ranks, why);
    return plan;
}

/* False, and the first rank that differs is printed. */
static bool is_same(const struct row *row, const struct placement_plan *plan)
{
    const char *at = row->tasks;

    for (int i = 0; i < plan->n_ranks; i++) {
        struct placement_set expected;
        char mine[PLACEMENT_LIST_BYTES];
        int n;

        at = strstr(at, "\"cpus\":\"");
        ck_assert(at != NULL);
        at += strlen("\"cpus\":\"");
        n = (int)strcspn(at, "\"");
        ck_assert(placement_set_parse(&expected, at, (size_t)n));
        if (placement_set_is_equal(&expected, &plan->ranks[i].cpus))
            continue;
        printf("%s, %d ranks, smt %d: rank %d has %s, mpibind %.*s\n", row->topology,
               row->n_tasks, row->smt, i,
               placement_set_format(&plan->ranks[i].cpus, mine, sizeof mine), n, at);
        return false;
    }
    return true;
}

static bool has_gpus(const struct placement_machine *machine)
{
    for (int i = 0; i < machine->n_devices; i++)
        if (machine->devices[i].kind == PLACEMENT_DEVICE_GPU)
            return true;
    return false;
}

static void
compare(struct row *row, const struct placement_machine *machine, struct tally *tally)
{
    bool is_greedy = row->n_tasks < machine->n_nodes;
    struct placement_plan *plan;

    if (is_greedy ? !row->greedy : row->gpu_optim && has_gpus(machine))
        return;
    row->smt = is_greedy ? 0 : 1;
    plan = plan_for(machine, row->n_tasks, row->smt);
    tally->n_compared++;
    tally->n_different += !is_same(row, plan);
    placement_plan_destroy(plan);
}

static void compare_all(FILE *file, const char *folder, struct tally *tally)
{
    struct placement_machine *machine = NULL;
    char *line = NULL, last[200] = "", path[1400];
    size_t capacity = 0;

    while (getline(&line, &capacity, file) > 0) {
        struct row row;

        if (!parse(line, &row) || row.smt > 1)
            continue;
        if (strcmp(last, row.topology) != 0) {
            placement_machine_destroy(machine);
            snprintf(path, sizeof path, "%s/../machines/%s", folder, row.topology);
            machine = machine_read(PLACEMENT_XML, path);
            snprintf(last, sizeof last, "%s", row.topology);
        }
        compare(&row, machine, tally);
    }
    placement_machine_destroy(machine);
    free(line);
}

START_TEST(numa_is_what_mpibind_does)
{
    char folder[1000], path[1300];
    struct tally tally = {0, 0};
    FILE *file;

    snprintf(path, sizeof path, "%s/oracle.jsonl", foreign_folder(folder, "mpibind"));
    file = fopen(path, "r");
    ck_assert(file != NULL);
    compare_all(file, folder, &tally);
    fclose(file);
    printf("%d plans compared with mpibind's\n", tally.n_compared);
    ck_assert_int_ge(tally.n_compared, 100);
    ck_assert_int_eq(tally.n_different, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {numa_is_what_mpibind_does};
    char folder[1000];

    if (!placement_can_read() || !foreign_folder(folder, "mpibind")[0]) {
        printf("skipped: no hwloc, or no topologies of other projects\n");
        return 77;
    }
    return check_main_run("mpibind", tests, sizeof tests / sizeof tests[0]);
}
