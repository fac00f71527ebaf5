/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_KERNEL_H
#define TROUPE_KERNEL_H

/*
 * Kernels: work on whole arrays whose results have the same bits for any number of
 * ranks and threads, any split, any instruction set and either compiler.
 *
 * All members of the arrays' team call the same operation. Each call says how:
 *
 *     double sum;
 *     troupe_sum(self, x, TROUPE_TREE, &sum);
 *
 *     troupe_task task;
 *     troupe_sum(self, x, troupe_later(TROUPE_EXACT, &task), &sum);
 *     ...
 *     troupe_task_wait(self, &task);
 *
 * A level that an operation does not have is refused with TROUPE_INVALID, never made a
 * weaker one. Every status is the same on all members, and with any but TROUPE_OK
 * neither arrays nor results have changed, except that an array an operation was
 * writing to when a member ended (TROUPE_PEER_GONE) may be half written.
 *
 * A call waits for operations that were started and write what it reads, or read what
 * it writes. It needs 128 KiB of the caller's stack. A call without any array is known
 * to nobody else, and gives TROUPE_INVALID at once.
 *
 * Threads work on blocks, so a user's function gets a block and is called by any
 * thread, several times at once. It must be pure: what it writes depends on the block
 * and the argument alone, which says the same on all members, and it calls nothing of
 * the runtime. It runs in the floating-point modes that IEEE 754 begins with, even
 * beside a library that was linked with -ffast-math. What a process reckons between two
 * calls has the process's own modes: fesetenv(FE_DFL_ENV) makes them the same.
 * Which of the NaNs it makes, by sign and payload, is up to processor and compiler.
 *
 * With TROUPE_CHECK=1 each call but those by TROUPE_FAST is done again with other
 * threads and in another order, and, unless it is about a matrix, once more on copies
 * of its arrays that are cut otherwise; a function whose bits change is named, the call
 * gives TROUPE_FAILED, and nothing has changed. Who works on a block changes only
 * where there are two members or more. Memory for that: one copy of what a call reads
 * and three of what it writes, at most half as much again where parts come out longer.
 */

#include "troupe/array.h"
#include "troupe/kernel_probe.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a result may depend on. */
enum troupe_level {
    TROUPE_LEVEL_TREE,    /**< length and order of the elements: one fixed tree */
    TROUPE_LEVEL_TREE_DD, /**< the same, in doubles of twice the precision */
    /** The elements alone: correctly rounded; norms and moments as reduce.h says. */
    TROUPE_LEVEL_EXACT,
    /** Everything, in troupe_sum(), _dot(), _norm() and _multiply_dot(); only to
     * compare with. In all other operations the same as TREE. */
    TROUPE_LEVEL_FAST
};

/** An operation that was started; zero is none. */
typedef struct troupe_task {
    uint64_t bits;
} troupe_task;

/** What a result was made by: to be kept beside it. */
typedef struct troupe_provenance {
    const char *operation, *level;
    const char *expression; /**< the frozen rule, such as "troupe/1 tree, 16 lanes" */
    const char *isa;        /**< which loops ran; no bit depends on it but FAST's */
    int64_t length, block_length;
} troupe_provenance;

/** How an operation is to be done. */
typedef struct troupe_how {
    enum troupe_level level;
    troupe_task *task;             /**< not NULL: start it only, see troupe_later() */
    troupe_provenance *provenance; /**< filled in if not NULL */
} troupe_how;

#define TROUPE_TREE    ((troupe_how){.level = TROUPE_LEVEL_TREE})
#define TROUPE_TREE_DD ((troupe_how){.level = TROUPE_LEVEL_TREE_DD})
#define TROUPE_EXACT   ((troupe_how){.level = TROUPE_LEVEL_EXACT})
#define TROUPE_FAST    ((troupe_how){.level = TROUPE_LEVEL_FAST})

/** The same, but the call only starts the operation and names it by *task. Arrays and
 * results must stay until troupe_task_wait(). A start is an operation of the team: if
 * at its place another member did something else, or has ended, the task ends with
 * TROUPE_MISMATCH or TROUPE_PEER_GONE, and so does what follows in the team. What
 * makes, loads and saves is started by others: see array_later.h, linear_later.h. */
static inline troupe_how troupe_later(troupe_how how, troupe_task *task)
{
    how.task = task;
    return how;
}

