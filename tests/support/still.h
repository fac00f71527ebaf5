/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUPPORT_STILL_H
#define SUPPORT_STILL_H

/*
 * Checkpoints without files: a job on sim is brought to a still moment, what its layers
 * save is kept in memory, the job is thrown away, and another one with any number of
 * ranks goes on from there.
 */

#include "base/saved.h"
#include "troupe/troupe.h"

struct still_record {
    uint8_t kind;
    uint64_t key;
    int rank;
    size_t size_bytes;
    unsigned char *data;
};

struct still_store {
    struct still_record *records;
    size_t n_records, capacity;
    size_t n_bytes;
    int n_ranks;
    double save_s, load_s;
    troupe_status status; /* of saving, then of loading */
};

enum still_end {
    STILL_SAVED,
    STILL_OVER, /* the job came to its end before */
    STILL_BUSY  /* a process that is not ready for it: later */
};

/* Runs until so many steps were taken by all ranks together, and stops there. */
enum still_end still_save(const troupe_program *program,
                          int n_ranks,
                          uint64_t seed,
                          uint64_t n_steps,
                          struct still_store *store);
/* The exit code of the job that goes on; -1: it could not. */
int still_resume(const troupe_program *program,
                 int n_ranks,
                 uint64_t seed,
                 struct still_store *store);
/* The same up to another still moment, after which `store` has what is saved then. */
enum still_end still_resume_and_save(const troupe_program *program,
                                     int n_ranks,
                                     uint64_t seed,
                                     uint64_t n_steps,
                                     struct still_store *store);
/* Jobs from now on make checkpoints: outboxes wait, and ask by this for one; NULL: they
 * make none, as at first. */
void still_checkpoints_set(void (*ask)(struct troupe *rank));
/* As still_save(), but the checkpoint is published and the job runs on to its end; its
 * exit code, -1: it did not get so far. */
int still_publish(const troupe_program *program,
                  int n_ranks,
                  uint64_t seed,
                  uint64_t n_steps,
                  struct still_store *store);
void still_free(struct still_store *store);

#endif
