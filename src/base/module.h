/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_MODULE_H
#define BASE_MODULE_H

/*
 * How layers are strung together without calling upwards. A layer that needs start-up
 * gives one constant struct base_module; runtime lists them, lowest first. The state of
 * each hangs in its slot of struct troupe: there are no mutable globals.
 */

#include "base/bytes.h"
#include "base/log.h"
#include "base/saved.h"
#include "troupe/base.h"

enum base_slot {
    BASE_SLOT_COMM,
    BASE_SLOT_MESSAGE,
    BASE_SLOT_PLACEMENT,
    BASE_SLOT_ACTOR,
    BASE_SLOT_TEAM,
    BASE_SLOT_DIRECTORY,
    BASE_SLOT_SUPERVISE,
    BASE_SLOT_CHANNEL,
    BASE_SLOT_ARRAY,
    BASE_SLOT_KERNEL,
    BASE_SLOT_LINEAR,
    BASE_SLOT_STATE,
    BASE_SLOT_CHECKPOINT,
    BASE_SLOT_RUNTIME,
    BASE_SLOT_OUTPUT,
    BASE_N_SLOTS
};

/* Kinds of records in the data stream: sixteen per slot, so that no list is shared. */
#define BASE_KIND(slot, number) ((uint8_t)((slot)*16 + (number)))

struct troupe {
    struct base_log log;
    void *slot[BASE_N_SLOTS];
};

struct comm_record;

struct base_frame_kind {
    uint8_t kind;
    /* Its payload always comes with it: take() need not look for a ticket. At most
     * 16 MiB. */
    bool is_never_apart;
    const char *name;
    /* Takes one record; `record` and its payload are good until it returns. */
    void (*take)(struct troupe *rank, struct comm_record *record);
};

struct base_module {
    const char *name;
    enum base_slot slot;
    const struct base_frame_kind *kinds; /* n_kinds of them */
    uint32_t n_kinds;
    /* Types and behaviors the module itself sends and spawns, NULL-ended; may be NULL.
     */
    const struct troupe_type *const *types;
    const struct troupe_behavior *const *behaviors;
    troupe_status (*init)(struct troupe *rank, const void *options);
    void (*fini)(struct troupe *rank);
    /* An actor's life is over (also between lives); called once per life. */
    void (*actor_ended)(struct troupe *rank,
                        troupe_actor *actor,
                        troupe_address address);
    /* False holds both verdicts, end and deadlock. NULL: always still. */
    bool (*is_still)(struct troupe *rank);
    /*
     * Checkpoints. save() puts all that the layer wants again, while nothing runs on
     * any rank and nothing is on its way. After a restart load() gets each record that
     * falls to this rank, before anything has run, and sends nothing; loaded() comes
     * when load() is done on all ranks. Layers are called lowest first, and kinds in
     * the order of `saved`. `source` may be kept until loaded(), or, where the
     * layer has kinds that are asked for, until fini. A status other than OK ends the
     * start, or gives the checkpoint up.
     */
    const struct base_saved_kind *saved; /* n_saved of them */
    uint32_t n_saved;
    /* About how much save() would put now, while all run. NULL: little. */
    uint64_t (*save_bytes)(struct troupe *rank);
    troupe_status (*save)(struct troupe *rank, struct base_saver *saver);
    troupe_status (*load)(struct troupe *rank,
                          struct base_saved_source *source,
                          const struct base_saved *record);
    troupe_status (*loaded)(struct troupe *rank, struct base_saved_source *source);
    /*
     * After save(), on the thread that writes the rank's part, while the job runs on:
     * whatever else the checkpoint counts on is on disk when this returns. It is
     * published only then; a status other than OK gives it up.
     */
    troupe_status (*sync)(struct troupe *rank);
    /* What the last save() put is published, so that nothing older comes back; on the
     * runtime's thread. Not called for a checkpoint that is given up. */
    void (*published)(struct troupe *rank);
    /* Lines for the wait-for report, and lines for TROUPE_STATS. */
    void (*dump)(struct troupe *rank, struct base_bytes *text);
    void (*statistics)(struct troupe *rank, struct base_bytes *text);
};

#endif
