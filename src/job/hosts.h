/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JOB_HOSTS_H
#define JOB_HOSTS_H

/* The hosts that a job may run on, and which of them are not to be used any more. */

#include "troupe/base.h"

enum { JOB_HOST_BYTES = 64, JOB_MAX_BLAMES = 2 };

struct job_host {
    char name[JOB_HOST_BYTES];
    uint32_t n_slots, n_blames;
    bool is_down; /* did not answer when it was last asked */
};

struct job_hosts {
    struct job_host *items;
    size_t n_items; /* 0: the job runs here */
};

/* May it be used? */
static inline bool job_host_is_in(const struct job_host *host)
{
    return !host->is_down && host->n_blames < JOB_MAX_BLAMES;
}

/* "a:4,b:4"; without a number 1. False: it is none, and `hosts` is empty. */
bool job_hosts_parse(struct job_hosts *hosts, const char *text);
void job_hosts_fini(struct job_hosts *hosts);

/* Slots of all but the last `n_spare`. */
uint32_t job_hosts_planned(const struct job_hosts *hosts, uint32_t n_spare);
/* Slots of those that may be used. */
uint32_t job_hosts_room(const struct job_hosts *hosts);
/* The first that have room for so many ranks, as mpirun takes them. */
void job_hosts_print(const struct job_hosts *hosts,
                     uint32_t n_ranks,
                     char *text,
                     size_t capacity);
/* Is that its name? A host may call itself by a longer or a shorter one. */
bool job_host_is_called(const struct job_host *host, const char *name);
/* A rank there went first. True: it is out now. */
bool job_hosts_blame(struct job_hosts *hosts, const char *name);

/* ---- probe.c ---- */

/* Is it the one that this process is on, by a name or an address of its own? */
bool job_host_is_local(const struct job_host *host);
/* Are all of them, or is there none? */
bool job_hosts_are_local(const struct job_hosts *hosts);
/* Runs `agent HOST COMMAND` for all others at once; those where it does not succeed
 * within `limit_ns` are down. */
void job_hosts_probe(struct job_hosts *hosts,
                     const char *agent,
                     const char *command,
                     int64_t limit_ns);

#endif
