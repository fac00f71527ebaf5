/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement/read.h"
#include <stdio.h>

/* hwloc's topology as plain data. */

#ifdef TROUPE_HAVE_HWLOC
#include "base/alloc.h"
#include "placement/machine.h"
#include "placement/topology.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- cores and PUs ---- */

static int
index_of_ancestor(hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_obj_t object)
{
    hwloc_obj_t ancestor = hwloc_get_ancestor_obj_by_type(topology, type, object);

    return ancestor ? (int)ancestor->logical_index : -1;
}

/* PUs of one core follow each other in logical order. */
static void read_cores(hwloc_topology_t topology, struct placement_machine *machine)
{
    hwloc_obj_t last = NULL;

    for (int i = 0; i < machine->n_pus; i++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PU, (unsigned)i);
        hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);

        if (!core || core != last)
            machine->cores[machine->n_cores++] = (struct placement_core){
                .package = index_of_ancestor(topology, HWLOC_OBJ_PACKAGE, pu),
                .l3 = index_of_ancestor(topology, HWLOC_OBJ_L3CACHE, pu),
                .capacity = PLACEMENT_CAPACITY,
            };
        last = core;
        machine->pus[i] = (struct placement_pu){.os_index = (int)pu->os_index,
                                                .core = machine->n_cores - 1};
    }
}

/* ---- kinds of cores ---- */

/* What Linux or the vendor says of a kind's speed, in any unit; 0: nothing. */
static int speed_of(const struct hwloc_info_s *infos, unsigned n_infos)
{
    static const char *const names[] = {"LinuxCapacity", "FrequencyMaxMHz"};

    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        for (unsigned i = 0; i < n_infos; i++)
            if (strcmp(infos[i].name, names[n]) == 0)
                return atoi(infos[i].value);
    return 0;
}

static void
read_kind(hwloc_topology_t topology, unsigned kind, struct placement_machine *machine)
{
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    struct hwloc_info_s *infos = NULL;
    unsigned n_infos = 0;
    int efficiency = -1;

    if (cpus && hwloc_cpukinds_get_info(topology, kind, cpus, &efficiency, &n_infos,
                                        &infos, 0) == 0) {
        int speed = speed_of(infos, n_infos);

        for (int i = 0; i < machine->n_pus && speed > 0; i++)
            if (hwloc_bitmap_isset(cpus, (unsigned)machine->pus[i].os_index))
                machine->cores[machine->pus[i].core].capacity = speed;
    }
    hwloc_bitmap_free(cpus);
}

static void read_kinds(hwloc_topology_t topology, struct placement_machine *machine)
{
    int n_kinds = hwloc_cpukinds_get_nr(topology, 0);

    for (int kind = 0; kind < n_kinds; kind++)
        read_kind(topology, (unsigned)kind, machine);
    if (n_kinds > 1)
        placement_machine_merge_kinds(machine);
    else
        for (int i = 0; i < machine->n_cores; i++)
            machine->cores[i].capacity = PLACEMENT_CAPACITY;
}

/* ---- memory ---- */

/* False: a member that is too large for us. */
static bool read_set(hwloc_const_bitmap_t bitmap, struct placement_set *set)
{
    memset(set, 0, sizeof *set);
    if (!bitmap || hwloc_bitmap_weight(bitmap) < 0)
        return !bitmap;
    for (int i = hwloc_bitmap_first(bitmap); i >= 0; i = hwloc_bitmap_next(bitmap, i)) {
        if (i >= PLACEMENT_MOST_PUS)
            return false;
        placement_set_add(set, i);
    }
    return true;
}

/* HBM has no mark on many machines: there it is known by standing second (domains.c).
 */
static enum placement_memory memory_of(const char *subtype)
{
    static const char *const special[] = {"NVM", "SPM", "CXL-DRAM"};

    if (!subtype)
        return PLACEMENT_MEMORY_USUAL;
    if (strcasecmp(subtype, "GPUMemory") == 0)
        return PLACEMENT_MEMORY_GPU;
    if (strcasecmp(subtype, "HBM") == 0 || strcasecmp(subtype, "MCDRAM") == 0)
        return PLACEMENT_MEMORY_HBM;
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (strcasecmp(subtype, special[i]) == 0)
            return PLACEMENT_MEMORY_SPECIAL;
    return PLACEMENT_MEMORY_USUAL;
}

