/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMM_BACKEND_H
#define COMM_BACKEND_H

/*
 * What the streams stand on: mpi.c carries bytes between processes, sim.c between ranks
 * of one process on a virtual clock. A back end knows slots, frames and transfers, but
 * nothing of streams, credits or records.
 */

#include "base/list.h"
#include "comm/comm.h"

enum comm_class {
    COMM_DATA,   /* frames of the streams */
    COMM_CONTROL /* state of links: credits, waves of the detector */
};
enum { COMM_N_CLASSES = 2 };

/*
 * A buffer that travels: a slot of a ring, waiting for bytes, or bytes on their way
 * out. A slot of the data ring may be both: a frame that only passes through leaves
 * again from the slot it came in.
 */
struct comm_frame {
    struct comm_frame *next; /* of whatever queue it stands in */
    struct base_list all;    /* in comm's `frames`, all its life */
    struct comm_link *link;  /* a slot with a frame: the hop it came by */
    uint64_t receive, send;  /* the back end's */
    int peer;                /* rank it came from; or, on its way out, goes to */
    uint32_t size_bytes;     /* of the frame in `bytes` */
    uint32_t capacity_bytes;
    uint8_t lane; /* of the hop it came by, or goes by */
    bool is_slot;
    bool is_control;
    bool has_waited; /* for a credit */
    unsigned char bytes[] __attribute__((aligned(64)));
};

/* A payload that travels apart, one end of it. */
struct comm_transfer {
    struct comm_transfer *next;
    int peer;
    bool is_send;
    uint32_t index; /* sender: of the ticket in its table */
    uint64_t ticket;
    unsigned char *payload;
    uint64_t size_bytes, n_done_bytes;
    uint64_t request; /* the back end's */
    struct message_envelope *envelope;
};

struct comm_backend {
    const char *name;

    /* Time, and chance that may differ from run to run only where the run does. */
    int64_t (*now_ns)(struct comm *comm); /* never 0 */
    uint64_t (*random)(struct comm *comm);
    /* Ends the job, does not return. */
    void (*abort)(struct comm *comm, int exit_code);

    /* Collective, once, in comm_start: the largest frame that travels without waiting
     * for its receiver; each value becomes the smallest of all ranks. */
    uint32_t (*frame_limit)(struct comm *comm);
    void (*agree)(struct comm *comm, uint64_t *values, int n_values);
    /* Collective, once, when the options are agreed on and before there are slots:
     * prepares ways of its own. NULL: there are none. */
    void (*connect)(struct comm *comm);
    /* Collective, once: all ranks have posted their rings; nobody sends before. */
    void (*all_posted)(struct comm *comm);

    /* Slots. They fill in the order in which they were posted. take() gives the first
     * when a frame has come into it (size and peer set), NULL when none has. */
    void (*slot_open)(struct comm *comm,
                      enum comm_class class,
                      struct comm_frame *slot);
    void (*slot_post)(struct comm *comm,
                      enum comm_class class,
                      struct comm_frame *slot);
    struct comm_frame *(*slot_take)(struct comm *comm, enum comm_class class);

    /* Frames. True: the bytes have left. Else they must stay until send_is_done(). */
    bool (*send)(struct comm *comm,
                 enum comm_class class,
                 struct comm_frame *frame,
                 int peer);
    bool (*send_is_done)(struct comm *comm, struct comm_frame *frame);

    /* Payloads apart, any size. The receiver begins first. */
    void (*transfer_begin)(struct comm *comm, struct comm_transfer *transfer);
    bool (*transfer_is_done)(struct comm *comm, struct comm_transfer *transfer);

    /* Requests and communicator of the user. */
    bool (*foreign_is_done)(struct comm *comm, void *request);
    void *(*communicator)(struct comm *comm);

    /* Collective, for the end: every rank gives n values to each, and gets n from each
     * (both arrays stay until done). Nobody is done before all have begun. */
    void (*exchange_begin)(struct comm *comm,
                           const uint64_t *to_each,
                           uint64_t *from_each,
                           int n_values);
    bool (*exchange_is_done)(struct comm *comm);
    /* Nothing is on its way and all slots are posted: empties the rings. */
    void (*drain)(struct comm *comm);
    /* Frees the back end's own part of comm. */
    void (*close)(struct comm *comm);
    /* Waits a little for something to arrive; NULL: who drives the ranks sees to it. */
    void (*idle)(struct comm *comm, int64_t until_ns);
};

#endif
