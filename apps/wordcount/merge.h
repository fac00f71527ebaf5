/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORDCOUNT_MERGE_H
#define WORDCOUNT_MERGE_H

/*
 * All counters' sorted words in one order. Each counter is a stream of parts; of each a
 * few are in memory: the one being read, and the next ones, asked for in advance.
 */

#include "messages.h"
#include "table.h"

struct stream;

struct merge {
    troupe_actor *self;
    struct stream *streams;
    struct stream **heap; /* those that have a word, the first one's word on top */
    size_t n_heap;
    bool is_out;         /* the word on top has been given out */
    uint64_t n_distinct; /* in all streams together */
};

/*
 * Waits until all counters have sorted. The memory is the actor's. TROUPE_DOWN: a
 * counter has failed, and its troupe_down comes, or is there.
 */
troupe_status merge_start(struct merge *merge,
                          troupe_actor *self,
                          const troupe_address *counters,
                          size_t n_counters);

/*
 * The next word, which is good until the next call; TROUPE_NOT_FOUND when there is
 * none. May wait for a counter.
 */
troupe_status merge_next(struct merge *merge, struct word *word);

#endif
