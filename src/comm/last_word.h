/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_LAST_WORD_H
#define COMM_LAST_WORD_H

/* What ranks can still agree on when their streams have ended. */

#include "comm/comm.h"

/*
 * Between comm_stop() and comm_close(): each value becomes the smallest of all ranks.
 * Collective, blocks. On sim, where one caller sees all ranks, it changes nothing.
 */
void comm_last_word(struct comm *comm, uint64_t *values, int n_values);

#endif
