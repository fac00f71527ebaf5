/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* sched_getaffinity */
#include "base/clock.h"
#include "base/random.h"
#include "comm/launch.h"
#include "comm/mpi_port.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

/* The start of the MPI back end, and what it asks of MPI about itself. */

/* ---- MPI itself ---- */

#ifndef OMPI_MAJOR_VERSION
#error "this back end knows Open MPI: compile with its mpicc"
#endif

static troupe_status check_library(char *why, size_t why_capacity)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length;
    MPI_Get_library_version(text, &length);
    if (!comm_library_is_ours(text, OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION, why,
                              why_capacity))
        return TROUPE_INVALID;
    return TROUPE_OK;
}

static troupe_status check_threads(char *why, size_t why_capacity)
{
    int level, is_main;
    MPI_Query_thread(&level);
    MPI_Is_thread_main(&is_main);
    if (level < MPI_THREAD_FUNNELED) {
        snprintf(
            why, why_capacity,
            "MPI was initialised with MPI_THREAD_SINGLE; call MPI_Init_thread with "
            "MPI_THREAD_FUNNELED or above");
        return TROUPE_INVALID;
    }
    if (!is_main) {
        snprintf(why, why_capacity, "not the thread that initialised MPI");
        return TROUPE_INVALID;
    }
    return TROUPE_OK;
}

/*
 * Within a node Open MPI copies what is larger than its eager limit of 4096 by a system
 * call, which takes as long as sending 4 KiB three times. A limit that lets a frame
 * with 4 KiB through halves the time of such a message (measured: 1300 to 700 ns). What
 * the user or mpirun has set stays.
 */
void mpi_port_raise_eager_limit(void)
{
    static const char *const names[] = {"OMPI_MCA_btl_vader_eager_limit",
                                        "OMPI_MCA_btl_sm_eager_limit"}; /* 4.x, 5.x */
    static const char limit[] = "4352";

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        (void)setenv(names[i], limit, 0);
}

static troupe_status init_mpi(const struct comm_mpi_options *mpi,
                              bool *is_ours,
                              char *why,
                              size_t why_capacity)
{
    int is_initialised, is_finalised, level;

    MPI_Initialized(&is_initialised);
    MPI_Finalized(&is_finalised);
    if (is_finalised) {
        snprintf(why, why_capacity, "MPI has been finalised already");
        return TROUPE_INVALID;
    }
    *is_ours = !is_initialised;
    if (!*is_ours)
        return TROUPE_OK;
    mpi_port_raise_eager_limit();
    int code = MPI_Init_thread(mpi ? mpi->argc : NULL, mpi ? mpi->argv : NULL,
                               MPI_THREAD_FUNNELED, &level);
    if (code == MPI_SUCCESS)
        return TROUPE_OK;
    snprintf(why, why_capacity, "MPI_Init_thread failed with code %d", code);
    return TROUPE_FAILED;
}

static const char *environment(const char *name)
{
    return getenv(name);
}

static troupe_status check_launch(char *why, size_t why_capacity)
{
    int n_ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    if (!comm_launch_is_sane(n_ranks, environment, why, why_capacity))
        return TROUPE_INVALID;
    return TROUPE_OK;
}

/* ---- the port ---- */

static void end_job(void *context, int exit_code)
{
    (void)context;
    MPI_Abort(MPI_COMM_WORLD, exit_code);
}

