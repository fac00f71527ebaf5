/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_SAVED_H
#define BASE_SAVED_H

/*
 * What layers and checkpoints know of each other: records. A layer puts what it wants
 * to have again, each record under one of its kinds and a key; the key alone says which
 * rank of a later start gets it, whatever its number of ranks. The layer that takes
 * checkpoints knows nothing more of any record, and no layer knows of files.
 */

#include "troupe/base.h"

enum base_saved_key {
    /* An address, or any number with a slot in its upper 20 bits: goes to the rank that
     * has the slot. (Index 0: to the rank process of that number, as BASE_SAVED_RANK.)
     */
    BASE_SAVED_ADDRESS,
    /* The rank that put it: goes to the rank of that number; where there is none any
     * more, to nobody, unless the layer asks. */
    BASE_SAVED_RANK,
    /* Goes to every rank. */
    BASE_SAVED_ALL,
    /* Goes to nobody: the layer asks for ranges of keys when it wants them. */
    BASE_SAVED_ASKED
};

struct base_saved_kind {
    uint8_t kind; /* BASE_KIND(slot, number), a row of numbers apart from frames' */
    enum base_saved_key key;
    const char *name;
};

/* Takes the records of one rank. The data is copied. */
struct base_saver {
    troupe_status (*put)(struct base_saver *saver,
                         uint8_t kind,
                         uint64_t key,
                         const void *data,
                         size_t size_bytes);
};

/* A record that comes back. */
struct base_saved {
    uint8_t kind;
    uint64_t key;
    int rank_then; /* who put it, of n_ranks_then */
    int n_ranks_then;
    const unsigned char *data; /* until the call returns */
    size_t size_bytes;
};

/* Gives the records of one kind with keys from first to last, by part and then key. */
struct base_saved_source {
    troupe_status (*read)(struct base_saved_source *source,
                          uint8_t kind,
                          uint64_t first_key,
                          uint64_t last_key,
                          troupe_status (*take)(void *context,
                                                const struct base_saved *record),
                          void *context);
    int n_ranks_then;
};

#endif
