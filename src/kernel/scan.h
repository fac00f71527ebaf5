/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_SCAN_H
#define KERNEL_SCAN_H

#include "kernel/kernel.h"

/* The running sums of real numbers at level EXACT; words[1] of the request says whether
 * without the element itself. */
troupe_status kernel_scan_exactly(struct kernel_run *run,
                                  const struct kernel_request *request,
                                  troupe_status mine);

#endif
