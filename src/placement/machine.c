/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/machine.h"
#include "base/alloc.h"
#include <string.h>

struct placement_machine *
placement_machine_create(int n_pus, int n_cores, int n_nodes, int n_devices)
{
    struct placement_machine *machine = base_new(struct placement_machine);

    machine->n_pus = n_pus;
    machine->n_cores = n_cores;
    machine->n_nodes = n_nodes;
    machine->n_devices = n_devices;
    machine->pus = base_new_array(struct placement_pu, n_pus + 1);
    machine->cores = base_new_array(struct placement_core, n_cores + 1);
    machine->nodes = base_new_array(struct placement_node, n_nodes + 1);
    machine->devices = base_new_array(struct placement_device, n_devices + 1);
    return machine;
}

void placement_machine_destroy(struct placement_machine *machine)
{
    if (!machine)
        return;
    base_free(machine->pus);
    base_free(machine->cores);
    base_free(machine->nodes);
    base_free(machine->devices);
    base_free(machine);
}

/* The fastest of the cores below `limit`. */
static int fastest_below(const struct placement_machine *machine, int limit)
{
    int most = 0;

    for (int i = 0; i < machine->n_cores; i++)
        if (machine->cores[i].capacity < limit && machine->cores[i].capacity > most)
            most = machine->cores[i].capacity;
    return most;
}

void placement_machine_merge_kinds(struct placement_machine *machine)
{
    int most = fastest_below(machine, INT32_MAX);
    int *merged = base_new_array(int, machine->n_cores + 1);

    for (int top = most; top > 0;) {
        int bottom = top - top / 10;

        for (int i = 0; i < machine->n_cores; i++) {
            int speed = machine->cores[i].capacity;

            if (speed <= top && speed >= bottom)
                merged[i] = (int)((int64_t)top * PLACEMENT_CAPACITY / most);
        }
        top = fastest_below(machine, bottom);
    }
    for (int i = 0; i < machine->n_cores; i++)
        machine->cores[i].capacity = merged[i] > 0 ? merged[i] : 1;
    base_free(merged);
}

/* ---- as bytes: between processes of one machine, so as they stand ---- */

struct head {
    int n_pus, n_cores, n_nodes, n_devices, n_all_pus;
    int zero; /* no byte undefined */
    struct placement_set usable;
};

static size_t packed_bytes(const struct head *head)
{
    return sizeof *head + (size_t)head->n_pus * sizeof(struct placement_pu) +
           (size_t)head->n_cores * sizeof(struct placement_core) +
           (size_t)head->n_nodes * sizeof(struct placement_node) +
           (size_t)head->n_devices * sizeof(struct placement_device);
}

void placement_machine_pack(const struct placement_machine *machine,
                            struct base_bytes *bytes)
{
    const struct head head = {machine->n_pus,     machine->n_cores,   machine->n_nodes,
                              machine->n_devices, machine->n_all_pus, 0,
                              machine->usable};

    base_bytes_append(bytes, &head, sizeof head);
    base_bytes_append(bytes, machine->pus, (size_t)head.n_pus * sizeof *machine->pus);
    base_bytes_append(bytes, machine->cores,
                      (size_t)head.n_cores * sizeof *machine->cores);
    base_bytes_append(bytes, machine->nodes,
                      (size_t)head.n_nodes * sizeof *machine->nodes);
    base_bytes_append(bytes, machine->devices,
                      (size_t)head.n_devices * sizeof *machine->devices);
}

static bool is_number(int n)
{
    return n >= 0 && n <= 1 << 20;
}

static void take(struct base_cursor *cursor, void *items, size_t size_bytes)
{
    const void *bytes = base_cursor_take(cursor, size_bytes);

    if (bytes && size_bytes)
        memcpy(items, bytes, size_bytes);
}

struct placement_machine *placement_machine_unpack(const void *data, size_t size_bytes)
{
    struct placement_machine *machine;
    struct base_cursor cursor;
    struct head head;

    if (size_bytes < sizeof head)
        return NULL;
    memcpy(&head, data, sizeof head);
    if (!is_number(head.n_pus) || !is_number(head.n_cores) ||
        !is_number(head.n_nodes) || !is_number(head.n_devices) ||
        packed_bytes(&head) != size_bytes)
        return NULL;
    machine = placement_machine_create(head.n_pus, head.n_cores, head.n_nodes,
                                       head.n_devices);
    machine->n_all_pus = head.n_all_pus;
    machine->usable = head.usable;
    base_cursor_init(&cursor, (const char *)data + sizeof head,
                     size_bytes - sizeof head);
    take(&cursor, machine->pus, (size_t)head.n_pus * sizeof *machine->pus);
    take(&cursor, machine->cores, (size_t)head.n_cores * sizeof *machine->cores);
    take(&cursor, machine->nodes, (size_t)head.n_nodes * sizeof *machine->nodes);
    take(&cursor, machine->devices, (size_t)head.n_devices * sizeof *machine->devices);
    return machine;
}

/* ---- questions ---- */

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t hash, const void *data, size_t size_bytes)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size_bytes; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t placement_machine_shape(const struct placement_machine *machine)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    hash = mix(hash, machine->pus, (size_t)machine->n_pus * sizeof *machine->pus);
    hash = mix(hash, machine->cores, (size_t)machine->n_cores * sizeof *machine->cores);
    for (int i = 0; i < machine->n_nodes; i++) {
        /* Two nodes of one kind differ by some pages that the firmware keeps. */
        uint64_t gibibytes = machine->nodes[i].size_bytes >> 30;

        hash = mix(hash, &machine->nodes[i].os_index, sizeof(int));
        hash = mix(hash, &gibibytes, sizeof gibibytes);
        hash = mix(hash, &machine->nodes[i].cpus, sizeof machine->nodes[i].cpus);
    }
    return mix(hash, &machine->n_devices, sizeof machine->n_devices);
}

int placement_machine_count_cores(const struct placement_machine *machine,
                                  const struct placement_set *cpus)
{
    int n = 0, last = -1;

    for (int i = 0; i < machine->n_pus; i++) {
        if (machine->pus[i].core == last ||
            !placement_set_has(cpus, machine->pus[i].os_index))
            continue;
        last = machine->pus[i].core;
        n++;
    }
    return n;
}

int placement_machine_core_of(const struct placement_machine *machine, int os_index)
{
    for (int i = 0; i < machine->n_pus; i++)
        if (machine->pus[i].os_index == os_index)
            return machine->pus[i].core;
    return -1;
}