static int rank_of_job(void *context)
{
    (void)context;
    int is_initialised, is_finalised, rank = -1;
    MPI_Initialized(&is_initialised);
    MPI_Finalized(&is_finalised);
    if (is_initialised && !is_finalised)
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static uint64_t tag_mask(MPI_Comm communicator)
{
    int *limit, is_there;
    uint64_t mask = 0x7fff; /* what every MPI allows */
    MPI_Comm_get_attr(communicator, MPI_TAG_UB, (void *)&limit, &is_there);
    while (is_there && (mask << 1 | 1) <= (uint64_t)*limit)
        mask = mask << 1 | 1;
    return mask;
}

static struct mpi_port *create_port(MPI_Comm user, bool must_finalize)
{
    struct mpi_port *port = base_new(struct mpi_port);
    int rank;

    port->user = user;
    port->must_finalize = must_finalize;
    for (int i = 0; i < MPI_PORT_N; i++) {
        mpi_port_check(MPI_Comm_dup(user, &port->communicator[i]), "MPI_Comm_dup");
        MPI_Comm_set_errhandler(port->communicator[i], MPI_ERRORS_RETURN);
    }
    MPI_Comm_rank(user, &rank);
    mpi_port_check(MPI_Comm_split_type(user, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL,
                                       &port->node),
                   "MPI_Comm_split_type");
    port->tag_mask = tag_mask(port->communicator[MPI_PORT_BULK]);
    port->random_state = (uint64_t)base_clock_ns() ^ (uint64_t)rank << 40;
    for (int class = 0; class < COMM_N_CLASSES; class ++)
        port->posted_end[class] = &port->posted[class];
    return port;
}

troupe_status comm_mpi_open(const struct comm_mpi_options *mpi,
                            struct troupe *holder,
                            struct comm **comm,
                            char *why,
                            size_t why_capacity)
{
    static const struct base_death death = {end_job, rank_of_job, NULL};
    bool is_ours;
    int rank, n_ranks;

    TROUPE_TRY(check_library(why, why_capacity));
    TROUPE_TRY(init_mpi(mpi, &is_ours, why, why_capacity));
    troupe_status status = check_threads(why, why_capacity);
    if (status == TROUPE_OK)
        status = check_launch(why, why_capacity);
    if (status != TROUPE_OK) {
        if (is_ours)
            MPI_Finalize();
        return status;
    }
    base_death_set(&death);
    MPI_Comm user = MPI_COMM_WORLD;
    if (mpi && mpi->communicator)
        memcpy(&user, mpi->communicator, sizeof user);
    struct mpi_port *port = create_port(user, is_ours);
    MPI_Comm_rank(user, &rank);
    MPI_Comm_size(user, &n_ranks);
    *comm = comm_create(&comm_mpi_backend, port, holder, rank, n_ranks);
    return TROUPE_OK;
}

/* ---- what MPI can tell ---- */

/* A whole number among the control variables, `otherwise` if there is none of the name.
 */
static uint64_t read_variable(const char *name, uint64_t otherwise)
{
    int index, count;
    MPI_T_cvar_handle handle;
    union {
        size_t size;
        unsigned number;
    } value = {0};
    int verbosity, bind, scope, name_length = 0, text_length = 0;
    MPI_Datatype type;
    MPI_T_enum names;

    if (MPI_T_cvar_get_index(name, &index) != MPI_SUCCESS ||
        MPI_T_cvar_get_info(index, NULL, &name_length, &verbosity, &type, &names, NULL,
                            &text_length, &bind, &scope) != MPI_SUCCESS)
        return otherwise;
    /* Open MPI gives its sizes as unsigned long, some versions as unsigned. */
    if (type != MPI_UNSIGNED_LONG && type != MPI_UNSIGNED_LONG_LONG &&
        type != MPI_UNSIGNED)
        return otherwise;
    if (MPI_T_cvar_handle_alloc(index, NULL, &handle, &count) != MPI_SUCCESS)
        return otherwise;
    uint64_t result = otherwise;
    if (count == 1 && MPI_T_cvar_read(handle, &value) == MPI_SUCCESS)
        result = type == MPI_UNSIGNED ? value.number : value.size;
    MPI_T_cvar_handle_free(&handle);
    return result;
}

/* Open MPI 4.1 takes the level asked for here as that of all MPI from then on. */
static int present_thread_level(void)
{
    int is_initialised, level = MPI_THREAD_FUNNELED;
    MPI_Initialized(&is_initialised);
    if (is_initialised)
        MPI_Query_thread(&level);
    return level;
}

/*
 * What Open MPI calls eager limit counts its own header of 14 words and more: of 4096,
 * 4040 bytes are left (measured: at 4041 a message costs fifteen times as much).
 */
uint32_t mpi_port_eager_limit(void)
{
    enum { HEADER_BYTES = 56, FALLBACK = 4096 };
    static const char *const names[] = {"btl_vader_eager_limit", "btl_tcp_eager_limit"};
    uint64_t least = UINT32_MAX;
    int level;

    if (MPI_T_init_thread(present_thread_level(), &level) != MPI_SUCCESS)
        return FALLBACK - HEADER_BYTES;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        uint64_t limit = read_variable(names[i], FALLBACK);
        if (limit < least)
            least = limit;
    }
    MPI_T_finalize();
    return least > 2 * HEADER_BYTES ? (uint32_t)least - HEADER_BYTES : HEADER_BYTES;
}

bool mpi_port_is_crowded(const struct mpi_port *port)
{
    cpu_set_t mine, all;
    int n_ranks;

    CPU_ZERO(&mine);
    if (sched_getaffinity(0, sizeof mine, &mine) != 0)
        return false;
    mpi_port_check(
        MPI_Allreduce(&mine, &all, (int)sizeof mine, MPI_BYTE, MPI_BOR, port->node),
        "MPI_Allreduce");
    MPI_Comm_size(port->node, &n_ranks);
    return n_ranks > CPU_COUNT(&all);
}
