/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OUTPUT_OUTPUT_H
#define OUTPUT_OUTPUT_H

/*
 * Outputs as a rank keeps them. The length is counted here and not asked of the file:
 * what stands behind it is of an attempt that failed, and is written over.
 */

#include "actor/actor.h"
#include "base/files.h"
#include "troupe/outbox.h"
#include "troupe/output.h"

enum { OUTPUT_PATH_BYTES = 4096 };

struct output {
    struct base_list node;
    uint64_t owner, reference;
    int descriptor;
    int64_t size_bytes;
    char path[]; /* from the root */
};

/* A message that waits for the checkpoint that has its cause. */
struct outbox_entry {
    struct base_list node;
    uint64_t sender, to;
    struct message_envelope *envelope;
    bool is_saved; /* the checkpoint that was made last has it */
};

struct output_rank {
    struct actor_rank *home;
    struct base_list outbox;          /* struct outbox_entry, the oldest first */
    void (*ask)(struct troupe *rank); /* for a checkpoint; NULL: there are none */
    bool is_asked;                    /* and none has been published since */
    struct base_list all;
    const struct base_files *files;
    int *syncing; /* descriptors of their own, for the thread that writes */
    size_t n_syncing;
};

extern const struct base_module output_module;

static inline struct output_rank *output_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_OUTPUT];
}

/* One more in the rank's list, not opened. NULL: no memory. */
struct output *output_add(struct output_rank *here,
                          uint64_t owner,
                          uint64_t reference,
                          const char *path);
/* Closes it and takes it off the list. False: the disk may not have it all. */
bool output_remove(struct output_rank *here, struct output *output);
/* Opens the file and makes it so long; it must be at least that. Logs what is wrong. */
troupe_status
output_set(const struct output_rank *here, struct output *output, int64_t size_bytes);

/* ---- saved.c ---- */

enum output_saved {
    OUTPUT_SAVED_FILE = BASE_KIND(BASE_SLOT_OUTPUT, 0),
    OUTPUT_SAVED_OUTBOX
};

troupe_status output_save(struct troupe *rank, struct base_saver *saver);
troupe_status output_load(struct troupe *rank,
                          struct base_saved_source *source,
                          const struct base_saved *record);
troupe_status output_sync(struct troupe *rank);
void output_syncing_close(struct output_rank *here);

/* ---- outbox.c ---- */

/* The job makes checkpoints; `ask` wants one soon. Before any actor runs. */
void output_checkpoints_set(struct troupe *rank, void (*ask)(struct troupe *rank));
troupe_status outbox_save(struct output_rank *here, struct base_saver *saver);
troupe_status outbox_load(struct output_rank *here, const struct base_saved *record);
/* Sends what the last checkpoint has. */
void outbox_release(struct output_rank *here);
/* False: something waits. Wants a checkpoint if nothing else happens any more. */
bool outbox_is_still(struct output_rank *here);
void outbox_free(struct output_rank *here);

#endif
