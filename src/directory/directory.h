/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

/*
 * Names and groups. A global name is kept by one rank, its keeper: the owner of the
 * slot that the name's hash falls into. The keeper alone grants it, so of two
 * registrations exactly one wins. Whether the holder still lives only the holder's rank
 * knows: the keeper passes every question about a name that is taken on to it, and it
 * either answers or sends the question back, upon which the keeper forgets that
 * registration and asks itself again.
 */

#include "actor/actor.h"
#include "troupe/directory.h"

enum { DIRECTORY_NAME_BYTES = 64 };

enum directory_kind {
    DIRECTORY_KIND_ASK = BASE_KIND(BASE_SLOT_DIRECTORY, 0), /* to the keeper */
    DIRECTORY_KIND_CONFIRM, /* keeper to holder's rank */
    DIRECTORY_KIND_GONE,    /* and back: it does not hold it */
    DIRECTORY_KIND_ANSWER,  /* to who asked */
    DIRECTORY_KIND_JOIN,
    DIRECTORY_KIND_LEAVE,
    DIRECTORY_KIND_GROUP_MAIL
};

enum directory_operation {
    DIRECTORY_REGISTER,
    DIRECTORY_UNREGISTER,
    DIRECTORY_WHEREIS, /* answered at once */
    DIRECTORY_WAIT,    /* answered when somebody has the name */
    DIRECTORY_CANCEL_WAIT
};

/* A question about a global name, as it travels. */
struct directory_question {
    char name[DIRECTORY_NAME_BYTES];
    uint64_t who;          /* REGISTER, UNREGISTER: whose name */
    uint64_t reference;    /* the question's, at the rank that asks; 0: no answer */
    uint64_t registration; /* CONFIRM, GONE: of which grant; ANSWER: of the grant */
    int32_t asker;         /* rank */
    uint32_t operation;
};

/* A name that stands for an actor: at the keeper, at the holder's rank, or local. */
struct directory_name {
    struct base_list node; /* in its bucket */
    struct base_list by_actor;
    char text[DIRECTORY_NAME_BYTES];
    uint64_t who; /* 0: nobody, kept for those who wait */
    uint64_t registration;
    struct base_list waiting; /* keeper: struct directory_waiter */
};

struct directory_waiter {
    struct base_list node;
    struct directory_question question;
};

enum { DIRECTORY_BUCKETS = 256 };

/* Names by the hash of their text. */
struct directory_table {
    struct base_list buckets[DIRECTORY_BUCKETS];
};

struct directory_group {
    struct base_list node;
    char text[DIRECTORY_NAME_BYTES];
    uint64_t *members; /* addresses in rising order, so ranks stand together */
    size_t n_members, capacity;
};

struct directory {
    struct actor_rank *home;
    struct directory_table local; /* local names, of actors here */
    struct directory_table held;  /* global names that actors here hold */
    struct directory_table kept;  /* global names this rank keeps */
    struct base_list groups[DIRECTORY_BUCKETS];
    uint64_t n_own_members; /* memberships of actors here */
    /* By reference: struct directory_pending of processes, on their stacks. */
    struct base_map waiting;
    struct base_map asked;          /* the same, allocated: told by mail */
    struct base_map names_of;       /* address: head of its names, local and held */
    struct base_list local_waiters; /* processes that wait for a local name */
};

/* A question of an actor here that has no answer yet. */
struct directory_pending {
    uint64_t reference;
    troupe_actor *process; /* waits; NULL: told by mail */
    struct actor_wait *wait;
    uint64_t actor; /* whom to tell */
    uint64_t who;
};

extern const struct base_module directory_module;

static inline struct directory *directory_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_DIRECTORY];
}

bool directory_name_is_good(const char *text);

/* ---- table.c ----------------------------------------------------------------------
 */

void directory_table_init(struct directory_table *table);
void directory_table_fini(struct directory_table *table);
struct directory_name *directory_table_find(struct directory_table *table,
                                            const char *text);
/* NULL: no memory. */
struct directory_name *directory_table_add(struct directory_table *table,
                                           const char *text);
void directory_name_free(struct directory_name *name);

/* ---- names.c, keeper.c --------------------------------------------------------------
 */

/* The holder's side: an actor's names, kept so that they go with it. */
bool directory_actor_names_add(struct directory *directory,
                               struct directory_name *name);
void directory_actor_ended(struct directory *directory, uint64_t address);
void directory_answer_arrived(struct directory *directory,
                              const struct directory_question *question,
                              troupe_status status);
/* The rank that keeps a name. */
int directory_keeper_of(const struct actor_rank *home, const char *text);
/* A question goes to the keeper of its name, which may be this rank. */
void directory_ask(struct directory *directory,
                   const struct directory_question *question);
void directory_keeper_take(struct directory *directory,
                           const struct directory_question *question);
void directory_keeper_gone(struct directory *directory,
                           const struct directory_question *question);
void directory_holder_confirm(struct directory *directory,
                              const struct directory_question *question);
void directory_answer(struct directory *directory,
                      const struct directory_question *question,
                      troupe_status status);
void directory_post(struct directory *directory,
                    int rank,
                    uint8_t kind,
                    uint16_t status,
                    const struct directory_question *question);

/* ---- groups.c ---- */

void directory_groups_init(struct directory *directory);
void directory_groups_fini(struct directory *directory);
void directory_group_joined(struct directory *directory,
                            const char *group,
                            uint64_t member);
void directory_group_left(struct directory *directory,
                          const char *group,
                          uint64_t member);
void directory_group_mail(struct directory *directory, struct comm_record *record);
void directory_groups_actor_ended(struct directory *directory, uint64_t address);

/* ---- saved.c: checkpoints ---- */

enum directory_saved {
    DIRECTORY_SAVED_HELD = BASE_KIND(BASE_SLOT_DIRECTORY, 0),
    DIRECTORY_SAVED_KEPT,
    DIRECTORY_SAVED_MEMBERS
};
troupe_status directory_save(struct troupe *rank, struct base_saver *saver);
troupe_status directory_load(struct troupe *rank,
                             struct base_saved_source *source,
                             const struct base_saved *record);

#endif
