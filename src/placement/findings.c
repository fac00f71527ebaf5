/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/findings.h"
#include "base/alloc.h"
#include "placement/view.h"
#include <stdarg.h>
#include <stdio.h>

enum { MOST_REMOTE_PERCENT = 10, MOST_SWITCHES = 20 };
#define MOST_IMBALANCE 1.25

/* What the rules look at. */
struct scene {
    const struct placement_machine *machine;
    const struct placement_view *view;
    const struct placement_fact *facts;
    int n_ranks, n_workers;
    const struct placement_host *host;
    const struct placement_plan *plan;
    struct placement_set all; /* masks of all ranks together */
    int n_cores;              /* usable */
    bool has_idle_cores;      /* that no rank may use */
    struct placement_findings *findings;
};

static const char *const advice[PLACEMENT_END_CODES] = {
    [PLACEMENT_SHARED_CORE] =
        "give each rank cores of its own: mpirun --map-by slot:PE=N, srun -c N",
    [PLACEMENT_FEW_CORES] =
        "mpirun --map-by slot:PE=N --bind-to core, srun -c N, or lower TROUPE_WORKERS",
    [PLACEMENT_CROWDED] = "lower TROUPE_WORKERS or the ranks on a node",
    [PLACEMENT_IDLE_DOMAIN] =
        "mpirun --map-by numa --bind-to numa, or no binding and TROUPE_PLACE=numa",
    [PLACEMENT_TWINS] =
        "one thread a core: srun --hint=nomultithread, mpirun --bind-to core",
    [PLACEMENT_REMOTE_PAGES] = "no numactl; let threads touch first what they work on",
    [PLACEMENT_MEMORY_POLICY] =
        "start without numactl --membind, srun --mem-bind=local",
    [PLACEMENT_MIXED_KINDS] =
        "bind to the fast cores alone, or expect the slow ones to set the pace",
    [PLACEMENT_QUOTA] =
        "ask for as many CPUs as there are workers, or lower TROUPE_WORKERS",
    [PLACEMENT_UNEQUAL_NODES] =
        "ask for nodes of one kind; figures of this job are of none",
    [PLACEMENT_BALANCING] = "nothing to do; with root: sysctl kernel.numa_balancing=0",
    [PLACEMENT_OTHER_JOB] =
        "see who else runs on the node; two mpirun on one node bind to the same cores",
    [PLACEMENT_IMBALANCE] = "'troupe place' names numbers of ranks that are even",
    [PLACEMENT_REMOTE_DEVICE] =
        "TROUPE_PLACE=gpu or nic; of the launcher's: srun --gpu-bind=closest",
};

const char *placement_advice(enum placement_code code)
{
    return advice[code];
}

/* Only the first of a code: one bad binding shows at every rank. */
static void add(struct scene *scene,
                enum placement_code code,
                bool is_warning,
                const char *format,
                ...) __attribute__((format(printf, 4, 5)));
static void add(struct scene *scene,
                enum placement_code code,
                bool is_warning,
                const char *format,
                ...)
{
    struct placement_findings *findings = scene->findings;
    struct placement_finding *finding = &findings->items[findings->n_items];
    va_list arguments;

    for (int i = 0; i < findings->n_items; i++)
        if (findings->items[i].code == code)
            return;
    *finding = (struct placement_finding){
        .code = code, .is_warning = is_warning, .advice = advice[code]};
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    findings->n_items++;
}

static int cores_in(const struct scene *scene, const struct placement_set *cpus)
{
    return placement_machine_count_cores(scene->machine, cpus);
}

/* ---- rules about masks ---- */

/* Ranks that may use nothing but what rank i may use. More than it has cores: they
 * share some. Where no other core is free, they have to. */
