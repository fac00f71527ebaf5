/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_SEGMENT_PART_H
#define KERNEL_SEGMENT_PART_H

/*
 * The segments of a member's part, by all its threads. The part is cut into chunks. A
 * segment that begins and ends in one chunk is reduced as a whole; of one that passes
 * on, chunks hold what segment.h makes of their elements, and that is joined from chunk
 * to chunk as it is from member to member. A chunk is cut into tasks, each of which has
 * the segments that begin there: they may be many, and cost more than their elements.
 */

#include "kernel/segment.h"
#include <stdatomic.h>

struct kernel_segment_part {
    const struct array *x, *heads;
    const struct numeric_isa *isa;
    enum kernel_segment segment;
    const struct kernel_segment_kind *kind;
    int64_t first, end; /* the part */
    int64_t n_before;   /* elements of the segment open before it */
    int64_t task_length, n_tasks, n_chunks;
    int64_t *heads_before; /* in the part, by task; then all */
    int64_t n_heads;
    size_t piece_bytes;           /* of a kernel_open, as much as the kind needs */
    unsigned char *pieces;        /* by chunk: what passes on */
    int64_t *starts;              /* of the segments that begin here; then the end */
    union numeric_number *values; /* of those that end here */
    int64_t *indexes;             /* likewise, if they are asked for */
    bool closes_open;             /* a segment of others ends here: the first result */
    atomic_bool overflows;
};

static inline bool kernel_segment_has_elements(const struct kernel_segment_part *part)
{
    return part->first < part->end;
}

/* The array's last element is here, and ends a segment. */
static inline bool kernel_segment_has_last(const struct kernel_segment_part *part)
{
    return kernel_segment_has_elements(part) && part->end == part->x->length;
}

/* Finds the heads; *part comes with what stands before n_before, and is to be freed
 * whatever the status. */
troupe_status kernel_segment_find(struct kernel_run *run,
                                  struct kernel_segment_part *part,
                                  bool wants_indexes);
void kernel_segment_free(struct kernel_segment_part *part);

/*
 * Then what all segments come to that begin and end here. *rest becomes what the part
 * has of the one open before it, *open the last one as far as it stands here; both come
 * empty.
 * TROUPE_INVALID: there are sums that do not fit.
 */
troupe_status kernel_segment_reduce(struct kernel_run *run,
                                    struct kernel_segment_part *part,
                                    struct kernel_open *rest,
                                    struct kernel_open *open);

/* What a segment that ends here comes to, which is number `segment` of those that begin
 * here; -1: the one before. */
troupe_status kernel_segment_finish(const struct kernel_segment_part *part,
                                    const struct kernel_open *open,
                                    int64_t segment);

#endif
