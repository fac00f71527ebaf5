/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CHECKPOINT_CUT_H
#define CHECKPOINT_CUT_H

/* What the files of this folder share. */

#include "actor/actor.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/image.h"
#include "checkpoint/worker.h"
#include "store/store.h"

enum checkpoint_kind {
    CHECKPOINT_KIND_ASK = BASE_KIND(BASE_SLOT_CHECKPOINT, 0), /* to rank 0 */
    CHECKPOINT_KIND_PREPARE,        /* reference: epoch; incarnation: turn */
    CHECKPOINT_KIND_STATUS,         /* to rank 0; payload: struct checkpoint_status */
    CHECKPOINT_KIND_RELEASE,        /* reference: the number of those that go on */
    CHECKPOINT_KIND_RELEASE_WANTED, /* likewise */
    CHECKPOINT_KIND_FREEZE,         /* incarnation: turn */
    CHECKPOINT_KIND_GIVE_UP,
    CHECKPOINT_KIND_WRITTEN, /* to rank 0; payload: struct checkpoint_written */
    CHECKPOINT_KIND_DONE     /* type: status */
};

/* Kinds of records in a checkpoint. */
enum checkpoint_saved {
    CHECKPOINT_SAVED_JOB = BASE_KIND(BASE_SLOT_CHECKPOINT, 0),
    CHECKPOINT_SAVED_STATE /* of the rank process; key: the rank */
};

enum checkpoint_phase {
    CHECKPOINT_IDLE,
    CHECKPOINT_PREPARING,
    CHECKPOINT_FROZEN,
    CHECKPOINT_SAVED,  /* and nobody runs until all have */
    CHECKPOINT_WRITING /* all run; rank 0: or cleans up */
};

/* How far a rank's processes are on the way to their safe points. */
struct checkpoint_status {
    uint64_t number, balance; /* team/standing.c */
    bool is_known;
    bool is_ready;        /* all of them are there */
    bool has_number;      /* of its rank process's place in the rank team */
    bool is_process_safe; /* that is there; else it may have returned */
    bool is_process_able; /* and would go on if it were let go */
    bool is_any_able;     /* likewise one of all */
    bool has_been_ready;  /* rank 0's: once in this cut */
    bool is_wanted;       /* somebody waits for one that is there */
};

struct checkpoint_written {
    struct store_part part;
    int32_t status, error;
};

/* What the ranks' copies come to. */
enum checkpoint_outcome { OUTCOME_GOOD, OUTCOME_NOT_READY, OUTCOME_FAILED };
struct checkpoint_sum {
    uint32_t outcome; /* the worst */
    int32_t rank;     /* the first whose it is */
    int32_t status;
};

/* A job for the worker: this rank's part. */
struct checkpoint_part {
    const struct store *store;
    struct store_place place;
    struct checkpoint_image *image;
    struct checkpoint_written written;
    struct troupe *rank; /* whose layers bring to disk what it counts on */
};

enum checkpoint_chore { CHORE_NONE, CHORE_BEGIN, CHORE_PUBLISH, CHORE_ABANDON };

/* Rank 0 alone. */
struct checkpoint_lead {
    bool is_wanted, is_for_request;
    int64_t next_ns;     /* when it is time for the next */
    int64_t retry_ns;    /* after one that was asked for has come to nothing */
    int64_t deadline_ns; /* of the phase */
    int64_t release_ns, release_span_ns;
    struct checkpoint_status *status; /* by rank */
    bool *has_written;                /* its part of this cut, by rank */
    int n_written;
    int32_t failed_rank, failed_status, failed_error; /* of the parts */
    int complained;     /* the cause last told of, until one succeeds */
    const char *reason; /* why it was begun */
    struct store_manifest manifest;
    /* What the worker does for all; read while it is idle. */
    enum checkpoint_chore chore;
    bool has_folder, must_abandon;
    troupe_status chore_status, prune_status;
    int chore_error;
};

struct checkpoint_rank {
    struct actor_rank *home;
    struct checkpoint_options options;
    bool is_on, is_threaded;
    struct store store;
    struct store_pace pace;
    int lock_descriptor; /* of the job, rank 0's without a supervisor; -1: none */
    uint64_t schema_hash, epoch; /* the newest that was begun or gone on from */
    uint32_t attempt;

    enum checkpoint_phase phase;
    uint32_t turn; /* tells one freeze from the next */
    struct actor_cut cut;
    uint8_t quiet_tag;            /* the detector's last word; 0: none */
    enum actor_verdict otherwise; /* with it */
    bool is_freeze_ordered, has_sum, has_told;
    struct checkpoint_sum sum;
    struct checkpoint_status told; /* to rank 0 */
    struct base_map safe;          /* address: actor at a safe point */
    struct base_map receivers;     /* whose receives are safe points */
    struct heap_node tick;
    int64_t began_ns, froze_ns;

    struct checkpoint_image image;
    struct checkpoint_worker worker;
    struct checkpoint_part part;
    bool is_writing;       /* the worker has the part, or had it from the start */
    bool is_short;         /* of memory for a copy */
    bool has_written;      /* the part, while it stood still */
    bool is_reserving;     /* it makes room for the image */
    uint64_t wanted_bytes; /* of room in the image; most of all cuts */

