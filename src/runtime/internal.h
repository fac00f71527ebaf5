/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUNTIME_INTERNAL_H
#define RUNTIME_INTERNAL_H

/* What the files of this folder share. */

#include "actor/actor.h"
#include "checkpoint/checkpoint.h"
#include "comm/backends.h"
#include "placement/here.h"
#include "runtime/control.h"
#include "runtime/sim.h"
#include "runtime/wishes.h"

/* What options and environment come to. */
struct runtime_settings {
    enum base_log_level log_level;
    bool use_sim, has_statistics, has_sim_trace;
    bool has_two_hops; /* of simulated ranks, unless they have a route */
    int sim_ranks;
    uint64_t sim_seed;
    uint32_t n_slots;
    size_t stack_bytes;
    uint64_t queued_limit_bytes;
    int64_t handler_timeout_ns; /* 0: never */
    struct comm_options comm;
    struct placement_wish wish;
    struct checkpoint_options checkpoint;
    uint64_t
        fail_every; /* hostile builds: every n-th allocation fails as the job runs */
};

/* What the ranks agree on before anything runs; merged in the order of ranks. */
struct runtime_verdict {
    uint64_t hash;           /* of the first rank's program and settings */
    int32_t first_rank;      /* of those merged */
    int32_t first_different; /* -1: none */
    int32_t first_failed;    /* -1: none */
    uint8_t status;          /* of the one that failed */
    uint8_t has_statistics;  /* the first rank asks for them; a byte as it came */
    uint8_t none[2];         /* padding would send what the stack held */
};

/* A rank's row of the statistics, as it travels to rank 0. */
struct runtime_row {
    uint64_t n_sent_local, n_sent_remote, n_parked_sends;
    uint64_t n_spawned, n_ended, n_dead[ACTOR_N_DEAD_REASONS];
    uint64_t most_queued, largest_stack_bytes;
    struct comm_counts comm;
};

/* A rank goes through these in order; THROUGH at once after a fault. */
enum runtime_phase {
    RUNTIME_COMPARE, /* programs and settings of all ranks */
    RUNTIME_EXPLAIN, /* they differ: how, told to rank 0 */
    RUNTIME_CHOOSE,  /* where to begin: from a checkpoint? */
    RUNTIME_LOAD,    /* that; sends nothing */
    RUNTIME_JOIN,    /* all have: what was waiting to be sent is */
    RUNTIME_ACTORS,
    RUNTIME_SETTLE, /* one exit code for all */
    RUNTIME_GATHER, /* statistics, if asked for */
    RUNTIME_THROUGH
};

struct runtime_job;

struct runtime_rank {
    struct troupe troupe; /* first: what the layers below are given */
    struct runtime_job *job;
    const troupe_program *program;
    struct comm *comm;
    struct message_pool *pool;
    enum runtime_phase phase;
    bool is_reducing, has_result;
    bool is_refused;                            /* a checkpoint; on all ranks alike */
    bool has_modules;                           /* all of them are started */
    struct runtime_control *control;            /* NULL: no `troupe run` watches it */
    uint64_t n_published_told, n_given_up_told; /* of checkpoints, to the supervisor */
    struct runtime_wishes wishes;               /* for checkpoints, of the supervisor */
    struct runtime_verdict verdict;
    troupe_status start_status; /* this rank's own part of the start */
    char why[512];
    int exit_code;
    struct checkpoint_choice choice;
    struct base_bytes peer_lines; /* rank 0: what the rank that differs has */
    bool has_peer_lines;
    struct runtime_row *rows; /* rank 0: of all ranks */
    size_t *row_bytes;        /* of each that have come */
    bool has_sent_row;
};

/* What troupe_start() gives: the ranks of this process, one on mpi, all on sim. */
struct runtime_job {
    struct troupe handle; /* first */
    troupe_options options;
    struct runtime_settings settings;
    const struct runtime_sim *sim_options; /* tests' wishes, or NULL */
    struct comm_sim *sim;                  /* NULL: mpi */
    struct comm_sim_result sim_result;
    struct runtime_rank **ranks;
    int n_ranks;
    bool has_run;
    bool is_audited;       /* after the run, and so also after the stop */
    int64_t n_live_before; /* allocations, for the audit */
};

static inline struct runtime_rank *runtime_rank_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_RUNTIME];
}

