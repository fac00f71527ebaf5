/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_OPEN_H
#define PLACEMENT_OPEN_H

#include "placement/backend.h"

/* The devices that this process has open; `root` stands before the system's folders,
 * "" but in tests. Returns how many names there are. */
int placement_open_find(const char *root,
                        struct placement_device_name *names,
                        int most);

#endif
