/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

/*
 * Operations on whole arrays: numeric does the arithmetic of a part, array_work() calls
 * it by the rank's threads, team brings the parts together.
 *
 * A public function fills in a request and gives it to kernel_call(). The operation's
 * perform() then runs in the calling process or, for a task, in a process of our own
 * (task.c), in either case on all members alike, and agrees on one status. What is no
 * kernel comes the same way if it is to go on later (later.c).
 */

#include "array/array.h"
#include "array/work.h"
#include "kernel/loan.h"
#include "numeric/environment.h"
#include "numeric/exact.h"
#include "numeric/isa.h"
#include "numeric/reduce.h"
#include "troupe/kernel.h"
#include "troupe/reduce.h"

struct kernel_rank {
    struct actor_rank *home;
    const struct numeric_isa *isa;
    bool is_checking;      /* TROUPE_CHECK */
    struct base_map tasks; /* by number: struct kernel_task */
    struct base_list crews;
    struct base_list loans;
    struct kernel_pages spare; /* for the next who wants some */
    uint64_t n_tasks;          /* ever started */
};

struct kernel_request;

/* Who performs a request, and how often it was done before. */
struct kernel_run {
    struct kernel_rank *here;
    troupe_actor *self;
    troupe_team *team;
    bool is_again;        /* the check: in other tasks and another order */
    bool has_odd_modes;   /* a task left other floating-point modes behind */
    uint64_t fingerprint; /* of the request: the same on all members */
    /* New arrays: of the process that performs the request, until all is done. */
    struct array *made[TROUPE_MOST_ARRAYS];
    int n_made;
};

/* How an array that is part of something more is copied with other cuts. */
struct kernel_twin_kind {
    troupe_status (*make)(struct kernel_run *run,
                          const struct array *array,
                          const int64_t *cuts,
                          struct array **copy);
    void (*free)(struct kernel_run *run, struct array *copy);
};

struct kernel_operation {
    const char *name;
    unsigned levels;           /* a bit for each that it has */
    const char *expression[4]; /* by level */
    bool has_own_shapes;       /* checks itself whether its arrays match */
    bool is_bound_to_cut;      /* what else it reads is cut as its arrays */
    const struct kernel_twin_kind
        *twin_kind; /* of its arrays; NULL: they are no more */
    /* Gives the same status on all members; `mine` is what is wrong here already. */
    troupe_status (*perform)(struct kernel_run *run,
                             const struct kernel_request *request,
                             troupe_status mine);
    /* Of a call that is no kernel, instead: makes the call, when all members have
     * agreed that they want the same; the same status again. Nothing is checked. */
    troupe_status (*call)(struct kernel_run *run, const struct kernel_request *request);
};

struct kernel_request {
    const struct kernel_operation *operation;
    troupe_how how;
    troupe_team *team; /* whose it is, if no array says so */
    struct array *in[TROUPE_MOST_ARRAYS], *out[TROUPE_MOST_ARRAYS];
    int n_in, n_out;
    const troupe_kernel *kernel; /* a user's; NULL: none */
    const void *argument;
    size_t argument_bytes; /* not 0: a task keeps a copy of the argument */
    void *result;
    size_t result_bytes;
    troupe_array *made; /* where the names of new arrays go; NULL: there are none */
    uint64_t words[4];  /* what else the operation was told; must agree */
};

#define KERNEL_LEVEL(level) (1u << (level))
enum {
    KERNEL_TREE_LEVELS =
        KERNEL_LEVEL(TROUPE_LEVEL_TREE) | KERNEL_LEVEL(TROUPE_LEVEL_FAST),
    KERNEL_ALL_LEVELS = 15
};

extern const struct base_module kernel_module;
/* Hears of an end before the arrays, on which somebody may still work for the actor. */
extern const struct base_module kernel_first_module;

static inline struct kernel_rank *kernel_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_KERNEL];
}

/* ---- call.c ------------------------------------------------------------------- */

/* The first array of a request, which says length, cut and team. */
static inline struct array *kernel_main_array(const struct kernel_request *request)
{
    return request->n_in > 0 ? request->in[0] : request->out[0];
}

/* Whose operation it is. */
static inline troupe_team *kernel_team(const struct kernel_request *request)
{
    return request->team ? request->team : kernel_main_array(request)->team;
}

/* Finds the arrays of a call by their ids; one that is not the caller's ends it. */
void kernel_take_in(troupe_actor *self,
                    struct kernel_request *request,
                    troupe_array id);
void kernel_take_out(troupe_actor *self,
                     struct kernel_request *request,
                     troupe_array id);
void kernel_take_arrays(troupe_actor *self,
                        struct kernel_request *request,
                        const troupe_arrays *arrays);

/* TROUPE_INVALID, said once in the team's log. */
troupe_status kernel_refuse(const struct kernel_rank *here,
                            const struct kernel_request *request,
                            const char *why);

/* Performs a request, or starts it. `mine`: what the public function found wrong with
 * the arguments. */
troupe_status kernel_call(troupe_actor *self,
                          const struct kernel_request *request,
                          troupe_status mine);
/* In the running process; the arrays stay the caller's. */
troupe_status kernel_perform(troupe_actor *self,
                             troupe_team *team,
                             const struct kernel_request *request,
                             troupe_status mine);

