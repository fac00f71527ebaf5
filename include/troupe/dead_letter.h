/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_DEAD_LETTER_H
#define TROUPE_DEAD_LETTER_H

/*
 * Mail that could not be delivered: counted per reason (TROUPE_STATS=1 shows it), the
 * last 64 of a rank kept, each given to a hook of the user's. A letter is counted on
 * the rank where it is first known that nobody takes it.
 */

#include "troupe/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A dead letter: mail that could not be delivered, as the user's hook sees it. */
typedef struct troupe_dead_letter {
    troupe_address sender, to;
    const char *type_name; /**< "" for the runtime's own mail */
    const char *reason;    /**< "no actor", "refused", "dropped", "moved" ... */
} troupe_dead_letter;

/** Called for each dead letter of the rank; must not call the API. */
typedef void troupe_dead_letter_fn(void *context, const troupe_dead_letter *letter);

/**
 * Sets the rank's hook for dead letters; NULL takes it away.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API void
troupe_on_dead_letter(troupe_actor *self, troupe_dead_letter_fn *hook, void *context);

/**
 * The last dead letters of this rank, newest first, at most 64; returns how many there
 * are.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API size_t troupe_dead_letters(const troupe_actor *self,
                                      troupe_dead_letter *letters,
                                      size_t capacity);

/**
 * How many dead letters this rank has counted since the start.
 *
 * \call     local
 * \blocks   never
 * \threads  the runtime's thread
 * \errors   none
 */
TROUPE_API uint64_t troupe_n_dead_letters(const troupe_actor *self);

#ifdef __cplusplus
}
#endif
#endif
