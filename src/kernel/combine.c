/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/kernel.h"
#include "team/team.h"
#include <string.h>

/*
 * Parts of members come together in one all-reduce of the team, whose fold joins
 * neighbours. Joining is associative, so it does not matter which members it pairs.
 */

_Static_assert(sizeof(struct kernel_fold) <= TROUPE_FOLD_CONTEXT_BYTES,
               "a fold's context is copied");

static void
fold_partials(void *into, const void *from, size_t size_bytes, const void *context)
{
    struct kernel_partial left, right;
    struct kernel_fold fold;
    struct numeric_environment environment;

    memcpy(&left, into, sizeof left);
    memcpy(&right, from, sizeof right);
    memcpy(&fold, context, sizeof fold);
    if (left.status == TROUPE_OK)
        left.status = right.status;
    if (left.status == TROUPE_OK && left.fingerprint != right.fingerprint)
        left.status = TROUPE_MISMATCH;
    if (left.status == TROUPE_OK && fold.join) {
        (void)numeric_environment_enter(&environment);
        left.status = (uint64_t)fold.join((unsigned char *)into + sizeof left,
                                          (const unsigned char *)from + sizeof right,
                                          size_bytes - sizeof left, &fold);
        (void)numeric_environment_leave(&environment);
    }
    memcpy(into, &left, sizeof left);
}

static troupe_reduction reduction_of(const struct kernel_run *run,
                                     struct kernel_partial *partial,
                                     size_t size_bytes,
                                     const struct kernel_fold *fold)
{
    partial->fingerprint = run->fingerprint;
    return (troupe_reduction){.mine = partial,
                              .result = partial,
                              .fold = fold_partials,
                              .size_bytes = size_bytes,
                              .context = fold,
                              .context_bytes = sizeof *fold};
}

troupe_status kernel_combine(struct kernel_run *run,
                             struct kernel_partial *partial,
                             size_t size_bytes,
                             const struct kernel_fold *fold)
{
    const troupe_reduction reduction = reduction_of(run, partial, size_bytes, fold);

    if (run->team->size > 1)
        TROUPE_TRY(array_reduce(run->self, run->team, &reduction));
    return (troupe_status)partial->status;
}

troupe_status kernel_combine_before(struct kernel_run *run,
                                    struct kernel_partial *partial,
                                    size_t size_bytes,
                                    const struct kernel_fold *fold)
{
    const troupe_reduction reduction = reduction_of(run, partial, size_bytes, fold);

    TROUPE_TRY(array_exscan(run->self, run->team, &reduction));
    return run->team->index > 0 ? (troupe_status)partial->status : TROUPE_OK;
}

/* ---- carriers ----------------------------------------------------------------- */

static troupe_status unpack(struct numeric_carrier *carrier,
                            const struct numeric_tree *tree,
                            const unsigned char *bytes,
                            size_t size_bytes)
{
    uint64_t n_bytes;
    troupe_status status;

    memcpy(&n_bytes, bytes, sizeof n_bytes);
    if (n_bytes > size_bytes - sizeof n_bytes)
        return TROUPE_INVALID;
    TROUPE_TRY(numeric_carrier_init(carrier, tree, 0));
    status = numeric_carrier_unpack(carrier, bytes + sizeof n_bytes, (size_t)n_bytes);
    if (status != TROUPE_OK)
        numeric_carrier_fini(carrier);
    return status;
}

static void
pack(const struct numeric_carrier *carrier, unsigned char *bytes, size_t size_bytes)
{
    uint64_t n_bytes = numeric_carrier_packed_bytes(carrier);

    base_require(n_bytes <= size_bytes - sizeof n_bytes,
                 "a carrier of %zu bytes does not fit its message", (size_t)n_bytes);
    memcpy(bytes, &n_bytes, sizeof n_bytes);
    numeric_carrier_pack(carrier, bytes + sizeof n_bytes);
}

static troupe_status join_carriers(unsigned char *left_bytes,
                                   const unsigned char *right_bytes,
                                   size_t size_bytes,
                                   const struct kernel_fold *fold)
{
    const struct numeric_tree tree = {.n_leaves = fold->n_leaves,
                                      .value_bytes = fold->value_bytes,
                                      .merge = fold->merge,
                                      .argument = &fold->word};
    struct numeric_carrier left, right;
    troupe_status status;

    TROUPE_TRY(unpack(&left, &tree, left_bytes, size_bytes));
    status = unpack(&right, &tree, right_bytes, size_bytes);
    if (status == TROUPE_OK) {
        status = numeric_carrier_join(&left, &right);
        numeric_carrier_fini(&right);
    }
    if (status == TROUPE_OK)
        pack(&left, left_bytes, size_bytes);
    numeric_carrier_fini(&left);
    return status;
}

static size_t n_nodes(int64_t n_leaves, int64_t begin, int64_t end)
{
    size_t n = 0;

    while (begin < end) {
        begin += INT64_C(1) << numeric_tree_level(n_leaves, begin, end);
        n++;
    }
    return n;
}

/* The leaf at which a member's part begins. */
static int64_t leaf_of(const struct array *array, int64_t leaf_length, int member)
{
    int64_t first = array_member_first(array, member);

    return first / leaf_length + (first % leaf_length != 0);
}

