/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_MACHINE_H
#define PLACEMENT_MACHINE_H

/* How read.c makes a machine. */

#include "placement/placement.h"

enum { PLACEMENT_CAPACITY = 1000 };

/* Zeroed, with room for so many of each, which is also their number. */
struct placement_machine *
placement_machine_create(int n_pus, int n_cores, int n_nodes, int n_devices);

/*
 * Capacities come in any unit and go out of PLACEMENT_CAPACITY. Kinds within 10 % of
 * the fastest of them are one: a chip may name five kinds of cores that run at 997,
 * 1017 and 1024, and "the fastest kind" is then a single core.
 */
void placement_machine_merge_kinds(struct placement_machine *machine);

#endif
