/* SPDX-License-Identifier: BSD-3-Clause */
#ifdef TROUPE_HAVE_HWLOC
#include "placement/topology.h"

/*
 * The class of a device on the bus is all that we ask, and Linux itself tells it. The
 * vendors' libraries take long to start, and some of those leak.
 */
static void leave_vendors_out(hwloc_topology_t topology)
{
    static const char *const names[] = {"pci",  "opencl", "cuda",     "nvml",
                                        "rsmi", "gl",     "levelzero"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)hwloc_topology_set_components(
            topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, names[i]);
}

int placement_topology_load(hwloc_topology_t topology,
                            enum placement_source source,
                            const char *text,
                            bool with_devices)
{
    leave_vendors_out(topology);
    if (source == PLACEMENT_XML && hwloc_topology_set_xml(topology, text) != 0)
        return -1;
    if (source == PLACEMENT_SYNTHETIC &&
        hwloc_topology_set_synthetic(topology, text) != 0)
        return -1;
    hwloc_topology_set_io_types_filter(topology, with_devices
                                                     ? HWLOC_TYPE_FILTER_KEEP_IMPORTANT
                                                     : HWLOC_TYPE_FILTER_KEEP_NONE);
    return hwloc_topology_load(topology);
}

#else
typedef int placement_topology_is_hwlocs; /* a file must not be empty */
#endif