/* A node's own set is right, whatever stands above it: memory caches have none. */
static bool read_nodes(hwloc_topology_t topology, struct placement_machine *machine)
{
    for (int i = 0; i < machine->n_nodes; i++) {
        hwloc_obj_t object =
            hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, (unsigned)i);
        struct placement_node *node = &machine->nodes[i];

        node->os_index = (int)object->os_index;
        node->memory = memory_of(object->subtype);
        node->size_bytes = object->attr->numanode.local_memory;
        if (object->os_index >= PLACEMENT_MOST_PUS ||
            !read_set(object->cpuset, &node->cpus))
            return false;
    }
    return true;
}

/* ---- devices ---- */

enum {
    CLASS_VGA = 0x0300,
    CLASS_3D = 0x0302,
    CLASS_DISPLAY = 0x0380,
    CLASS_ACCELERATOR = 0x1200,
    CLASS_ETHERNET = 0x0200,
    CLASS_INFINIBAND = 0x0207,
    VENDOR_NVIDIA = 0x10de,
    VENDOR_AMD = 0x1002,
    VENDOR_CRAY = 0x17db
};

/* A VGA of another vendor is the picture of a service processor. */
static bool is_gpu(const struct hwloc_pcidev_attr_s *pci)
{
    bool is_vendor = pci->vendor_id == VENDOR_NVIDIA || pci->vendor_id == VENDOR_AMD;

    return pci->class_id == CLASS_3D || pci->class_id == CLASS_DISPLAY ||
           pci->class_id == CLASS_ACCELERATOR ||
           (pci->class_id == CLASS_VGA && is_vendor);
}

/* The fabrics of large machines; the Ethernet of a service network is none. */
static bool is_fabric(const struct hwloc_pcidev_attr_s *pci)
{
    return pci->class_id == CLASS_INFINIBAND ||
           (pci->class_id == CLASS_ETHERNET && pci->vendor_id == VENDOR_CRAY);
}

static void name_device(hwloc_obj_t object, struct placement_device *device)
{
    const struct hwloc_pcidev_attr_s *pci = &object->attr->pcidev;

    snprintf(device->name, sizeof device->name, "%04x:%02x:%02x.%x",
             (unsigned)pci->domain & 0xffff, pci->bus, pci->dev, pci->func);
    for (hwloc_obj_t child = object->io_first_child; child; child = child->next_sibling)
        if (device->kind == PLACEMENT_DEVICE_NIC &&
            child->type == HWLOC_OBJ_OS_DEVICE && child->name &&
            child->attr->osdev.type == HWLOC_OBJ_OSDEV_OPENFABRICS)
            snprintf(device->name, sizeof device->name, "%.20s", child->name);
}

static bool read_locality(hwloc_obj_t object, struct placement_set *cpus)
{
    while (object && (!object->cpuset || hwloc_bitmap_iszero(object->cpuset)))
        object = object->parent;
    return object && read_set(object->cpuset, cpus);
}

static bool read_device(hwloc_obj_t object, struct placement_machine *machine)
{
    struct placement_device *device = &machine->devices[machine->n_devices];
    bool gpu = is_gpu(&object->attr->pcidev);

    if (!gpu && !is_fabric(&object->attr->pcidev))
        return true;
    device->kind = gpu ? PLACEMENT_DEVICE_GPU : PLACEMENT_DEVICE_NIC;
    name_device(object, device);
    machine->n_devices++;
    return read_locality(object->parent, &device->cpus);
}

static bool read_devices(hwloc_topology_t topology, struct placement_machine *machine)
{
    hwloc_obj_t object = NULL;

    while ((object = hwloc_get_next_pcidev(topology, object)))
        if (!read_device(object, machine))
            return false;
    return true;
}

/* ---- a topology ---- */

static int number_of(hwloc_topology_t topology, hwloc_obj_type_t type)
{
    int n = hwloc_get_nbobjs_by_type(topology, type);

    return n > 0 ? n : 0;
}

/* What hwloc lets us use may be less than what it shows, where it was told to show all.
 */
