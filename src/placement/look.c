/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/clock.h"
#include "placement/here.h"
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a rank that runs has really got: asked of the system, not of the plan. */

enum { PAGES_OF_A_WORKER = 16, MOMENT_NS = 20 * 1000 * 1000, MOST_DEVICES = 64 };

struct placement_set placement_nodes_near(const struct placement_machine *machine,
                                          const struct placement_set *cpus)
{
    struct placement_set nodes = {{0}};

    for (int i = 0; i < machine->n_nodes; i++)
        if (placement_set_intersects(&machine->nodes[i].cpus, cpus))
            placement_set_add(&nodes, machine->nodes[i].os_index);
    return nodes;
}

/* ---- pages ---- */

static void count_pages(const struct placement_system *system,
                        unsigned char *memory,
                        size_t page_bytes,
                        const struct placement_set *near,
                        struct placement_fact *fact)
{
    void *pages[PAGES_OF_A_WORKER];
    int nodes[PAGES_OF_A_WORKER];

    for (int i = 0; i < PAGES_OF_A_WORKER; i++)
        pages[i] = memory + (size_t)i * page_bytes;
    if (system->find_pages(system, pages, PAGES_OF_A_WORKER, nodes) != 0)
        return;
    for (int i = 0; i < PAGES_OF_A_WORKER; i++) {
        fact->n_pages += nodes[i] >= 0;
        fact->n_remote_pages += nodes[i] >= 0 && !placement_set_has(near, nodes[i]);
    }
}

/* CPUs without memory of their own have none that is nearer than the plan's; of nodes
 * that are to be used in turn each is right. */
static struct placement_set nodes_for(const struct placement_here *here,
                                      const struct placement_set *cpus)
{
    struct placement_set near = placement_nodes_near(here->machine, cpus);

    if (here->plan &&
        (placement_set_is_empty(&near) || here->plan->use == PLACEMENT_INTERLEAVE))
        near = here->plan->ranks[here->index].nodes;
    return near;
}

/* Touches fresh pages where a worker would, and looks where they have come to. */
static void
touch_pages(const struct placement_here *here, int worker, struct placement_fact *fact)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    size_t size_bytes = page_bytes * PAGES_OF_A_WORKER;
    struct placement_set before, now = fact->mask, near;
    bool is_placed = placement_here_enter(here, worker, &before);
    unsigned char *memory = base_try_map(size_bytes);

    (void)here->system->get_mask(here->system, &now);
    near = nodes_for(here, &now);
    if (memory) {
        for (size_t i = 0; i < size_bytes; i += page_bytes)
            memory[i] = 1;
        count_pages(here->system, memory, page_bytes, &near, fact);
    }
    base_unmap(memory, size_bytes);
    if (is_placed)
        placement_here_leave(here, &before);
}

/* ---- turns and devices ---- */

/* How often the system lets others run in a moment that we could use alone. */
static int count_switches(void)
{
    struct rusage before, after;
    int64_t end_ns = base_clock_ns() + MOMENT_NS;

    if (getrusage(RUSAGE_THREAD, &before) != 0)
        return -1;
    while (base_clock_ns() < end_ns)
        continue;
    if (getrusage(RUSAGE_THREAD, &after) != 0)
        return -1;
    return (int)(after.ru_nivcsw - before.ru_nivcsw);
}

static void find_devices(const struct placement_here *here, struct placement_fact *fact)
{
    const struct placement_machine *machine = here->machine;
    struct placement_device_name names[MOST_DEVICES];
    int n = here->system->list_devices(here->system, names, MOST_DEVICES);

    for (int i = 0; i < machine->n_devices && i < PLACEMENT_MOST_PUS; i++)
        for (int k = 0; k < n; k++)
            if (strcmp(machine->devices[i].name, names[k].text) == 0)
                placement_set_add(&fact->devices, i);
}

/* ---- all ---- */

struct placement_fact placement_look(const struct placement_here *here,
                                     const struct placement_card *card)
{
    struct placement_fact fact = {.rank = card->rank, .mask = card->mask};

    fact.n_workers = card->n_workers > 0 ? card->n_workers : here->n_workers;
    (void)here->system->get_mask(here->system, &fact.mask);
    fact.has_memory_policy =
        here->system->get_memory(here->system, &fact.memory_nodes) == 0 &&
        !placement_set_is_empty(&fact.memory_nodes);
    for (int i = 0; i < fact.n_workers && here->machine; i++)
        touch_pages(here, i, &fact);
    if (here->machine)
        find_devices(here, &fact);
    fact.n_switches = count_switches();
    return fact;
}
