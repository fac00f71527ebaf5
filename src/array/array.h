/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ARRAY_ARRAY_H
#define ARRAY_ARRAY_H

/*
 * Arrays as a rank keeps them: found by id, one struct for the part of each member that
 * lives here. Everything but `data` and `index` is the same on all members.
 */

#include "actor/actor.h"
#include "base/files.h"
#include "troupe/array.h"
#include "troupe/exchange.h"

enum {
    ARRAY_BLOCK_LENGTH = 4096,
    ARRAY_BLOCK_MULTIPLE = 16,
    ARRAY_ALIGNMENT = 64,
    ARRAY_MOST_THREADS = 256,
    ARRAY_NAME_BYTES = 64,
    ARRAY_MEMOS = 4
};

/* Bytes of a member's part. */
struct array_memory {
    unsigned char *bytes; /* NULL: none */
    size_t size_bytes;
    bool is_mapped; /* pages of its own */
};

struct array_rank {
    struct actor_rank *home;
    struct base_map arrays;           /* id: struct array */
    struct base_list all;             /* struct array */
    int n_threads;                    /* that work on a part */
    bool is_simulated;                /* no threads, no clock of the machine */
    struct base_saved_source *source; /* of a restart; NULL: there was none */
    struct base_map filled;           /* hashes of names that have been used up */
    const struct base_files *files;
    struct base_list open; /* struct array_file */
};

/* What kernel has worked out about the cuts (kernel/combine.c); leaf_length 0: none. */
struct array_memo {
    int64_t leaf_length, n_leaves;
    size_t n_nodes;
};

struct array {
    struct array_rank *here;
    struct base_list node; /* in its list */
    uint64_t id;
    troupe_actor *member;
    troupe_team *team;
    enum troupe_element element;
    size_t element_bytes;
    int64_t length, block_length, n_blocks;
    int64_t *cuts; /* size of the team and one */
    int n_members, index;
    struct array_memo *memos; /* ARRAY_MEMOS, the newest first */
    struct array_memory memory;
    /* What moving elements needs; here, because a process may be stopped meanwhile. */
    int64_t *fresh_cuts;
    struct array_memory fresh;
    troupe_outgoing *sends; /* as many as the team has members */
    troupe_incoming *receives;
    uint32_t n_uses;             /* operations that are not done: it must stay */
    char name[ARRAY_NAME_BYTES]; /* in checkpoints; empty: it is in none */
    uint64_t name_hash;
    bool is_made;     /* by all members */
    bool is_restored; /* its elements are a checkpoint's */
};

extern const struct base_module array_module;

static inline struct array_rank *array_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_ARRAY];
}

/* The caller's array; any other id ends the caller. */
struct array *array_find(troupe_actor *self, troupe_array id, const char *call);

/* ---- shape.c: who has what ---------------------------------------------------- */

/* Sets all that follows from the options, and the cuts. TROUPE_INVALID, _NO_MEMORY. */
troupe_status array_shape(struct array *array, const troupe_array_options *options);
/* New cuts for an array: checked, copied, or made even. */
troupe_status
array_cuts_make(const struct array *array, const int64_t *cuts, int64_t **made);
/* What must be the same on all members, in one word. */
uint64_t array_fingerprint(const struct array *array);
/* Are elements with the same index on the same member, in the same block? */
bool array_is_alike(const struct array *a, const struct array *b);

/* Index of the first element of a block; the length for all that are too high. */
static inline int64_t array_block_first(const struct array *array, int64_t block)
{
    return block >= array->n_blocks ? array->length : block * array->block_length;
}

static inline int64_t array_member_first(const struct array *array, int member)
{
    return array_block_first(array, array->cuts[member]);
}

static inline int64_t array_member_length(const struct array *array, int member)
{
    return array_member_first(array, member + 1) - array_member_first(array, member);
}

static inline int64_t array_mine_first(const struct array *array)
{
    return array_member_first(array, array->index);
}

static inline int64_t array_mine_length(const struct array *array)
{
    return array_member_length(array, array->index);
}

/* Of the caller's part. */
static inline int64_t array_mine_blocks(const struct array *array)
{
    return array->cuts[array->index + 1] - array->cuts[array->index];
}

