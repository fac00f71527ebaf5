/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_FINDINGS_H
#define PLACEMENT_FINDINGS_H

/*
 * What is wrong with the placement of a node's ranks: from masks and pages as they are,
 * never from what variables say was wished. Each has a code for scripts, and advice.
 */

#include "placement/placement.h"

enum placement_code {
    PLACEMENT_SHARED_CORE = 1, /* PL01 */
    PLACEMENT_FEW_CORES,       /* PL02 */
    PLACEMENT_CROWDED,         /* PL03 */
    PLACEMENT_IDLE_DOMAIN,     /* PL04 */
    PLACEMENT_TWINS,           /* PL05 */
    PLACEMENT_REMOTE_PAGES,    /* PL06 */
    PLACEMENT_MEMORY_POLICY,   /* PL07 */
    PLACEMENT_MIXED_KINDS,     /* PL08 */
    PLACEMENT_QUOTA,           /* PL09 */
    PLACEMENT_UNEQUAL_NODES,   /* PL10 */
    PLACEMENT_BALANCING,       /* PL11 */
    PLACEMENT_OTHER_JOB,       /* PL12 */
    PLACEMENT_IMBALANCE,       /* PL13 */
    PLACEMENT_REMOTE_DEVICE,   /* PL14 */
    PLACEMENT_END_CODES
};

/* One rank of the node, as it is. Plain data, so that it is sent as it stands. */
struct placement_fact {
    int rank; /* of the job */
    int n_workers;
    struct placement_set mask;
    struct placement_set memory_nodes;
    int n_pages,
        n_remote_pages; /* of a sample that workers touched; 0: not looked at */
    struct placement_set devices; /* of the machine's, which it uses */
    int n_switches; /* involuntary, of a moment's work alone; -1: not looked at */
    bool has_memory_policy; /* other than the usual one */
};

/* Of the whole node. */
struct placement_host {
    double quota_cores; /* of the control group; 0: none */
    bool is_balancing;  /* the kernel moves pages */
    bool is_unequal;    /* another node of the job is another machine */
};

struct placement_finding {
    enum placement_code code;
    bool is_warning; /* else a note, for who asks */
    char text[240];
    const char *advice;
};

struct placement_findings {
    int n_items;
    struct placement_finding items[PLACEMENT_END_CODES];
};

/* `plan`: what the ranks were to have, or NULL. At most one finding of each code. */
void placement_find(const struct placement_machine *machine,
                    const struct placement_fact *facts,
                    int n_ranks,
                    const struct placement_host *host,
                    const struct placement_plan *plan,
                    struct placement_findings *findings);
/* Of a plan alone, as if its ranks ran so. */
void placement_find_in_plan(const struct placement_plan *plan,
                            struct placement_findings *findings);
const char *placement_advice(enum placement_code code);

#endif
