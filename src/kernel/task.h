/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

/*
 * Operations that go on while their caller does something else. Each process that
 * starts any has a crew for each of its teams: a process of ours that performs them one
 * after the other, on a shadow of the team, so that the caller's own operations on the
 * team are not in their way.
 *
 * On the shadow, members of which one starts a task and another calls the operation
 * directly would never meet. So a start is also an operation in the row of the team
 * itself, for which nobody waits before he asks for the task: where another member did
 * something else, or has ended, all hear so there, and the task ends with that.
 */

#include "kernel/kernel.h"
#include <stddef.h>

struct kernel_crew {
    struct base_list node;  /* in here->crews */
    struct base_list tasks; /* started, the first is being done */
    troupe_actor *owner;
    troupe_actor *worker; /* NULL: its life is over */
    bool has_begun;       /* it runs; before, only want of memory ends it */
    troupe_team *team;    /* the owner's */
};

struct kernel_task {
    struct base_list node; /* in its crew's, until it is done */
    uint64_t number;
    troupe_actor *owner;
    struct kernel_request request;
    troupe_team *team;          /* the owner's */
    troupe_operation start;     /* in it */
    troupe_status start_status; /* TROUPE_PENDING: the owner has not asked */
    troupe_status mine, status;
    bool is_done;
    struct actor_wait *waiter; /* the owner's, while it waits for this task */
    max_align_t argument[];    /* a copy, where the request asks for it */
};

extern const troupe_behavior kernel_crew_behavior;

/* Waits until no task that was started reads what the request writes, or writes what it
 * reads. */
void kernel_wait_for_conflicts(troupe_actor *self,
                               const struct kernel_request *request);

/* The actor's life is over (NULL: everybody's). The first before its arrays go. */
void kernel_owner_ended(struct kernel_rank *here, const troupe_actor *owner);
void kernel_worker_ended(struct kernel_rank *here, const troupe_actor *worker);

#endif
