/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_BACKEND_H
#define PLACEMENT_BACKEND_H

/*
 * What is asked of the system, as a table of functions, so that a test shows what would
 * be done on a machine that is not there. Each gives 0, or an errno. By Linux's own
 * calls and not hwloc's: a rank that was sent its machine has no topology to give them.
 */

#include "placement/placement.h"

/* As placement_device has it: address on the bus, or what the system calls it. */
struct placement_device_name {
    char text[24];
};

struct placement_system {
    /* PUs that the calling thread may run on. */
    int (*get_mask)(const struct placement_system *system, struct placement_set *mask);
    /* All threads of the process that there are: MPI has started its own. */
    int (*bind_process)(const struct placement_system *system,
                        const struct placement_set *cpus);
    int (*bind_thread)(const struct placement_system *system,
                       const struct placement_set *cpus);
    /* For the calling thread and those that it starts; never with PLACEMENT_TOUCH. */
    int (*set_memory)(const struct placement_system *system,
                      enum placement_use use,
                      const struct placement_set *nodes);
    /* Nodes that memory of the calling thread is bound to; empty: it is not. */
    int (*get_memory)(const struct placement_system *system,
                      struct placement_set *nodes);
    /* The node of each page; below 0: none yet. */
    int (*find_pages)(const struct placement_system *system,
                      void **pages,
                      int n_pages,
                      int *nodes);
    /* Devices that this process uses, by name; returns how many, at most `most`. */
    int (*list_devices)(const struct placement_system *system,
                        struct placement_device_name *names,
                        int most);
};

extern const struct placement_system placement_linux;

#endif
