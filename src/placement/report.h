/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_REPORT_H
#define PLACEMENT_REPORT_H

/* A plan for people, for programs, as pictures, and as launchers' options. */

#include "placement/findings.h"
#include <stdio.h>

void placement_print_table(FILE *file,
                           const struct placement_plan *plan,
                           const struct placement_findings *findings);
void placement_print_json(FILE *file,
                          const struct placement_plan *plan,
                          const struct placement_findings *findings);
void placement_print_findings(FILE *file, const struct placement_findings *findings);
void placement_print_findings_json(FILE *file,
                                   const struct placement_findings *findings);

/* Domains as rows or boxes of cores, each with its rank. */
void placement_draw_text(FILE *file, const struct placement_plan *plan);
void placement_draw_svg(FILE *file, const struct placement_plan *plan);

enum placement_launcher {
    PLACEMENT_MPIRUN,
    PLACEMENT_SRUN,
    PLACEMENT_RANKFILE,
    PLACEMENT_N_LAUNCHERS
};

/* What makes the launcher give this plan on each node. TROUPE_REFUSED: it cannot, as
 * `why` says. */
TROUPE_MUST_USE troupe_status placement_emit(FILE *file,
                                             enum placement_launcher launcher,
                                             const struct placement_plan *plan,
                                             char *why,
                                             size_t why_capacity);

#endif
