/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_TWIN_H
#define KERNEL_TWIN_H

/*
 * A request's twin: the same on copies of its arrays that are cut otherwise, so that
 * blocks lie at other places and many of them on other members. Nothing that the caller
 * has is moved for it.
 */

#include "kernel/kernel.h"

struct kernel_twins {
    struct kernel_request request; /* on the copies */
    const struct array *of[2 * TROUPE_MOST_ARRAYS];
    struct array *copies[2 * TROUPE_MOST_ARRAYS];
    int n;
};

/* Copies all arrays; of those that are written to, `out` has the elements of this
 * member's parts. Collective; what was made is to be freed whatever the status. */
troupe_status kernel_twins_make(struct kernel_run *run,
                                const struct kernel_request *request,
                                unsigned char *const *out,
                                struct kernel_twins *twins);
/* What was written to the copies comes into the arrays themselves. Collective. */
troupe_status kernel_twins_bring_back(struct kernel_run *run,
                                      const struct kernel_request *request,
                                      const struct kernel_twins *twins);
void kernel_twins_free(struct kernel_run *run, struct kernel_twins *twins);

#endif
