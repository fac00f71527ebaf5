/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_INTRUDER_H
#define SUPPORT_INTRUDER_H

/*
 * Jobs on simulated time in which rank 1 posts records to rank 0 that no layer would,
 * as an input says; for fuzzing what the layers above comm take. Whatever comes, rank 0
 * takes it, lets it be, answers it, or ends and names rank 1: anything else aborts.
 *
 * Payloads are given to the layers in memory of just their size, so that a sanitizer
 * sees each byte read beyond. Input: a seed, then records, each
 *
 *     kind      its place in the list; one beyond the list: a pause, and its length
 *     shape     bits 0 to 5: the words that follow (to, from, reference, incarnation,
 *               type, flags), bits 6 and 7: how many patches
 *     words     to, from, reference, incarnation as below; type 2 bytes, flags 1
 *     payload   its length and so many bytes; LONG: 2 bytes of length and the byte
 *               that it consists of; TICKET: 2 bytes of length and a word that is the
 *               ticket, for a payload that there is not
 *     patches   a place in steps of 8 bytes, and the word that goes there
 *
 * A word is a symbol's number, which stands for a value that no fuzzer would find: an
 * address, the name of a call that waits. With the highest bit a byte follows that is
 * added; symbol 0 is 0, and with that bit 8 bytes follow that are the word.
 */

#include "actor/actor.h"
#include "checkpoint/checkpoint.h"

enum { INTRUDER_TICKET = 254, INTRUDER_LONG = 255, INTRUDER_RANKS = 3 };

struct intruder {
    const troupe_behavior *main; /* of each rank; calls intruder_enter() first */
    const uint8_t *kinds;
    uint32_t n_kinds;
    /* What symbol `index`, from 1, stands for now. */
    uint64_t (*symbol)(unsigned index);
    uint32_t n_symbols;                          /* with symbol 0 */
    const struct checkpoint_options *checkpoint; /* NULL: none are made */
};

/* Plays the input; returns 0 when the job is over and was in order. */
int intruder_play(const struct intruder *intruder, const uint8_t *data, size_t size);

/* At the beginning of each rank's process; gives its rank. */
int intruder_enter(troupe_actor *self);
/* Rank 1: posts all records. */
void intruder_post(troupe_actor *self);
/* The victim's actors, from when its process has begun. */
struct actor_rank *intruder_victim(void);
/* Those of rank 1, while it posts. */
struct actor_rank *intruder_home(void);
/* For a status that the intruder decides. */
static inline void intruder_any(troupe_status status)
{
    (void)status;
}
/* Ends the process of all ranks if `condition` does not hold. */
void intruder_expect(bool condition, const char *what);

#endif