static void look_for_sharing(struct scene *scene)
{
    char list[200];

    for (int i = 0; i < scene->n_ranks && scene->has_idle_cores; i++) {
        const struct placement_set *mask = &scene->facts[i].mask;
        int n_inside = 0;

        for (int k = 0; k < scene->n_ranks; k++)
            n_inside += placement_set_includes(mask, &scene->facts[k].mask);
        if (n_inside > cores_in(scene, mask))
            add(scene, PLACEMENT_SHARED_CORE, true,
                "%d ranks share PUs %s while other cores are idle", n_inside,
                placement_set_format(mask, list, sizeof list));
    }
}

static void look_for_few_cores(struct scene *scene)
{
    for (int i = 0; i < scene->n_ranks; i++) {
        const struct placement_fact *fact = &scene->facts[i];
        int n = cores_in(scene, &fact->mask), n_pus = placement_set_count(&fact->mask);

        if (fact->n_workers <= n || n >= scene->n_cores)
            continue;
        if (fact->n_workers > n_pus)
            add(scene, PLACEMENT_FEW_CORES, true,
                "rank %d has %d workers, but may use %d of %d cores", fact->rank,
                fact->n_workers, n, scene->n_cores);
        else if (scene->has_idle_cores)
            add(scene, PLACEMENT_TWINS, true,
                "rank %d has %d workers on the threads of %d cores while other cores "
                "are "
                "idle",
                fact->rank, fact->n_workers, n);
    }
}

/* PUs of one core, each of another rank's. */
static bool are_twins(const struct scene *scene, int a, int b)
{
    struct placement_set both = scene->facts[a].mask;

    if (placement_set_intersects(&both, &scene->facts[b].mask))
        return false;
    placement_set_join(&both, &scene->facts[b].mask);
    return cores_in(scene, &both) < cores_in(scene, &scene->facts[a].mask) +
                                        cores_in(scene, &scene->facts[b].mask);
}

static void look_for_twins(struct scene *scene)
{
    for (int i = 1; i < scene->n_ranks && scene->has_idle_cores; i++)
        if (are_twins(scene, i - 1, i))
            add(scene, PLACEMENT_TWINS, true,
                "ranks %d and %d are on threads of one core while other cores are idle",
                scene->facts[i - 1].rank, scene->facts[i].rank);
}

/*
 * Ranks alone can be too many only where the launcher was told to allow it. Where the
 * machine would have had enough, it is what the job was given that is too small.
 */
static void look_for_crowd(struct scene *scene)
{
    int n_pus = placement_set_count(&scene->view->usable);
    int n_all = scene->machine->n_all_pus;

    if (scene->n_workers > n_pus && scene->n_workers <= n_all)
        add(scene, PLACEMENT_QUOTA, scene->n_ranks <= n_pus,
            "the job may use %d of the machine's %d PUs, and has %d workers", n_pus,
            n_all, scene->n_workers);
    else if (scene->n_workers > n_pus)
        add(scene, PLACEMENT_CROWDED, scene->n_ranks <= n_pus,
            "%d workers of %d rank%s have %d PUs", scene->n_workers, scene->n_ranks,
            scene->n_ranks == 1 ? "" : "s", n_pus);
}

static void look_for_idle_domains(struct scene *scene)
{
    const struct placement_view *view = scene->view;
    int n_used = 0;

    for (int i = 0; i < view->n_domains; i++)
        n_used += placement_set_intersects(&scene->all, &view->domains[i].cpus);
    for (int i = 0; i < scene->n_ranks && n_used < view->n_domains; i++) {
        int n = 0;

        for (int k = 0; k < view->n_domains; k++)
            n +=
                placement_set_intersects(&scene->facts[i].mask, &view->domains[k].cpus);
        if (n > 1 && scene->n_ranks >= n_used)
            add(scene, PLACEMENT_IDLE_DOMAIN, true,
                "rank %d spans %d NUMA domains while %d of %d are idle",
                scene->facts[i].rank, n, view->n_domains - n_used, view->n_domains);
    }
}

