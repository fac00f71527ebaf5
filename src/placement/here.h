/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PLACEMENT_HERE_H
#define PLACEMENT_HERE_H

/*
 * The placement of one rank that runs: what the launcher gave and whether somebody
 * asked for it, what is to be done with that, and the doing. Hangs in
 * BASE_SLOT_PLACEMENT; where that is empty (the simulator), nothing is placed.
 */

#include "base/module.h"
#include "placement/backend.h"
#include "placement/findings.h"

typedef const char *placement_environment_fn(const char *name); /* as getenv */

/* Whose wish the mask is that a rank starts with. */
enum placement_origin {
    PLACEMENT_ALONE,    /* no launcher: one process by hand */
    PLACEMENT_UNKNOWN,  /* a launcher that leaves no sign, taskset */
    PLACEMENT_DEFAULT,  /* the launcher's, for nobody said anything */
    PLACEMENT_ASKED,    /* the user told the launcher */
    PLACEMENT_ASKED_NOT /* the user told the launcher to leave ranks alone */
};
enum placement_origin placement_origin_find(placement_environment_fn *environment);

/* What each rank of a node says of itself, in the order of their numbers. */
struct placement_card {
    int rank; /* of the job */
    enum placement_origin origin;
    int n_workers; /* asked for; 0: not */
    struct placement_set mask;
};

/* What TROUPE_PLACE says. */
struct placement_wish {
    enum placement_policy policy;
    bool is_quiet, has_report;
    bool wants_machine; /* though there may be nothing to plan */
    int smt;
    enum placement_use use;
};
/* Words parted by commas: a policy, quiet, report, smt=N, memory=USE. False: no such
 * word. */
bool placement_wish_parse(const char *text, struct placement_wish *wish);

/* Whether the machine must be known at all; the same for all ranks of the node, which
 * has `n_online` PUs. */
bool placement_needs_machine(const struct placement_card *cards,
                             int n_ranks,
                             int n_online,
                             const struct placement_wish *wish);

struct placement_here {
    const struct placement_system *system;
    struct placement_machine *machine; /* NULL: not needed, or cannot be read */
    struct placement_plan *plan;       /* NULL: nothing to be done */
    int index;                         /* of this rank on the node */
    int n_ranks;                       /* on the node */
    bool is_obeyed;                    /* the mask was somebody's wish and stays */
    bool binds_workers;
    int n_workers; /* what the plan has for who has not asked; 1 at least */
};

static inline struct placement_here *placement_of(const struct troupe *rank)
{
    return rank->slot[BASE_SLOT_PLACEMENT];
}

/* The plan for a node's ranks; takes the machine, which may be NULL. Never fails: where
 * nothing can be planned there is no plan. The same on all ranks but for `index`. */
struct placement_here *placement_here_create(const struct placement_system *system,
                                             struct placement_machine *machine,
                                             const struct placement_card *cards,
                                             int n_ranks,
                                             int index,
                                             const struct placement_wish *wish);
void placement_here_destroy(struct placement_here *here); /* tolerates NULL */

/* Binds the process as planned; before it allocates anything. 0, or an errno. */
int placement_here_bind(const struct placement_here *here);
/*
 * Binds what the process is going to touch first to the rank's nodes. Where somebody
 * else has bound memory (numactl), that stays; so does that of ranks whose masks are
 * obeyed, unless memory is wished for. 0, or an errno.
 */
int placement_here_bind_memory(const struct placement_here *here);
/* Binds the calling thread as worker `worker`; `here` may be NULL. `before`, unless
 * that is NULL, gets its mask, to go back to. False: it stays as it was. */
bool placement_here_enter(const struct placement_here *here,
                          int worker,
                          struct placement_set *before);
void placement_here_leave(const struct placement_here *here,
                          const struct placement_set *before);

/* What this rank really has; works for a moment on its core. */
struct placement_fact placement_look(const struct placement_here *here,
                                     const struct placement_card *card);
struct placement_set placement_nodes_near(const struct placement_machine *machine,
                                          const struct placement_set *cpus);

/* What is wrong on this node as the ranks' masks now are. */
void placement_here_find(const struct placement_here *here,
                         const struct placement_card *cards,
                         const struct placement_host *host,
                         struct placement_findings *findings);
/* One line on what was done. */
void placement_here_describe(const struct placement_here *here,
                             const struct placement_card *cards,
                             char *text,
                             size_t capacity);

/* The control group's limit of time, and the kernel's balancing of pages; `root` stands
 * before the system's folders, "" but in tests. */
void placement_host_read(const char *root, struct placement_host *host);

#endif
