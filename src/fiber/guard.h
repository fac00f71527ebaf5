/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FIBER_GUARD_H
#define FIBER_GUARD_H

/*
 * What stops a stack from growing into its neighbour. In the order of preference:
 *   madvise   MADV_GUARD_INSTALL, Linux 6.13 and up: costs no mapping at all;
 *   mprotect  a page without rights: costs two mappings a stack, of which the kernel
 *             grants a process only vm.max_map_count, and others need some as well;
 *   none      the owner of the stack writes a canary and looks at it now and then.
 * Both kinds of page end the process with SIGSEGV at the first touch.
 */

#include "troupe/base.h"

enum fiber_guard_kind { FIBER_GUARD_NONE, FIBER_GUARD_MPROTECT, FIBER_GUARD_MADVISE };

struct fiber_guards {
    enum fiber_guard_kind best; /* what is tried first; falls, never rises */
    size_t page_bytes;
    uint64_t max_mappings; /* of the process */
    uint64_t n_granted;    /* mprotect guards that need no new look at the mappings */
};

/* max_mappings 0: what the kernel says. */
void fiber_guards_init(struct fiber_guards *guards,
                       enum fiber_guard_kind best,
                       uint64_t max_mappings);
/* Guards the page at `low`; says how. */
enum fiber_guard_kind fiber_guard_install(struct fiber_guards *guards, void *low);

#endif
