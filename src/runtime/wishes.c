/* SPDX-License-Identifier: BSD-3-Clause */
#include "runtime/wishes.h"

void runtime_wishes_take(struct runtime_wishes *wishes, uint32_t n, bool is_writing)
{
    wishes->n_taken = n;
    if (!is_writing || wishes->is_lost)
        wishes->n_covered = n;
}

uint32_t runtime_wishes_published(struct runtime_wishes *wishes, uint64_t n_new)
{
    /* The last of several was begun after the first was written. */
    uint32_t n_answered = n_new > 1 ? wishes->n_taken : wishes->n_covered;

    wishes->n_covered = wishes->n_taken;
    wishes->is_lost = false;
    return n_answered;
}

void runtime_wishes_given_up(struct runtime_wishes *wishes)
{
    wishes->n_covered = wishes->n_taken;
    wishes->is_lost = true;
}

void runtime_wishes_look(struct runtime_wishes *wishes, bool is_writing)
{
    if (is_writing)
        return;
    wishes->n_covered = wishes->n_taken;
    wishes->is_lost = false;
}