/* The slowest core sets the pace of a rank's threads. */
static void look_for_kinds(struct scene *scene)
{
    const struct placement_machine *machine = scene->machine;

    for (int i = 0; i < scene->n_ranks; i++) {
        int least = 0, most = 0;

        for (int k = 0; k < machine->n_pus; k++) {
            int capacity = machine->cores[machine->pus[k].core].capacity;

            if (!placement_set_has(&scene->facts[i].mask, machine->pus[k].os_index))
                continue;
            least = least == 0 || capacity < least ? capacity : least;
            most = capacity > most ? capacity : most;
        }
        if (most > 0 && least < most && scene->facts[i].n_workers > 1)
            add(scene, PLACEMENT_MIXED_KINDS, false,
                "rank %d has cores of which some have %d %% of the others' speed",
                scene->facts[i].rank, least * 100 / most);
    }
}

/* ---- rules about memory ---- */

static void look_at_memory(struct scene *scene)
{
    for (int i = 0; i < scene->n_ranks; i++) {
        const struct placement_fact *fact = &scene->facts[i];
        struct placement_set near = {{0}};
        char list[100];

        for (int k = 0; k < scene->view->n_domains; k++)
            if (placement_set_intersects(&fact->mask, &scene->view->domains[k].cpus)) {
                placement_set_join(&near, &scene->view->domains[k].nodes);
                placement_set_join(&near, &scene->view->domains[k].hbm);
            }
        if (fact->has_memory_policy &&
            !placement_set_intersects(&near, &fact->memory_nodes))
            add(scene, PLACEMENT_MEMORY_POLICY, true,
                "rank %d is bound to the memory of node %s, which none of its cores is "
                "near to",
                fact->rank,
                placement_set_format(&fact->memory_nodes, list, sizeof list));
        if (fact->n_remote_pages * 100 > fact->n_pages * MOST_REMOTE_PERCENT)
            add(scene, PLACEMENT_REMOTE_PAGES, true,
                "of rank %d %d %% of the pages are on another node than the worker "
                "that "
                "touched them",
                fact->rank, fact->n_remote_pages * 100 / fact->n_pages);
    }
}

/* ---- rules about the node ---- */

static void look_at_host(struct scene *scene)
{
    const struct placement_host *host = scene->host;

    if (host->quota_cores > 0 && host->quota_cores + 0.01 < scene->n_workers)
        add(scene, PLACEMENT_QUOTA, scene->n_workers > scene->n_ranks,
            "the control group allows the time of %.1f cores to %d workers",
            host->quota_cores, scene->n_workers);
    if (host->is_unequal)
        add(scene, PLACEMENT_UNEQUAL_NODES, false,
            "the nodes of the job are not alike");
    if (host->is_balancing && scene->view->n_domains > 1 && scene->has_idle_cores)
        add(scene, PLACEMENT_BALANCING, false,
            "the kernel moves pages between nodes by itself");
}

/* Somebody else takes turns on a core that only one of our ranks may use. */
static void look_for_others(struct scene *scene)
{
    for (int i = 0; i < scene->n_ranks; i++)
        if (scene->facts[i].n_switches > MOST_SWITCHES &&
            scene->n_workers <= placement_set_count(&scene->all))
            add(scene, PLACEMENT_OTHER_JOB, false,
                "rank %d was put off its core %d times in a moment of work",
                scene->facts[i].rank, scene->facts[i].n_switches);
}

static void look_at_plan(struct scene *scene)
{
    const struct placement_plan *plan = scene->plan;
    char even[80] = "";

    if (!plan || plan->imbalance <= MOST_IMBALANCE)
        return;
    if (plan->even_fewer && plan->even_more)
        snprintf(even, sizeof even, "; even with %d or %d ranks", plan->even_fewer,
                 plan->even_more);
    else if (plan->even_fewer || plan->even_more)
        snprintf(even, sizeof even, "; even with %d ranks",
                 plan->even_fewer + plan->even_more);
    add(scene, PLACEMENT_IMBALANCE, true,
        "the rank with most cores has %.2f times as many as that with fewest%s",
        plan->imbalance, even);
}

/* The first that the rank has open; -1: none, or one that it has is near. */
static int remote_device(const struct scene *scene,
                         const struct placement_fact *fact,
                         enum placement_device_kind kind)
{
    const struct placement_machine *machine = scene->machine;
    int first = -1;

