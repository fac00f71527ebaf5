/* SPDX-License-Identifier: BSD-3-Clause */
#include "comm/internal.h"

/*
 * A reduction over a binomial tree: the subtree of rank r are the ranks r to r + 2^k -
 * 1, 2^k the lowest bit of r, so children merged in order keep the order of ranks.
 * Travels as records of the streams, and so counts for the detector like all else.
 */

static int parent_of(int rank)
{
    return rank & (rank - 1);
}

static int count_children(int rank, int n_ranks)
{
    int n = 0;
    for (int bit = 1; !(rank & bit) && rank + bit < n_ranks; bit <<= 1)
        n++;
    return n;
}

void comm_reduction_init(struct comm *comm)
{
    struct comm_reduction *reduction = &comm->reduction;
    reduction->n_children = count_children(comm->rank, comm->n_ranks);
    reduction->child = base_new_array(struct comm_child_value, reduction->n_children);
}

void comm_reduction_fini(struct comm *comm)
{
    base_free(comm->reduction.child);
}

static void tell(struct comm *comm, int rank, enum comm_own_kind kind)
{
    struct comm_reduction *reduction = &comm->reduction;
    const struct comm_header header = {.kind = (uint8_t)kind,
                                       .reference = reduction->sequence};
    comm_post_must(comm, rank, &header, reduction->value, reduction->size_bytes);
    comm_flush_rank(comm, rank, COMM_FLUSH_URGENT);
}

/* The result is known: down the tree, the largest subtree first. */
static void spread(struct comm *comm)
{
    struct comm_reduction *reduction = &comm->reduction;
    for (int k = reduction->n_children; k-- > 0;)
        tell(comm, comm->rank + (1 << k), COMM_KIND_REDUCE_DOWN);
    reduction->is_done = true;
    comm->attention |= COMM_SEE_REDUCTION;
}

/* Begun, and the result not yet known. */
static bool is_collecting(const struct comm_reduction *reduction)
{
    return reduction->is_running && !reduction->is_done;
}

/* Own value and all children's are here: merges them and sends them up. */
static void advance(struct comm *comm)
{
    struct comm_reduction *reduction = &comm->reduction;
    if (!is_collecting(reduction) || reduction->n_heard < reduction->n_children)
        return;
    for (int k = 0; k < reduction->n_children; k++) {
        struct comm_child_value *child = &reduction->child[k];
        base_require(child->size_bytes == reduction->size_bytes,
                     "a reduction of %zu bytes, and a value of %zu bytes from rank %d",
                     reduction->size_bytes, child->size_bytes, comm->rank + (1 << k));
        reduction->reduce.merge(reduction->value, child->bytes);
        child->is_here = false;
    }
    reduction->n_heard = 0;
    if (comm->rank == 0)
        spread(comm);
    else
        tell(comm, parent_of(comm->rank), COMM_KIND_REDUCE_UP);
}

void comm_reduce_start(struct comm *comm,
                       const struct comm_reduce *reduce,
                       const void *value,
                       size_t size_bytes)
{
    struct comm_reduction *reduction = &comm->reduction;
    base_require(!reduction->is_running && size_bytes <= COMM_REDUCE_BYTES,
                 "a reduction of %zu bytes; at most %d, and one at a time", size_bytes,
                 COMM_REDUCE_BYTES);
    reduction->reduce = *reduce;
    reduction->is_running = true;
    reduction->size_bytes = size_bytes;
    reduction->sequence++;
    if (size_bytes > 0)
        memcpy(reduction->value, value, size_bytes);
    advance(comm);
}

/* A child's value may come before this rank has begun, but not from the time before. */
static bool take_up(struct comm *comm, const struct comm_record *record)
{
    struct comm_reduction *reduction = &comm->reduction;
    uint64_t expected = reduction->sequence + (is_collecting(reduction) ? 0 : 1);

    for (int k = 0; k < reduction->n_children; k++) {
        struct comm_child_value *child = &reduction->child[k];
        if (comm->rank + (1 << k) != record->source)
            continue;
        if (child->is_here || record->header.reference != expected)
            return false;
        child->is_here = true;
        child->size_bytes = (size_t)record->size_bytes;
        memcpy(child->bytes, record->payload, child->size_bytes);
        reduction->n_heard++;
        advance(comm);
        return true;
    }
    return false;
}

bool comm_reduction_take(struct comm *comm, const struct comm_record *record)
{
    struct comm_reduction *reduction = &comm->reduction;

    if (record->size_bytes > COMM_REDUCE_BYTES)
        return false;
    if (record->header.kind == COMM_KIND_REDUCE_UP)
        return take_up(comm, record);
    if (comm->rank == 0 || record->source != parent_of(comm->rank) ||
        !is_collecting(reduction) || record->header.reference != reduction->sequence ||
        record->size_bytes != reduction->size_bytes)
        return false;
    memcpy(reduction->value, record->payload, (size_t)record->size_bytes);
    spread(comm);
    return true;
}

bool comm_reduction_poll(struct comm *comm)
{
    struct comm_reduction *reduction = &comm->reduction;

    comm->attention &= ~(uint32_t)COMM_SEE_REDUCTION;
    if (!reduction->is_done)
        return false;
    /* A copy, as the callee may begin the next one. */
    unsigned char result[COMM_REDUCE_BYTES];
    size_t size_bytes = reduction->size_bytes;
    memcpy(result, reduction->value, size_bytes);
    reduction->is_done = reduction->is_running = false;
    comm_is_active(comm);
    if (reduction->reduce.done)
        reduction->reduce.done(comm->troupe, result, size_bytes);
    return true;
}
