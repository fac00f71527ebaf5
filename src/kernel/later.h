/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_LATER_H
#define KERNEL_LATER_H

/*
 * Collectives that are no kernels, performed by a crew on the shadow of the team: calls
 * that make, load or save something. A request holds what the call was told, and its
 * operation makes the call again there.
 */

#include "kernel/kernel.h"
#include "troupe/array_file.h"

#define KERNEL_NOT_DONE "it was not done" /* a fault's text until there is one */

/* Starts a request, whose argument a task is to keep a copy of. `fault`: what will say
 * what was wrong, or NULL; until then it says that nothing was done. */
troupe_status kernel_call_later(troupe_actor *self,
                                struct kernel_request *request,
                                troupe_file_fault *fault,
                                troupe_task *task);

#endif
