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
    /* What a checkpoint saves of it (a later layer calls these). */
    void (*snapshot)(struct troupe *rank, struct base_bytes *bytes);
    troupe_status (*restore)(struct troupe *rank, struct base_cursor *cursor);
    /* Lines for the wait-for report, and lines for TROUPE_STATS. */
    void (*dump)(struct troupe *rank, struct base_bytes *text);
    void (*statistics)(struct troupe *rank, struct base_bytes *text);
};

#endif