/* Frees the new arrays of a run. */
void kernel_made_free(struct kernel_run *run);

/* ---- map.c -------------------------------------------------------------------- */

/* What the flags of a user's file do to the bits of its kernel, or `no_probe` where
 * nothing can tell; NULL: they do nothing. */
const char *kernel_find_fault(const troupe_kernel *kernel, const char *no_probe);

/* ---- task.c ------------------------------------------------------------------- */

troupe_status kernel_start(troupe_actor *self,
                           const struct kernel_request *request,
                           troupe_status mine);

/* ---- check.c ------------------------------------------------------------------ */

/* Performs it again in another order and on other cuts, and compares. */
troupe_status kernel_check(struct kernel_run *run,
                           const struct kernel_request *request,
                           troupe_status mine);

/* ---- sum.c -------------------------------------------------------------------- */

/* The sum over in[0], or of products with in[1], at the request's level. */
troupe_status kernel_sum(struct kernel_run *run,
                         const struct kernel_request *request,
                         troupe_status mine,
                         double *sum);

/* ---- work.c ------------------------------------------------------------------- */

/* array_work() with the floating-point environment as it must be in each task. */
void kernel_work(struct kernel_run *run,
                 int64_t n_tasks,
                 array_task_fn *task,
                 void *context);
/* Likewise; and of equal runs of tasks, as many as a multiple of the threads, each is
 * done by one thread in rising order, so that a task may go on from the one before. */
void kernel_work_rising(struct kernel_run *run,
                        int64_t n_tasks,
                        array_task_fn *task,
                        void *context);

/* ---- counts.c ----------------------------------------------------------------- */

/* How many of an array's elements there are of each of n kinds, counted by n_rows. */
struct kernel_counts {
    uint32_t *mine; /* by row and kind; the first row is changed */
    uint64_t *room; /* by kind */
    size_t n, n_rows;
    bool is_long;             /* 32 bits do not count all members' */
    const struct array *onto; /* who gets which totals; NULL: everybody all */
};
/* `mine` is zeroed. */
struct kernel_counts kernel_counts_make(
    const struct array *array, uint32_t *mine, size_t n_rows, uint64_t *room, size_t n);
/* What was counted so far, so that 32 bits suffice for more; only if it is long. */
void kernel_counts_put_aside(struct kernel_counts *counts);
/* Those of all members to `totals`, which may be the room, and else is not touched if
 * anything goes wrong. Collective. */
troupe_status kernel_counts_total(struct kernel_run *run,
                                  struct kernel_counts *counts,
                                  uint64_t *totals);
/* Likewise, each kind's to its place in the array `onto`, with so much room. */
troupe_status kernel_counts_spread(struct kernel_run *run,
                                   struct kernel_counts *counts);
size_t kernel_counts_spread_room(const struct array *counted, const struct array *onto);

/* ---- filter.c ----------------------------------------------------------------- */

/* Each count becomes the sum of those before it; the sum of all. */
int64_t kernel_prefix_sum(int64_t *counts, int64_t n);
/* Where each member's elements begin when all stand one after the other, and how many
 * there are: n_members + 1 places, to be freed whatever the status. */
troupe_status kernel_share(struct kernel_run *run, int64_t n_mine, int64_t **shares);
/* Moves what members have, shared out like that, into an array's parts. */
troupe_status kernel_spread(struct kernel_run *run,
                            const struct array *to,
                            const int64_t *shares,
                            const void *from);

/* ---- combine.c ---------------------------------------------------------------- */

/* What members bring together: this, then the operation's own bytes. */
struct kernel_partial {
    uint64_t status, fingerprint;
};

/* Joins \p right's bytes to left's; members in rising order. */
struct kernel_fold {
    troupe_status (*join)(unsigned char *left,
                          const unsigned char *right,
                          size_t size_bytes,
                          const struct kernel_fold *fold);
    int64_t n_leaves;
    size_t value_bytes;
    numeric_merge_fn *merge;
    uint64_t word; /* what the merge gets a pointer to */
};

/* Folds the partials of all members into everybody's. */
troupe_status kernel_combine(struct kernel_run *run,
                             struct kernel_partial *partial,
                             size_t size_bytes,
                             const struct kernel_fold *fold);
/* Folds the partials of the members before this one into *partial; the first member's
 * stays as it was. */
troupe_status kernel_combine_before(struct kernel_run *run,
                                    struct kernel_partial *partial,
                                    size_t size_bytes,
                                    const struct kernel_fold *fold);
/*
 * The same for carriers over leaves of `leaf_length` elements each: that of all leaves
 * comes back in *carrier. `mine` is what is wrong here. The carrier's merge gets a
 * pointer to one uint64_t, or NULL; nothing else of ours outlives the member.
 */
troupe_status kernel_combine_carriers(struct kernel_run *run,
                                      const struct array *array,
                                      int64_t leaf_length,
                                      troupe_status mine,
                                      struct numeric_carrier *carrier);
/* The carrier of all leaves before the member's, into *before: empty for the first
 * member that has any. */
troupe_status kernel_carriers_before(struct kernel_run *run,
                                     const struct array *array,
                                     int64_t leaf_length,
                                     const struct numeric_carrier *carrier,
                                     struct numeric_carrier *before);

/* It has started operations that it has not waited for. */
bool kernel_has_tasks(const troupe_actor *owner);

#endif