    for (int i = 0; i < machine->n_devices && i < PLACEMENT_MOST_PUS; i++) {
        const struct placement_device *device = &machine->devices[i];

        if (device->kind != kind || !placement_set_has(&fact->devices, i))
            continue;
        if (placement_set_intersects(&device->cpus, &fact->mask))
            return -1;
        first = first < 0 ? i : first;
    }
    return first;
}

/* MPI opens all NICs there are: one that is near is enough. */
static void look_at_used_devices(struct scene *scene)
{
    static const char *const words[] = {
        [PLACEMENT_DEVICE_GPU] = "GPU", [PLACEMENT_DEVICE_NIC] = "NIC"};

    for (int i = 0; i < scene->n_ranks; i++)
        for (int kind = PLACEMENT_DEVICE_GPU; kind <= PLACEMENT_DEVICE_NIC; kind++) {
            int device = remote_device(scene, &scene->facts[i],
                                       (enum placement_device_kind)kind);

            if (device >= 0)
                add(scene, PLACEMENT_REMOTE_DEVICE, true,
                    "rank %d uses %s %s, which none of its cores is near to",
                    scene->facts[i].rank, words[kind],
                    scene->machine->devices[device].name);
        }
}

static void look_at_devices(struct scene *scene)
{
    const struct placement_machine *machine = scene->machine;
    int n_gpus = 0, n_near = 0;

    look_at_used_devices(scene);

    for (int i = 0; i < machine->n_devices; i++) {
        if (machine->devices[i].kind != PLACEMENT_DEVICE_GPU)
            continue;
        n_gpus++;
        n_near += placement_set_intersects(&machine->devices[i].cpus, &scene->all);
    }
    if (n_near < n_gpus && scene->n_ranks >= n_gpus)
        add(scene, PLACEMENT_REMOTE_DEVICE, false,
            "%d of %d GPUs have no rank near them", n_gpus - n_near, n_gpus);
}

/* ---- all ---- */

void placement_find(const struct placement_machine *machine,
                    const struct placement_fact *facts,
                    int n_ranks,
                    const struct placement_host *host,
                    const struct placement_plan *plan,
                    struct placement_findings *findings)
{
    struct placement_view *view = placement_view_make(machine, NULL, PLACEMENT_NUMA);
    struct scene scene = {.machine = machine,
                          .view = view,
                          .facts = facts,
                          .n_ranks = n_ranks,
                          .host = host,
                          .plan = plan,
                          .findings = findings};

    findings->n_items = 0;
    if (!view)
        return;
    for (int i = 0; i < n_ranks; i++) {
        placement_set_join(&scene.all, &facts[i].mask);
        scene.n_workers += facts[i].n_workers;
    }
    scene.n_cores = cores_in(&scene, &view->usable);
    scene.has_idle_cores = cores_in(&scene, &scene.all) < scene.n_cores;
    look_for_sharing(&scene);
    look_for_few_cores(&scene);
    look_for_crowd(&scene);
    look_for_idle_domains(&scene);
    look_for_twins(&scene);
    look_at_memory(&scene);
    look_for_kinds(&scene);
    look_at_host(&scene);
    look_for_others(&scene);
    look_at_plan(&scene);
    look_at_devices(&scene);
    placement_view_destroy(view);
}

void placement_find_in_plan(const struct placement_plan *plan,
                            struct placement_findings *findings)
{
    struct placement_fact *facts = base_new_array(struct placement_fact, plan->n_ranks);
    const struct placement_host host = {.quota_cores = 0};

    for (int i = 0; i < plan->n_ranks; i++) {
        const struct placement_rank *rank = &plan->ranks[i];

        facts[i].rank = i;
        facts[i].mask = rank->cpus;
        facts[i].n_workers = rank->n_workers > 0 ? rank->n_workers : 1;
        facts[i].n_switches = -1;
    }
    placement_find(plan->machine, facts, plan->n_ranks, &host, plan, findings);
    base_free(facts);
}
