/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_LOOP_H
#define JOB_LOOP_H

#include "job/supervisor.h"

/* Has signals come by descriptor. False: errno says why. */
bool job_signals_open(struct job_supervisor *supervisor);
/* Until the machine is over. */
void job_loop(struct job_supervisor *supervisor);

#endif
