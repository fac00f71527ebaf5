/* SPDX-License-Identifier: BSD-3-Clause */
#include "troupe/foreign.h"
#include "actor/actor.h"
#include "comm/mpi_facts.h"
#include <string.h>

/*
 * The user's own MPI requests. comm tests a copy of the request that outlives the
 * process: if the process ends while it waits, comm still sees the request through.
 */

enum { MOST_REQUEST_BYTES = 16 }; /* MPI_Request is an int or a pointer */

struct foreign {
    unsigned char request[MOST_REQUEST_BYTES] __attribute__((aligned(16)));
    struct foreign_wait *waiting; /* NULL: its process has ended */
    uint8_t block_class;
};

struct foreign_wait {
    struct actor_wait wait;
    struct foreign *foreign;
    troupe_actor *process;
};

static void withdraw(struct actor_wait *wait)
{
    CONTAINER_OF(wait, struct foreign_wait, wait)->foreign->waiting = NULL;
}

static void request_done(struct troupe *rank, void *context)
{
    struct foreign *foreign = context;

    if (foreign->waiting)
        actor_wake(foreign->waiting->process);
    else
        message_block_give(actor_of(rank)->pool, foreign, foreign->block_class);
}

static void require_mpi(troupe_actor *self, const char *call)
{
    actor_require(self, comm_communicator(self->home->comm) != NULL,
                  "%s: there is no MPI on the simulator", call);
}

void troupe_mpi_wait_pointer(troupe_actor *self, void *request)
{
    struct foreign_wait waiting = {.wait = {.kind = ACTOR_WAIT_FOREIGN,
                                            .what = "an MPI request",
                                            .withdraw = withdraw},
                                   .process = self};
    size_t size_bytes = comm_mpi_request_bytes();
    struct foreign *foreign;
    uint8_t block_class;

    actor_require_process(self, "troupe_mpi_wait");
    require_mpi(self, "troupe_mpi_wait");
    base_require(size_bytes <= MOST_REQUEST_BYTES,
                 "an MPI_Request is larger than expected");
    foreign = message_block_take(self->home->pool, sizeof *foreign, &block_class);
    base_require_memory(foreign != NULL, "no memory to watch an MPI request");
    foreign->waiting = &waiting;
    foreign->block_class = block_class;
    memcpy(foreign->request, request, size_bytes);
    waiting.foreign = foreign;
    comm_watch(self->home->comm, foreign->request, request_done, foreign);
    actor_park(self, &waiting.wait, TROUPE_FOREVER);
    memcpy(request, foreign->request, size_bytes);
    message_block_give(self->home->pool, foreign, foreign->block_class);
}

void troupe_mpi_communicator_pointer(troupe_actor *self, void *communicator)
{
    require_mpi(self, "troupe_mpi_communicator");
    memcpy(communicator, comm_communicator(self->home->comm),
           comm_mpi_communicator_bytes());
}
