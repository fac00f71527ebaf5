/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEST_COMM_MPI_H
#define TEST_COMM_MPI_H

/* What the tests of comm on real ranks share. A failed check ends all ranks. */

#include "comm/backends.h"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition, ...)                                                           \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);            \
            fprintf(stderr, __VA_ARGS__);                                              \
            fputc('\n', stderr);                                                       \
            MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);                                   \
        }                                                                              \
    } while (0)

static inline void test_mpi_begin(int *argc, char ***argv)
{
    int level;
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level);
    MUST(level >= MPI_THREAD_FUNNELED, "thread level %d", level);
}

static inline struct comm *test_mpi_open(struct troupe *holder)
{
    const struct comm_mpi_options options = {0};
    struct comm *comm = NULL;
    char why[300] = "";
    base_log_init(&holder->log);
    MUST(comm_mpi_open(&options, holder, &comm, why, sizeof why) == TROUPE_OK, "%s",
         why);
    return comm;
}

/* The agreed end, and nothing left. */
static inline void test_mpi_end(struct comm *comm, struct message_pool *pool)
{
    struct message_pool_counts counts;
    struct base_bytes text;
    base_bytes_init(&text);
    comm_stop(comm);
    MUST(comm_audit(comm, &text), "%.*s", (int)text.size, (const char *)text.data);
    base_bytes_fini(&text);
    comm_close(comm);
    message_pool_count(pool, &counts);
    MUST(counts.n_live_blocks == 0, "%llu blocks are left",
         (unsigned long long)counts.n_live_blocks);
    message_pool_destroy(pool);
}

#endif
