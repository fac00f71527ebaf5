/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACTOR_FRAMES_H
#define ACTOR_FRAMES_H

#include "comm/comm.h"

/* Mail of actors of this rank to its handlers: loopback.h. */
struct actor_loopback {
    struct comm_stream stream; /* not one of comm's: nothing of it leaves */
    struct comm_reader reader;
    struct comm_wire_state state;
    unsigned char *frame[2];     /* one is written, the other one read */
    uint32_t n_read;             /* records, since the scheduler began to read */
    bool is_second;              /* which one is written, */
    const unsigned char *unread; /* from where on not even moved */
};

#endif
