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

/* Domains as rows of cores, each with its rank. */
void placement_draw_text(FILE *file, const struct placement_plan *plan);
/*
 * hwloc's drawing of the machine that the plan was made for, each PU in the colour of
 * its rank, as a text that is appended to `svg`. TROUPE_NOT_FOUND: the
 * program that draws is not installed; TROUPE_IO: it or hwloc failed; `why` says so.
 * Not once MPI is open.
 */
TROUPE_MUST_USE troupe_status placement_draw_svg(enum placement_source source,
                                                 const char *text,
                                                 const struct placement_plan *plan,
                                                 struct base_bytes *svg,
                                                 char *why,
                                                 size_t why_capacity);

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
