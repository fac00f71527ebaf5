/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_READ_H
#define PLACEMENT_READ_H

/* Between read.c and apart.c. */

#include "placement/placement.h"

/* placement_read, which says on `progress` (a pipe, or -1) that hwloc has done its
 * part: whoever dies after that is us. */
troupe_status placement_read_telling(enum placement_source source,
                                     const char *text,
                                     bool with_devices,
                                     int progress,
                                     struct placement_machine **machine,
                                     char *why,
                                     size_t why_capacity);

#endif
