/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_WATCH_H
#define JOB_WATCH_H

/* When each rank was last heard of, and when it last got on: is the job hung? */

#include "control/control.h"

struct job_watched {
    bool is_here, is_lost, has_completed;
    bool has_dumped;
    bool is_awaited;
    uint32_t process_id;
    char host[CONTROL_NAME_BYTES];
    int exit_code;
    enum control_activity activity;
    uint64_t n_turns, n_messages;
    int64_t heard_ns, moved_ns; /* when n_turns last changed */
};

struct job_watch {
    struct job_watched *ranks;
    uint32_t n_ranks, n_here, n_completed;
    uint32_t n_awaited; /* dumps that are still to come */
};

enum job_hang {
    JOB_NO_HANG,
    JOB_HANG_SILENT, /* a rank's thread is not heard of: stopped, or its host is gone */
    JOB_HANG_STUCK,  /* a rank has been in one turn for too long */
    JOB_HANG_STILL   /* all ranks wait for mail, and none comes */
};

struct job_verdict {
    enum job_hang hang;
    int rank; /* -1: all */
    int64_t since_ns;
};

void job_watch_init(struct job_watch *watch, uint32_t n_ranks);
void job_watch_fini(struct job_watch *watch);
/* Forgets all: a new attempt, perhaps with other ranks. */
void job_watch_reset(struct job_watch *watch, uint32_t n_ranks);

/* False: no such rank, or it is here already. */
bool job_watch_hello(struct job_watch *watch,
                     const struct control_message *message,
                     int64_t now_ns);
void job_watch_beat(struct job_watch *watch,
                    uint32_t rank,
                    const struct control_message *message,
                    int64_t now_ns);
void job_watch_complete(struct job_watch *watch, uint32_t rank, int exit_code);
/* True: it had not completed. */
bool job_watch_lose(struct job_watch *watch, uint32_t rank);
/* All that were heard of since are expected to say what they do. */
void job_watch_await(struct job_watch *watch, int64_t since_ns);
/* True: that was the last. */
bool job_watch_dumped(struct job_watch *watch, uint32_t rank);
bool job_watch_is_complete(const struct job_watch *watch, int *exit_code);
uint64_t job_watch_messages(const struct job_watch *watch);

/* A limit of 0 is none. */
struct job_verdict job_watch_check(const struct job_watch *watch,
                                   int64_t liveness_ns,
                                   int64_t progress_ns,
                                   int64_t now_ns);
const char *job_hang_text(enum job_hang hang);

#endif