enum runtime_kind {
    RUNTIME_KIND_LINES = BASE_KIND(BASE_SLOT_RUNTIME, 0),
    RUNTIME_KIND_ROW
};

/* ---- saver.c
 * ------------------------------------------------------------------------------ */

extern const struct runtime_saver runtime_saver;

/* ---- options.c
 * ----------------------------------------------------------------------- */

/* TROUPE_INVALID: something bad was logged, and stands at its default in `settings`. */
troupe_status runtime_settings_read(const struct base_log *log,
                                    const troupe_options *options,
                                    struct runtime_settings *settings);
/* Logs variables that nobody knows, most often misspelt. */
void runtime_strangers_report(const struct base_log *log);

/* ---- checkpoint.c
 * -------------------------------------------------------------------- */

troupe_status runtime_checkpoint_read(const struct base_log *log,
                                      const troupe_options *options,
                                      struct checkpoint_options *checkpoint);
/* From now on USR1 asks for a checkpoint; only where there are any. */
void runtime_checkpoint_listen(struct checkpoint_options *checkpoint);

/* ---- modules.c
 * ----------------------------------------------------------------------- */

extern const struct base_module *const runtime_modules[]; /* NULL-ended, lowest first */
void runtime_modules_add_kinds(struct comm *comm);
troupe_status runtime_modules_init(struct runtime_rank *rank);
void runtime_modules_fini(struct runtime_rank *rank);

/* ---- compare.c
 * ----------------------------------------------------------------------- */

/* Steps of the phases COMPARE and EXPLAIN. */
struct comm_step runtime_compare_step(struct runtime_rank *rank);
struct comm_step runtime_explain_step(struct runtime_rank *rank);
void runtime_lines_take(struct troupe *holder, struct comm_record *record);

/* ---- restart.c
 * ----------------------------------------------------------------------- */

/* Steps of the phases CHOOSE, LOAD and JOIN. */
struct comm_step runtime_choose_step(struct runtime_rank *rank);
struct comm_step runtime_load_step(struct runtime_rank *rank);
struct comm_step runtime_join_step(struct runtime_rank *rank);

/* ---- run.c
 * --------------------------------------------------------------------------- */

/* One turn of a rank, whatever its phase. */
struct comm_step runtime_step(struct troupe *holder);
/* Moves bytes and hands out what came; true if there was something. */
bool runtime_pump(struct runtime_rank *rank);
struct comm_step runtime_wait(struct runtime_rank *rank, bool moved);
/*
 * Reduces over all ranks, one at a time; `done` keeps the result and sets has_result.
 * runtime_reduced(): true, once, when it is there.
 */
void runtime_reduce(struct runtime_rank *rank,
                    void (*merge)(void *into, const void *from),
                    void (*done)(struct troupe *holder,
                                 const void *result,
                                 size_t size),
                    const void *value,
                    size_t size_bytes);
/* To rank 0, in pieces that are small enough for every build; `reference` counts bytes.
 */
void runtime_send(struct runtime_rank *rank,
                  enum runtime_kind kind,
                  const void *data,
                  size_t size_bytes);
bool runtime_reduced(struct runtime_rank *rank);
/* The largest of all ranks' becomes each one's. */
void runtime_reduce_exit_code(struct runtime_rank *rank, int32_t exit_code);
int runtime_exit_code_of(troupe_status status);

/* ---- start.c
 * ------------------------------------------------------------------------- */

/* Ends what a rank has, as far as it got. */
void runtime_rank_end_actors(struct runtime_rank *rank);
/* The driver of sim was left in the middle: actors are freed as they stand, unheard. */
void runtime_rank_abandon(struct runtime_rank *rank);
void runtime_rank_close(struct runtime_rank *rank);

/* ---- statistics.c
 * -------------------------------------------------------------------- */

struct comm_step runtime_gather_step(struct runtime_rank *rank);
void runtime_row_take(struct troupe *holder, struct comm_record *record);

/* ---- audit.c
 * ------------------------------------------------------------------------- */

/* After comm_stop and the actors' end: prints what is not as it should be. False: the
 * job has failed by it. */
bool runtime_audit(struct runtime_job *job);
/* After everything was freed. */
void runtime_audit_memory(const struct base_log *log, int64_t n_live_before);

#endif
