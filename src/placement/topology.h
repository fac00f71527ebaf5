/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_TOPOLOGY_H
#define PLACEMENT_TOPOLOGY_H

/* What knows hwloc shares: read.c and picture.c. Only in builds that have it. */

#include "placement/placement.h"
#include <hwloc.h>

/* 0: loaded. */
int placement_topology_load(hwloc_topology_t topology,
                            enum placement_source source,
                            const char *text,
                            bool with_devices);

#endif