/* A global index that is the caller's. */
static inline unsigned char *array_at(const struct array *array, int64_t index)
{
    size_t offset = (size_t)(index - array_mine_first(array));

    return array->memory.bytes + offset * array->element_bytes;
}

/* The member with this index, which the array has. */
int array_owner(const struct array *array, int64_t index);

/* ---- array.c ------------------------------------------------------------------ */

/* Of a call that makes something: ends the caller unless all is given, and the team its
 * own. */
void array_require(troupe_actor *self,
                   const troupe_team *team,
                   const void *options,
                   const void *made,
                   const char *call);
/* An array as the options say, agreed on by all members. */
troupe_status array_create(troupe_actor *self,
                           troupe_team *team,
                           const troupe_array_options *options,
                           struct array **array);
void array_destroy(struct array *array);
/* It becomes another process's of this rank, in a team of as many members, who do the
 * same. */
void array_hand_over(struct array *array, troupe_actor *member, troupe_team *team);

/* ---- saved.c: checkpoints ----------------------------------------------------- */

enum array_saved { ARRAY_SAVED_HEAD = BASE_KIND(BASE_SLOT_ARRAY, 0), ARRAY_SAVED_RUN };

uint64_t array_save_bytes(struct troupe *rank);
troupe_status array_save(struct troupe *rank, struct base_saver *saver);
troupe_status array_loaded(struct troupe *rank, struct base_saved_source *source);
/* What it is saved as (NULL: nothing), and whether there is something to fill it. */
troupe_status array_name(struct array *array, const char *name);
/* The caller's part, where is_restored says so. */
troupe_status array_fill(struct array *array);

/* ---- agree.c ------------------------------------------------------------------ */

/*
 * One status for all members: the first that is not TROUPE_OK in the order of the
 * members, or TROUPE_MISMATCH where their fingerprints of what they were asked differ,
 * or TROUPE_PEER_GONE. Collective.
 */
troupe_status array_agree(troupe_actor *self,
                          troupe_team *team,
                          troupe_status mine,
                          uint64_t fingerprint);

/* Start an operation of the team and wait. Where a member cannot even start it for want
 * of memory, it ends, for the others could not be told. */
troupe_status
array_reduce(troupe_actor *self, troupe_team *team, const troupe_reduction *reduction);
/* The members' sums of n integers of 64 bits, with or without a sign; they may come in
 * place of the own ones. */
troupe_status array_add_up(
    troupe_actor *self, troupe_team *team, const void *mine, void *sums, size_t n);
troupe_status array_gather(troupe_actor *self,
                           troupe_team *team,
                           const void *mine,
                           size_t size_bytes,
                           void *all);
troupe_status
array_exscan(troupe_actor *self, troupe_team *team, const troupe_reduction *reduction);
/* Without waiting; array_exchange() also waits. */
troupe_operation array_exchange_start(troupe_actor *self,
                                      troupe_team *team,
                                      const troupe_exchange_lists *lists);
troupe_status array_exchange(troupe_actor *self,
                             troupe_team *team,
                             const troupe_exchange_lists *lists);

/* ---- move.c ------------------------------------------------------------------- */

/* Member i has the elements from firsts[i] on, one after the other at `mine` (one more
 * number says where all end): they come to those whose parts they belong to. The team
 * is the array's or a shadow of it. */
troupe_status array_bring(troupe_actor *self,
                          troupe_team *team,
                          struct array *array,
                          const int64_t *firsts,
                          const void *mine);

/* ---- binary.c ----------------------------------------------------------------- */

/* What every call that loads an array requires of its caller. */
void array_load_check(troupe_actor *self,
                      const troupe_team *team,
                      const char *path,
                      const void *options,
                      const troupe_array *array);

/* ---- memory.c ----------------------------------------------------------------- */

/* Zeroed and aligned, with room for `size_bytes`; false: there is none. */
bool array_memory_take(struct array_memory *memory, size_t size_bytes);
void array_memory_give(struct array_memory *memory);
/* Each thread touches first what it will work on. */
void array_memory_touch(troupe_actor *self, struct array *array);

#endif
