/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUNTIME_WISHES_H
#define RUNTIME_WISHES_H

/*
 * Which wishes of a supervisor for a checkpoint does one that is published answer? Not
 * those that came when it was being written: what was done since it was frozen, and
 * what somebody outside wants to have saved, is not in it. They are answered by the
 * next.
 */

#include <stdbool.h>
#include <stdint.h>

struct runtime_wishes {
    uint32_t n_taken;   /* from the supervisor, so far */
    uint32_t n_covered; /* by what is published next */
    bool is_lost;       /* what is being written has been given up already */
};

/* Wishes up to the n-th were passed on while one was being written, or not. */
void runtime_wishes_take(struct runtime_wishes *wishes, uint32_t n, bool is_writing);
/* So many were published since the last call: up to which wish is that an answer? */
uint32_t runtime_wishes_published(struct runtime_wishes *wishes, uint64_t n_new);
void runtime_wishes_given_up(struct runtime_wishes *wishes);
/* Now and then, after the news. */
void runtime_wishes_look(struct runtime_wishes *wishes, bool is_writing);

#endif
