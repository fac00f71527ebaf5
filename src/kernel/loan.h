/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_LOAN_H
#define KERNEL_LOAN_H

/*
 * Memory of an operation. A process may be stopped wherever it waits, and nothing is
 * unwound then; so what an operation holds while it may wait is lent to its process,
 * and comes back at the latest with its end.
 */

#include "numeric/tree.h"
#include "troupe/base.h"

struct kernel_run;
struct kernel_rank;

/* Not zeroed, aligned to 16; NULL: no memory. Any thread may use it. */
void *kernel_lend(const troupe_actor *owner, size_t size_bytes);
/* Likewise to the process that performs the run. */
void *kernel_take(struct kernel_run *run, size_t size_bytes);
/* Zeroed; for what a member cannot take part without: it tries again and again, and
 * ends the rank at last, for the other members would wait. */
void *kernel_need(struct kernel_run *run, size_t size_bytes);
/* Of any of these; tolerates NULL. */
void kernel_give(void *bytes);

/* Without memory for its nodes *mine becomes TROUPE_NO_MEMORY, if it is TROUPE_OK, and
 * the carrier serves to tell the others so: kernel_combine_carriers(). */
struct numeric_carrier *kernel_take_carrier(struct kernel_run *run,
                                            const struct numeric_tree *tree,
                                            int64_t begin,
                                            troupe_status *mine);

/* Zeroed; if it is much, pages of its own, large ones where there are any. NULL: no
 * memory. The rank keeps some pages that came back, 16 MiB at most. */
struct kernel_pages {
    void *bytes;
    size_t size_bytes;
    struct kernel_rank *here;
};
struct kernel_pages *kernel_take_pages(struct kernel_run *run, size_t size_bytes);

/* The actor's life is over (NULL: everybody's). */
void kernel_loans_end(struct kernel_rank *here, const troupe_actor *owner);
/* Then what was kept of them. */
void kernel_spare_end(struct kernel_rank *here);

#endif