    struct checkpoint_lead *lead; /* NULL: not rank 0 */
    struct checkpoint_statistics statistics;
    struct checkpoint_source *source; /* what was loaded from; NULL: nothing */
};

static inline struct checkpoint_rank *checkpoint_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_CHECKPOINT];
}

static inline int64_t checkpoint_now_ns(const struct checkpoint_rank *here)
{
    return comm_now_ns(here->home->comm);
}

/* ---- cut.c: what each rank does ---- */

void checkpoint_prepare(struct checkpoint_rank *here, uint64_t epoch, uint32_t turn);
/* Back to running, without a checkpoint. */
void checkpoint_drop(struct checkpoint_rank *here);
/* Rank 0 is through with it. */
void checkpoint_finish(struct checkpoint_rank *here);
void checkpoint_cut_init(struct checkpoint_rank *here);
/* What the layers want again. */
troupe_status checkpoint_save_modules(struct checkpoint_rank *here,
                                      struct base_saver *saver);
enum { CHECKPOINT_N_KINDS = 9 };
extern const struct base_frame_kind checkpoint_kinds[CHECKPOINT_N_KINDS];

/* ---- ready.c ---- */

/* Those whose receives are safe points, and that wait in one now. */
void checkpoint_hold_receivers(struct checkpoint_rank *here);
void checkpoint_status_take(struct checkpoint_rank *here,
                            struct checkpoint_status *status);
/* Whether every process with a state can begin again from what it has. */
bool checkpoint_may_save(const struct checkpoint_rank *here);
/* Those whose rank process is at `number` of its team, and all others. */
void checkpoint_release(struct checkpoint_rank *here, uint64_t number);
void checkpoint_release_all(struct checkpoint_rank *here);
/* Of them those that somebody waits for. */
void checkpoint_release_wanted(struct checkpoint_rank *here, uint64_t number);

/* ---- lead.c: what rank 0 does ---- */

/* When the next is due, from now on. */
void checkpoint_lead_plan(struct checkpoint_rank *here);
void checkpoint_lead_step(struct checkpoint_rank *here);
void checkpoint_lead_tick(struct checkpoint_rank *here);
void checkpoint_lead_status(struct checkpoint_rank *here,
                            int rank,
                            const struct checkpoint_status *status);
void checkpoint_lead_written(struct checkpoint_rank *here,
                             int rank,
                             const struct checkpoint_written *written);
/* The copies are made, or could not be. */
void checkpoint_lead_summed(struct checkpoint_rank *here);
void checkpoint_send_all(struct checkpoint_rank *here,
                         enum checkpoint_kind kind,
                         uint64_t reference,
                         uint32_t word);
/* When to look again, INT64_MAX: not by itself. */
int64_t checkpoint_lead_next_ns(const struct checkpoint_rank *here);

/* ---- chores.c: rank 0's jobs for its worker ---- */

void checkpoint_chore_give(struct checkpoint_rank *here, enum checkpoint_chore chore);

/* ---- interval.c ---- */

/* How long to wait for the next, when one took so long (eq. 37 of Daly 2006). */
int64_t checkpoint_interval_ns(int64_t every_ns, int64_t cost_ns);

/* ---- tick.c ---- */

void checkpoint_tick_arm(struct checkpoint_rank *here);
void checkpoint_tick_stop(struct checkpoint_rank *here);

/* ---- write.c ---- */

/* Room for what the next copy will be, if there is less; rank 0 does it with a chore.
 */
void checkpoint_reserve_begin(struct checkpoint_rank *here);
/* While it is under way. */
void checkpoint_reserve_look(struct checkpoint_rank *here);

void checkpoint_write_begin(struct checkpoint_rank *here);
/* At once, without a copy; the part's status. */
troupe_status checkpoint_write_frozen(struct checkpoint_rank *here);
/* True, once, when this rank's part is written or has failed. */
bool checkpoint_write_end(struct checkpoint_rank *here);
/* The layers hear that what they saved last is published. */
void checkpoint_tell_published(struct checkpoint_rank *here);

/* ---- state.c ---- */

enum { CHECKPOINT_N_SAVED_KINDS = 2 };
extern const struct base_saved_kind checkpoint_saved_kinds[CHECKPOINT_N_SAVED_KINDS];
troupe_status checkpoint_state_save(struct troupe *rank, struct base_saver *saver);
troupe_status checkpoint_state_load(struct troupe *rank,
                                    struct base_saved_source *source);

/* ---- source.c: a checkpoint to read from ---- */

struct checkpoint_source {
    struct base_saved_source base; /* first */
    const struct store *store;
    struct store_manifest manifest;
    struct store_problem problem; /* of the last read that failed */
    int only_part;                /* -1: all */
};
troupe_status checkpoint_source_open(struct checkpoint_rank *here,
                                     const struct store_entry *entry);
void checkpoint_source_close(struct checkpoint_rank *here);

/* ---- choose.c ---- */

/* What is wrong with it, as an exit code; 0: nothing. Rank 0 has made it. */
int checkpoint_store_open(struct checkpoint_rank *here);

#endif
