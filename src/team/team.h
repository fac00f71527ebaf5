/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEAM_TEAM_H
#define TEAM_TEAM_H

/*
 * Teams. A collective runs between the ranks of the members, not between the members: a
 * rank keeps a record of each team it has a member in (struct troupe_team), and an
 * operation that a member has entered goes on there whatever becomes of the member. How
 * is in internal.h.
 */

#include "actor/actor.h"
#include "troupe/exchange.h"

enum {
    TEAM_WINDOW = 16, /* operations ahead of the slowest acknowledged member */
    TEAM_WAVE =
        8, /* operations without an all-to-all before a wave that acknowledges */
    TEAM_BUCKETS = 32
};
_Static_assert(TEAM_WINDOW == 2 * TEAM_WAVE,
               "any 16 operations hold 8 that end in a wave");

struct troupe_team {
    struct team_rank *here;
    troupe_actor *member; /* NULL: has ended */
    troupe_team *next_of_member;
    uint64_t id;
    int size, index, n_levels;
    int n_children, parent; /* in the tree of member 0 */
    uint64_t *addresses;    /* NULL in the rank team: they follow from the index */
    int *ranks;
    uint8_t block_class;

    uint64_t next;         /* the number of the next operation */
    uint64_t acknowledged; /* all members have entered all below */
    uint64_t last_for_all; /* the newest all-to-all operation, and one */
    uint64_t chain;
    uint64_t chains[TEAM_WINDOW]; /* by number: of those not acknowledged */
    uint64_t
        asked[TEAM_WINDOW]; /* by number: that and one, once the question has passed */
    uint32_t wave_heard[4]; /* by wave: children that have */

    uint64_t broken_from; /* UINT64_MAX: whole */
    uint64_t told_from;   /* member 0 has been told of a break from here on */
    struct team_break
        *breaks; /* in the order of all ranks; each begins below the last */

    /* By number, newest first: those that are busy or that the member will ask for. */
    struct team_operation *operations[TEAM_BUCKETS];
    uint32_t n_busy;
    struct team_kept *early, **early_tail; /* for operations not entered yet */

    struct base_list parked; /* in here->parked while the member is */
    bool is_parked, is_looked_at;
    uint64_t parked_number;         /* asked about if it takes long */
    struct team_operation *awaited; /* NULL: it waits for the window */
    int n_left;                     /* children that have said so */
    bool has_left;
};

extern const struct base_module team_module;

/* A bijection of `word` for each `salt`, so that what differs stays different. */
static inline uint64_t team_mix(uint64_t salt, uint64_t word)
{
    uint64_t mixed =
        (word ^ salt * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);

    mixed ^= mixed >> 29;
    mixed *= UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 32;
}

/* A team of other processes on the ranks of this one: each rank makes its own part, and
 * names the process that is the member there. Once for a team. */
troupe_team *team_shadow(const troupe_team *team, troupe_actor *member);

/* ---- operations --------------------------------------------------------------- */

enum team_form {
    TEAM_BARRIER,
    TEAM_BROADCAST,
    TEAM_GATHER,
    TEAM_REDUCE,
    TEAM_EXSCAN,
    TEAM_SPLIT, /* a gather to all of colours and keys */
    TEAM_TRADE, /* what users call an exchange */
    TEAM_N_FORMS
};

/* Writes lower (+) upper to `into`, which may be one of the two. */
typedef void
team_combine_fn(void *into, const void *lower, const void *upper, size_t size_bytes);

/* What a caller asks for, checked. */
struct team_request {
    enum team_form form;
    int root; /* -1: all */
    const void *mine;
    void *result;
    size_t size_bytes; /* of one member */
    team_combine_fn *combine;
    troupe_fold_fn *fold; /* not NULL: instead */
    uint64_t context[TROUPE_FOLD_CONTEXT_BYTES / sizeof(uint64_t)];
    uint64_t shape;                     /* further words of what must agree */
    const troupe_exchange_lists *lists; /* a trade's; NULL once it is entered */
};

/* Enters the team's next operation. Parks while the window is full. */
troupe_status team_enter(troupe_team *team,
                         const struct team_request *request,
                         troupe_operation *operation);

/* As troupe_exchange_start(), with a word that must be the same at all members. */
troupe_status team_exchange_start(troupe_actor *self,
                                  troupe_team *team,
                                  const troupe_exchange_lists *lists,
                                  uint64_t shape,
                                  troupe_operation *operation);

/* ---- how far a process is ------------------------------------------------------ */

/* How far a process is in its teams, for a cut: all members must be equally far. */
struct team_standing {
    uint64_t number;     /* of its next operation in the rank team */
    uint64_t balance;    /* over all members of all other teams: 0 if equal */
    bool is_outstanding; /* it has not asked how some operation ended */
};
void team_standing_of(const troupe_actor *actor, struct team_standing *standing);
/* The number of the rank process's next operation in the rank team, also when it has
 * ended and others are not so far yet. False: that team is broken. */
bool team_rank_number(struct troupe *rank, uint64_t *number);

#endif