static bool read_usable(hwloc_topology_t topology, struct placement_machine *machine)
{
    const struct placement_set *usable = &machine->usable;
    int n_all = hwloc_bitmap_weight(hwloc_topology_get_complete_cpuset(topology));
    struct placement_set present = {{0}};

    if (!read_set(hwloc_topology_get_allowed_cpuset(topology), &machine->usable))
        return false;
    for (int i = 0; i < machine->n_pus; i++)
        placement_set_add(&present, machine->pus[i].os_index);
    placement_set_meet(&machine->usable, &present);
    machine->n_all_pus = n_all > machine->n_pus ? n_all : machine->n_pus;
    return !placement_set_is_empty(usable);
}

static bool has_small_numbers(hwloc_topology_t topology, int n_pus)
{
    for (int i = 0; i < n_pus; i++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PU, (unsigned)i);

        if (!pu || pu->os_index >= PLACEMENT_MOST_PUS)
            return false;
    }
    return n_pus > 0;
}

static struct placement_machine *read_topology(hwloc_topology_t topology)
{
    int n_pus = number_of(topology, HWLOC_OBJ_PU);
    int n_nodes = number_of(topology, HWLOC_OBJ_NUMANODE);
    struct placement_machine *machine;

    if (!has_small_numbers(topology, n_pus))
        return NULL;
    machine = placement_machine_create(n_pus, n_pus, n_nodes,
                                       number_of(topology, HWLOC_OBJ_PCI_DEVICE));
    machine->n_cores = 0;
    machine->n_devices = 0;
    read_cores(topology, machine);
    read_kinds(topology, machine);
    if (read_nodes(topology, machine) && read_devices(topology, machine) &&
        read_usable(topology, machine))
        return machine;
    placement_machine_destroy(machine);
    return NULL;
}

static const char *complaint(enum placement_source source, bool is_loaded)
{
    static const char *const unread[] = {
        [PLACEMENT_THIS_MACHINE] = "hwloc cannot read this machine",
        [PLACEMENT_XML] = "hwloc cannot read this file",
        [PLACEMENT_SYNTHETIC] = "hwloc does not understand this description",
    };

    return is_loaded
               ? "it has no PU that may be used, or numbers of PUs or nodes beyond "
                 "4095"
               : unread[source];
}

static struct placement_machine *read_or_complain(hwloc_topology_t topology,
                                                  enum placement_source source,
                                                  const char *text,
                                                  bool with_devices,
                                                  int progress,
                                                  const char **why)
{
    struct placement_machine *machine;

    *why = complaint(source, false);
    if (placement_topology_load(topology, source, text, with_devices) != 0)
        return NULL;
    if (progress >= 0 && write(progress, "L", 1) != 1)
        return NULL;
    if (source == PLACEMENT_THIS_MACHINE && !hwloc_topology_is_thissystem(topology)) {
        *why = "a variable HWLOC_* in the environment makes hwloc show another machine";
        return NULL;
    }
    machine = read_topology(topology);
    if (!machine)
        *why = complaint(source, true);
    return machine;
}

bool placement_can_read(void)
{
    return true;
}

troupe_status placement_read_telling(enum placement_source source,
                                     const char *text,
                                     bool with_devices,
                                     int progress,
                                     struct placement_machine **machine,
                                     char *why,
                                     size_t why_capacity)
{
    hwloc_topology_t topology;
    const char *reason = "no memory for hwloc's topology";

    *machine = NULL;
    if (hwloc_topology_init(&topology) == 0) {
        *machine =
            read_or_complain(topology, source, text, with_devices, progress, &reason);
        hwloc_topology_destroy(topology);
    }
    if (!*machine)
        snprintf(why, why_capacity, "%s", reason);
    return *machine ? TROUPE_OK : TROUPE_INVALID;
}

#else

bool placement_can_read(void)
{
    return false;
}

troupe_status placement_read_telling(enum placement_source source,
                                     const char *text,
                                     bool with_devices,
                                     int progress,
                                     struct placement_machine **machine,
                                     char *why,
                                     size_t why_capacity)
{
    (void)source;
    (void)text;
    (void)with_devices;
    (void)progress;
    *machine = NULL;
    snprintf(why, why_capacity, "this build of Troupe is without hwloc");
    return TROUPE_NOT_FOUND;
}

#endif

troupe_status placement_read(enum placement_source source,
                             const char *text,
                             bool with_devices,
                             struct placement_machine **machine,
                             char *why,
                             size_t why_capacity)
{
    return placement_read_telling(source, text, with_devices, -1, machine, why,
                                  why_capacity);
}