/**
 * Waits for a task and forgets it: *task becomes zero. Tasks of one team are done in
 * the order of their starts; other actors run meanwhile.
 *
 * \call     local
 * \blocks   until it is done
 * \threads  the runtime's thread
 * \errors   those of the operation; TROUPE_NOT_FOUND no such task
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_task_wait(troupe_actor *self,
                                                          troupe_task *task);

/**
 * As troupe_task_wait() if the task is done, else TROUPE_PENDING. Who asks in a loop
 * has to call troupe_yield() in it.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   as troupe_task_wait
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_task_test(troupe_actor *self,
                                                          troupe_task *task);

/* ---- blocks ---------------------------------------------------------------------- */

#define TROUPE_MOST_ARRAYS 8

/** A block of each array an operation works on. */
typedef struct troupe_block {
    const void *in[TROUPE_MOST_ARRAYS];
    void *out[TROUPE_MOST_ARRAYS];
    int64_t first;  /**< index of its first element in the whole array */
    int64_t n;      /**< its elements */
    int64_t length; /**< those of the whole array */
} troupe_block;

/** Works on a block. \p result is NULL where there is none to give, else zeroed. */
typedef void
troupe_kernel_fn(const troupe_block *block, void *result, const void *argument);
/** Merges \p right, the result of what follows, into \p left. Need not commute. */
typedef void troupe_merge_fn(void *left, const void *right);

/** A user's function, with a probe of how its file was compiled. */
typedef struct troupe_kernel {
    const char *name;
    troupe_kernel_fn *run;
    troupe_merge_fn *merge; /**< NULL: gives no result */
    size_t result_bytes;
    const struct troupe_kernel_probe *probe;
} troupe_kernel;

/** Defines the kernel \p name_ of a function that gives no result. */
#define TROUPE_KERNEL(name_, run_)                                                     \
    TROUPE_KERNEL_PROBE(name_##_probe);                                                \
    static const troupe_kernel name_ = {                                               \
        .name = #name_, .run = run_, .probe = &name_##_probe}
/** And of one whose results, of type \p type_, are merged. */
#define TROUPE_REDUCTION_KERNEL(name_, run_, merge_, type_)                            \
    TROUPE_KERNEL_PROBE(name_##_probe);                                                \
    static const troupe_kernel name_ = {.name = #name_,                                \
                                        .run = run_,                                   \
                                        .merge = merge_,                               \
                                        .result_bytes = sizeof(type_),                 \
                                        .probe = &name_##_probe}

/** The arrays a kernel works on, all of one team, length, block length and cut; the
 * first entry that is zero ends a list. An array may stand in both. */
typedef struct troupe_arrays {
    troupe_array in[TROUPE_MOST_ARRAYS], out[TROUPE_MOST_ARRAYS];
} troupe_arrays;

/**
 * Runs a kernel on all blocks.
 *
 * \call     collective over the team
 * \blocks   until all blocks of the caller are done
 * \threads  the runtime's thread; the kernel runs on others
 * \owns     \p argument is lent until the operation is done
 * \errors   TROUPE_INVALID no array, they do not match, or the kernel's file was
 *           compiled so that it may change bits (the log says how) and the level is not
 *           FAST; TROUPE_MISMATCH; TROUPE_PEER_GONE; TROUPE_NO_MEMORY; TROUPE_FAILED
 *           the check found other bits
 */
TROUPE_API TROUPE_MUST_USE troupe_status troupe_map(troupe_actor *self,
                                                    const troupe_kernel *kernel,
                                                    const troupe_arrays *arrays,
                                                    const void *argument,
                                                    troupe_how how);

/**
 * Runs a kernel on all blocks and merges their results in the order of the blocks, in
 * the tree over the blocks: their length is part of what is computed. Arrays under
 * `out` are written besides. Of an array without elements the result is left as it is.
 *
 * \call     collective over the team
 * \blocks   until the result is there
 * \threads  the runtime's thread; the kernel runs on others
 * \owns     \p argument and \p result are lent until the operation is done
 * \errors   as troupe_map; levels other than TREE and FAST are TROUPE_INVALID
 */
TROUPE_API TROUPE_MUST_USE troupe_status
troupe_reduce_blocks(troupe_actor *self,
                     const troupe_kernel *kernel,
                     const troupe_arrays *arrays,
                     const void *argument,
                     troupe_how how,
                     void *result);

#ifdef __cplusplus
}
#endif
#endif
