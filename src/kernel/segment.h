/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KERNEL_SEGMENT_H
#define KERNEL_SEGMENT_H

/*
 * What a segment's elements come to, and what is known of one that passes on from
 * member to member: for sums at TREE and TREE_DD the carrier of its elements so far,
 * which begins at their place in the segment; at EXACT their packed sum; of integers
 * their sum, too wide to overflow; the least or greatest of them and where it stands.
 */

#include "kernel/element.h"

enum { KERNEL_OPEN_BYTES = 2 * 8 + 2 * 8 * NUMERIC_MAX_NODES };

/* Of elements in a row, a member's part or less: the last segment so far as it stands
 * there. */
struct kernel_open {
    uint64_t has_head; /* it begins there */
    uint64_t n_items;  /* it has elements: since the head, or all that there are */
    uint64_t n_packed;
    unsigned char bytes[KERNEL_OPEN_BYTES];
};

struct kernel_found {
    union numeric_number value;
    int64_t index; /* of an extreme */
};

/* Whole segments of x; each ends where the next begins, which is at starts[n] for the
 * last one. */
struct kernel_segments {
    const struct numeric_isa *isa;
    const struct array *x;
    const int64_t *starts; /* in the whole array */
    int64_t n;
    union numeric_number *values;
    int64_t *indexes; /* of extremes; NULL: nobody asks for them */
};

struct kernel_segment_kind {
    size_t packed_bytes; /* the most of them */
    bool has_places;     /* it matters where in their segment elements stand */
    /* Packs what the elements [begin, end) come to, the first of which stands at
     * `place` of its segment. By any thread. */
    void (*put)(const struct numeric_isa *isa,
                const struct array *x,
                int64_t begin,
                int64_t end,
                int64_t place,
                struct kernel_open *open);
    /* Left's elements and those behind them. */
    troupe_status (*join)(struct kernel_open *left, const struct kernel_open *right);
    /* What a segment with these elements comes to. TROUPE_INVALID: it does not fit. */
    troupe_status (*finish)(const struct kernel_open *open,
                            enum troupe_element element,
                            struct kernel_found *found);
    /* By any thread. False: there are sums that do not fit. */
    bool (*reduce)(const struct kernel_segments *segments);
};

enum kernel_segment {
    KERNEL_SEGMENT_TREE,
    KERNEL_SEGMENT_TREE_DD,
    KERNEL_SEGMENT_EXACT,
    KERNEL_SEGMENT_INTEGERS,
    KERNEL_SEGMENT_MINIMUM,
    KERNEL_SEGMENT_MAXIMUM,
    KERNEL_SEGMENT_KINDS
};

extern const struct kernel_segment_kind
    *const kernel_segment_kinds[KERNEL_SEGMENT_KINDS];

/* Joins what passes on; the fold's word is the kind's number, or says that lengths
 * alone pass on. It takes so many bytes of a kernel_open. */
enum { KERNEL_LENGTHS_ALONE = KERNEL_SEGMENT_KINDS };
size_t kernel_open_bytes(uint64_t word);
troupe_status kernel_open_join(unsigned char *left_bytes,
                               const unsigned char *right_bytes,
                               size_t size_bytes,
                               const struct kernel_fold *fold);

/* segment_tree.c */
extern const struct kernel_segment_kind kernel_segment_tree, kernel_segment_tree_dd;

#endif
