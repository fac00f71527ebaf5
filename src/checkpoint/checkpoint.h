/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CHECKPOINT_CHECKPOINT_H
#define CHECKPOINT_CHECKPOINT_H

/*
 * Checkpoints of a running job. Rank 0 leads; each cut goes like this:
 *
 *   prepare   all run on until every process with a state is at a safe point; those
 *             that came first are let go again when the others wait for them
 *   freeze    nobody runs; records are taken until nothing is on its way (the detector)
 *   save      each layer copies what it has into memory; one reduction says that all
 *             have, before anybody runs again
 *   write     a thread per rank writes the copy, rank 0 publishes and prunes
 *
 * A cut that does not get so far is given up, and the job goes on. After a restart each
 * rank loads what falls to it, and the processes begin at the top.
 */

#include "base/files.h"
#include "base/module.h"
#include "store/store.h"

struct checkpoint_options {
    const char *directory; /* NULL: no checkpoints */
    const char *job;
    const char *program; /* what only the same may go on from */
    const char *from;    /* newest, none, EPOCH, EPOCH.ATTEMPT; NULL: newest, unless
                          * the job is completed */
    int64_t every_ns;    /* 0: as often as is worth it; below 0: only when asked */
    int64_t patience_ns; /* to get ready, and again to drain; 0: 60 s */
    uint32_t n_keep;     /* 0: 2 */
    uint32_t attempt;    /* that a supervisor has claimed; 0: none has */
    bool may_be_world_writable; /* the directory */
    enum store_packing packing;
    const struct base_files *files; /* NULL: the machine's */
    /* Memory that a rank may take for its copy, asked for before each cut; without so
     * much it writes its part while it stands still. NULL: there is enough. */
    uint64_t (*free_bytes)(void);
    /* True, once, for each time that somebody outside wants one. NULL: nobody. */
    bool (*take_request)(void);
};

/* What stays constant must outlive the rank. Logs what is wrong. */
TROUPE_MUST_USE troupe_status
checkpoint_configure(struct troupe *rank, const struct checkpoint_options *options);
bool checkpoint_is_on(struct troupe *rank);

/* ---- the start of an attempt ---- */

/* What rank 0 decides for all. */
struct checkpoint_choice {
    uint64_t epoch;      /* to go on from, or the highest that there is */
    uint32_t of_attempt; /* whose that is */
    uint32_t attempt;    /* ours */
    int32_t exit_code;   /* not 0: the job cannot start */
    uint8_t is_restart;  /* a byte as it came */
    uint8_t none[3];     /* padding would send what the stack held */
};
/* Rank 0. Claims the attempt, cleans, chooses and fences; says what it does. */
void checkpoint_choose(struct troupe *rank, struct checkpoint_choice *choice);
/* All ranks, before anything has run; the exit code if it cannot start, else 0. */
int checkpoint_load(struct troupe *rank, const struct checkpoint_choice *choice);
/* All have loaded, so that what is sent now finds whom it is for; likewise. */
int checkpoint_join(struct troupe *rank);
/* All have joined. */
void checkpoint_begin(struct troupe *rank);
/* Rank 0: all ranks have ended in order. */
void checkpoint_completed(struct troupe *rank);

/* ---- as the job runs ---- */

/* Wants a checkpoint soon; from any rank. REFUSED: there are none in this job. */
troupe_status checkpoint_ask(struct troupe *rank);

/* Rank 0 knows all of it, the others only where they are. */
struct checkpoint_statistics {
    uint32_t attempt;
    uint64_t restarted_from; /* epoch; 0: from the beginning */
    uint64_t published;      /* the newest epoch of this attempt; 0: none yet */
    int64_t published_at_ns; /* comm's clock */
    uint64_t size_bytes;     /* of all its parts */
    int64_t frozen_ns, waited_ns;
    uint64_t n_published, n_given_up;
    const char *doing;    /* "idle", "preparing", "frozen", "writing" */
    char held_up_by[160]; /* the cut under way, or the last that was given up */
};
void checkpoint_count(struct troupe *rank, struct checkpoint_statistics *statistics);

extern const struct base_module checkpoint_module;

#endif