/* The most nodes that a fold has on its way through a team: of blocks of 2^k members,
 * and of all that stand before a member. The same on all members. */
static size_t
count_most_nodes(const struct array *array, int64_t leaf_length, int64_t n_leaves)
{
    int n = array->n_members;
    size_t most = 1;

    for (int width = 1; width < 2 * n; width *= 2)
        for (int i = 0; i < n; i += width) {
            int end = i + width < n ? i + width : n;
            size_t n_here = n_nodes(n_leaves, leaf_of(array, leaf_length, i),
                                    leaf_of(array, leaf_length, end));

            most = n_here > most ? n_here : most;
        }
    for (int i = 1; i <= n; i++) {
        size_t n_here = n_nodes(n_leaves, 0, leaf_of(array, leaf_length, i));

        most = n_here > most ? n_here : most;
    }
    return most;
}

/* Counting looks at every member, so it is done once for each of an array's trees. */
static size_t
most_nodes(const struct array *array, int64_t leaf_length, int64_t n_leaves)
{
    struct array_memo *memos = array->memos;

    for (int i = 0; i < ARRAY_MEMOS; i++)
        if (memos[i].leaf_length == leaf_length && memos[i].n_leaves == n_leaves)
            return memos[i].n_nodes;
    memmove(memos + 1, memos, (ARRAY_MEMOS - 1) * sizeof *memos);
    memos[0] = (struct array_memo){leaf_length, n_leaves,
                                   count_most_nodes(array, leaf_length, n_leaves)};
    return memos[0].n_nodes;
}

/* What a partial has with the packed carrier of any neighbours, and how to join two. */
static size_t plan_partial(const struct array *array,
                           int64_t leaf_length,
                           const struct numeric_tree *tree,
                           struct kernel_fold *fold)
{
    size_t n_bytes = 3 * sizeof(uint64_t) +
                     most_nodes(array, leaf_length, tree->n_leaves) * tree->value_bytes;

    *fold = (struct kernel_fold){.join = join_carriers,
                                 .n_leaves = tree->n_leaves,
                                 .value_bytes = tree->value_bytes,
                                 .merge = tree->merge};
    if (tree->argument)
        memcpy(&fold->word, tree->argument, sizeof fold->word);
    return sizeof(struct kernel_partial) + n_bytes;
}

/* A little is needed to take part at all; before much is taken all hear whether all
 * have it, and NULL is the answer if not. */
static struct kernel_partial *
take_partial(struct kernel_run *run, size_t size_bytes, troupe_status *mine)
{
    enum { LITTLE_BYTES = 1 << 20 };
    struct kernel_partial *partial;

    if (size_bytes <= LITTLE_BYTES)
        return kernel_need(run, size_bytes);
    partial = *mine == TROUPE_OK ? kernel_take(run, size_bytes) : NULL;
    if (*mine == TROUPE_OK && !partial)
        *mine = TROUPE_NO_MEMORY;
    *mine = array_agree(run->self, run->team, *mine, run->fingerprint);
    if (*mine == TROUPE_OK && partial)
        return memset(partial, 0, size_bytes);
    kernel_give(partial);
    return NULL;
}

static troupe_status take_carrier(const struct kernel_partial *partial,
                                  struct numeric_carrier *carrier)
{
    const unsigned char *bytes = (const unsigned char *)(partial + 1);
    uint64_t n_packed;

    memcpy(&n_packed, bytes, sizeof n_packed);
    return numeric_carrier_unpack(carrier, bytes + sizeof n_packed, (size_t)n_packed);
}

troupe_status kernel_combine_carriers(struct kernel_run *run,
                                      const struct array *array,
                                      int64_t leaf_length,
                                      troupe_status mine,
                                      struct numeric_carrier *carrier)
{
    struct kernel_fold fold;
    size_t size_bytes = plan_partial(array, leaf_length, &carrier->tree, &fold);
    struct kernel_partial *partial = take_partial(run, size_bytes, &mine);
    troupe_status status;

    if (!partial)
        return mine;
    partial->status = (uint64_t)mine;
    if (mine == TROUPE_OK)
        pack(carrier, (unsigned char *)(partial + 1), size_bytes - sizeof *partial);
    status = kernel_combine(run, partial, size_bytes, &fold);
    if (status == TROUPE_OK && run->team->size > 1)
        status = take_carrier(partial, carrier);
    kernel_give(partial);
    return status;
}

troupe_status kernel_carriers_before(struct kernel_run *run,
                                     const struct array *array,
                                     int64_t leaf_length,
                                     const struct numeric_carrier *carrier,
                                     struct numeric_carrier *before)
{
    struct kernel_fold fold;
    size_t size_bytes = plan_partial(array, leaf_length, &carrier->tree, &fold);
    troupe_status status = TROUPE_OK;
    struct kernel_partial *partial = take_partial(run, size_bytes, &status);

    if (!partial)
        return status;
    pack(carrier, (unsigned char *)(partial + 1), size_bytes - sizeof *partial);
    status = kernel_combine_before(run, partial, size_bytes, &fold);
    if (status == TROUPE_OK && run->team->index > 0)
        status = take_carrier(partial, before);
    kernel_give(partial);
    return status;
}
