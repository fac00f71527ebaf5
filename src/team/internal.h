/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEAM_INTERNAL_H
#define TEAM_INTERNAL_H

/*
 * What the files of this folder share: how an operation goes on, what is put aside for
 * it, and how all learn that a team is broken.
 *
 * Values combine in blocks: members 0 and 1, 2 and 3, then these pairs, and so on
 * (tree.h). So the shape of the fold depends on the number of members only, whatever
 * way the values take. What a member waits for in an operation has a level: that of the
 * block it gets, or TEAM_DOWN, what comes from above.
 *
 * Each record carries the sender's chain: a hash over kind and shape of all operations
 * that it entered up to this one. Two members that differ anywhere differ in all chains
 * after.
 *
 * One rule makes the status of all-to-all operations the same everywhere. A member that
 * is found to have ended before operation n, or two chains found to differ at n, are
 * told to the rank of member 0, and this one tells all: the team is broken from n on.
 * Every rank hears the breaks in the same order, and an operation that is not complete
 * gets the status of the first break at or before its number. None can be complete
 * elsewhere: an all-to-all operation needs a record of the same chain from every
 * member, directly or through others.
 *
 * Nobody asks whether a member lives before it is missed: a process that has waited for
 * a while in operation n asks its neighbours in the tree (TEAM_KIND_ASK), and a rank
 * passes the question on once its own member has entered n. So if all have entered n,
 * every two neighbours compare their chains at n, and if one has ended its rank says
 * so.
 */

#include "team/team.h"

enum {
    TEAM_SMALL_BYTES = 64,        /* values up to here live in the operation */
    TEAM_SHARE_BYTES = 16 * 1024, /* values above are handed to comm, not copied */
    /* Of a trade's large parts: with an envelope, a block of the pool, and it stays in
     * a core's cache between the copy that fills it and the one that empties it. */
    TEAM_PIECE_BYTES = (1 << 18) - 64,
    TEAM_MOST_PIECES = 1 << 24, /* of one part: what a record can count */
    TEAM_FORGOTTEN = 64,
    TEAM_DOWN = 32, /* the level of what comes from above */
    TEAM_NOTHING = 33
};

enum team_kind {
    TEAM_KIND_DATA = BASE_KIND(BASE_SLOT_TEAM, 0), /* type: level */
    TEAM_KIND_ASK,    /* have you entered it, and the same? payload: the member asked */
    TEAM_KIND_ACK_UP, /* the subtree has entered it */
    TEAM_KIND_ACK_DOWN,   /* all have */
    TEAM_KIND_FAIL,       /* to member 0: broken from this number on; type: status */
    TEAM_KIND_BREAK,      /* from member 0 to all: likewise */
    TEAM_KIND_NEVER,      /* the member ended before it made the team */
    TEAM_KIND_LEFT,       /* the subtree's members have ended, nothing is left to do */
    TEAM_KIND_FREE,       /* all have */
    TEAM_KIND_PART,       /* of an exchange; from: size of the whole; type: piece */
    TEAM_KIND_PART_MORE,  /* some pieces have come, as many may follow */
    TEAM_KIND_PART_TAKEN, /* all of a long one have */
    TEAM_KIND_PART_ASK,   /* what do you send me? */
    TEAM_KIND_PART_SENT,  /* whatever I send has left */
    TEAM_KIND_PART_OVER   /* nothing will come of it; type: status */
};

/* ---- operations --------------------------------------------------------------- */

/* What an operation does next (advance.c, scan.c). */
enum team_phase {
    TEAM_EXCHANGE, /* swap blocks with one partner a level */
    TEAM_CLIMB,    /* collect blocks, hand the whole upwards */
    TEAM_SPREAD,   /* hand down what the member has */
    TEAM_DESCEND,  /* wait for what comes from above, and hand it down */
    TEAM_SCAN_UP,
    TEAM_SCAN_WAIT,
    TEAM_SCAN_DOWN,
    TEAM_TRADING,
    TEAM_N_PHASES
};

/* Bytes of an operation: in itself, in a block of the pool, or the user's own. */
struct team_value {
    unsigned char *bytes;
    struct message_shared *shared; /* NULL: no block */
    unsigned char small[TEAM_SMALL_BYTES] __attribute__((aligned(16)));
};

struct team_operation {
    struct team_operation *next; /* in its bucket */
    troupe_team *team;
    uint64_t number, chain;
    struct team_request what;
    struct team_kept *parts;  /* come before they are wanted */
    struct team_input *fresh; /* what it awaits, while a record is taken */
    uint8_t phase, level;
    uint8_t top;    /* the level at which the own block is handed on */
    uint8_t awaits; /* the level of what is waited for */
    uint8_t status, block_class;
    bool for_all;  /* each member depends on each */
    bool has_sent; /* at this level */
    bool is_busy;  /* others still need this rank in it */
    bool is_done;  /* as the member sees it */
    bool is_user;  /* the member will ask how it ended */
    int parent;    /* -1: none */
    int first;     /* gather: the member whose bytes stand first in `value` */
    struct team_birth *birth; /* a split's */
    struct team_trade *trade; /* a trade's */
    struct team_value value, spare;
};

/* What passes to or from one peer in a trade. */
struct team_part {
    int peer, rank;
    bool has_come; /* something of it has */
    bool is_over;  /* it failed */
    bool is_asked;
    bool must_be_taken; /* sent, long, and the peer has not said that it has come */
    const unsigned char *bytes; /* sent */
    unsigned char *place;       /* got */
    size_t size_bytes;
    uint64_t n_done, n_allowed; /* pieces sent or got; that may be sent */
};

struct team_trade {
    int n_sends, n_receives, n_left; /* parts that are not done */
    bool has_begun;
    uint8_t status, block_class;
    struct team_part parts[]; /* the sends, then the receives */
};

/* A record put aside. */
struct team_kept {
    struct team_kept *next;
    struct comm_header header;
    int source;
    uint8_t block_class;
    bool is_held;    /* its payload is on its way, or has just come */
    bool is_dropped; /* nobody wants it, but it is held */
    uint64_t number, size_bytes, ticket;
    troupe_team *team; /* while it is held */
    struct team_kept *next_fetched;
    struct message_envelope *envelope; /* the payload; NULL: `bytes` */
    unsigned char bytes[] __attribute__((aligned(16)));
};

static inline const void *team_kept_bytes(const struct team_kept *kept)
{
    return kept->envelope ? message_payload(kept->envelope) : kept->bytes;
}

/* Bytes for an operation, wherever they lie. */
struct team_input {
    const void *bytes;
    size_t size_bytes;
    struct message_envelope **envelope; /* holds them if *envelope is not NULL */
    struct team_kept *kept;             /* to be freed afterwards; NULL: a record's */
};

/* ---- teams -------------------------------------------------------------------- */

struct team_break {
    struct team_break *next;
    uint64_t from;
    troupe_status status;
    uint8_t block_class;
};

struct team_rank {
    struct actor_rank *home;
    struct base_map teams;   /* id: troupe_team */
    troupe_team *last;       /* the one looked up last */
    struct base_map strays;  /* id: struct team_strays, for teams not made here yet */
    struct base_map created; /* list and member: how many teams that made */
    uint64_t rank_team_id;

    struct base_list parked; /* teams whose member waits */
    struct heap_node look;   /* in home->timers while is_looking */
    bool is_looking;

    struct base_map fetching;                  /* envelope: struct team_kept */
    struct team_kept *fetched, **fetched_tail; /* to be taken at the next step */
    struct heap_node take_fetched;

    uint64_t
        forgotten[TEAM_FORGOTTEN]; /* teams freed last: what still comes is dropped */
    uint32_t n_forgotten;
    bool has_ended;
};

/* What has come for a team that is not known here, in order. */
struct team_strays {
    struct team_kept *first, **tail;
};

static inline struct team_rank *team_of(struct troupe *rank)
{
    return rank->slot[BASE_SLOT_TEAM];
}

static inline int team_rank_at(const troupe_team *team, int index)
{
    return team->ranks ? team->ranks[index] : index;
}

static inline uint64_t team_address_at(const troupe_team *team, int index)
{
    return team->addresses ? team->addresses[index]
                           : actor_address_make((uint32_t)index, 0, 1);
}

/* ---- team.c ------------------------------------------------------------------- */

/* NULL: not made here (yet). Makes the rank team. */
troupe_team *team_find(struct team_rank *here, uint64_t id);
/* Room for a team of `size` members; NULL: no memory. */
troupe_team *team_take(struct team_rank *here, int size);
void team_give(troupe_team *team);
/* False: no memory for team_begin(). */
bool team_room(troupe_team *team, troupe_actor *member);
/* Size, index, members are set: it takes part from here on. `member` NULL: has ended.
 */
void team_begin(troupe_team *team, uint64_t id, troupe_actor *member);
void team_free(troupe_team *team);
/* The member's life is over. */
void team_member_ended(troupe_team *team);
/* Frees the team once no member anywhere needs it; then true. */
bool team_settle(troupe_team *team);
void team_take_left(troupe_team *team);
void team_take_free(troupe_team *team);
void team_forget(struct team_rank *here, uint64_t id);
bool team_is_forgotten(const struct team_rank *here, uint64_t id);

/* ---- start.c, combine.c ------------------------------------------------------- */

/* NULL: no such operation on such elements. */
team_combine_fn *team_combine_find(enum troupe_element element,
                                   enum troupe_combine combine);
void team_fold(struct team_operation *op,
               void *into,
               const void *lower,
               const void *upper);

/* ---- operation.c -------------------------------------------------------------- */

static inline struct team_operation *team_operation_find(const troupe_team *team,
                                                         uint64_t number)
{
    struct team_operation *op = team->operations[number % TEAM_BUCKETS];

    while (op && op->number != number)
        op = op->next;
    return op;
}
/* The member sees it done. */
void team_operation_done(struct team_operation *op, troupe_status status);
/* And nobody needs this rank in it any more. */
void team_operation_end(struct team_operation *op, troupe_status status);
/* Frees it if nobody asks for it any more. */
void team_operation_settle(struct team_operation *op);
/* The member's buffers are gone. */
void team_operation_detach(struct team_operation *op);
/* Room for size_bytes in `value`; false: no memory. */
bool team_value_take(struct team_rank *here,
                     struct team_value *value,
                     size_t size_bytes);
void team_value_give(struct team_rank *here, struct team_value *value);

/* ---- advance.c, scan.c -------------------------------------------------------- */

/* Where this member stands in the operation's tree. */
void team_place(struct team_operation *op);
/* Bytes the value has to hold; SIZE_MAX: more than there can be. */
size_t team_value_bytes(const struct team_operation *op);
/* Goes on as far as it can; `fresh` (NULL: none) is what it awaits. */
void team_advance(struct team_operation *op, struct team_input *fresh);
/* What has come at this level; false: nothing, it is awaited now. */
bool team_input_get(struct team_operation *op,
                    int level,
                    size_t size_bytes,
                    struct team_input *input);
void team_input_done(struct team_operation *op, struct team_input *input);
void team_send(struct team_operation *op,
               int peer,
               int level,
               const void *bytes,
               size_t size_bytes);
void team_deliver(struct team_operation *op, const void *bytes, size_t size_bytes);
bool team_scan_up(struct team_operation *op);
bool team_scan_wait(struct team_operation *op);
bool team_scan_down(struct team_operation *op);

/* Of what comes at a level; SIZE_MAX: nothing does. */
size_t team_data_bytes(const struct team_operation *op, int level);

/* ---- arrive.c, keep.c --------------------------------------------------------- */

void team_record_arrived(struct troupe *rank, struct comm_record *record);
/* Takes what was put aside for `number`, now that it is entered. */
void team_replay(troupe_team *team, uint64_t number);
/* Likewise what came before the team was made. */
void team_adopt(troupe_team *team);

/* The record, with its payload or the promise of it. */
struct team_kept *team_keep(struct team_rank *here, struct comm_record *record);
void team_kept_give(struct team_rank *here, struct team_kept *kept);
void team_kept_append(struct team_kept ***tail, struct team_kept *kept);
void team_kept_record(struct team_kept *kept, struct comm_record *record);
/* Nobody wants the record. */
void team_record_drop(struct team_rank *here, struct comm_record *record);
void team_kept_drop_all(struct team_rank *here, struct team_kept **list, uint64_t from);
bool team_fetched(struct troupe *rank, struct message_envelope *envelope);
/* Records for teams not made here. */
void team_stray_keep(struct team_rank *here, struct comm_record *record);
void team_strays_of_ended(struct team_rank *here, uint64_t address);
void team_strays_free(struct team_rank *here);

/* ---- trade.c ------------------------------------------------------------------ */

/* Room for the lists; false: no memory. */
bool team_trade_take(struct team_operation *op);
void team_trade_give(struct team_operation *op);
/* Reads the lists; what the member sends to itself is left out. */
void team_trade_fill(struct team_operation *op);
/* What a member sends to itself, at once; false: the sizes differ. */
bool team_trade_with_self(const troupe_exchange_lists *lists, int self);
bool team_trade(struct team_operation *op);
/* Is a record what is to come? It will be placed. If not, what follows from that is
 * done. `op` NULL: it has ended. */
bool team_trade_admit(troupe_team *team,
                      struct team_operation *op,
                      const struct comm_header *header,
                      int source,
                      uint64_t size_bytes);
void team_trade_place(struct team_operation *op,
                      const struct comm_header *header,
                      int source,
                      const void *bytes);
void team_trade_more(struct team_operation *op, int source);
void team_trade_taken(struct team_operation *op, int source);
void team_trade_over(struct team_operation *op, int source, troupe_status status);
/* The member has ended with it. */
void team_trade_abandon(struct team_operation *op);
/* Likewise, with what it sends to itself. */
void team_trade_differs(struct team_operation *op);
/* Asks those from whom nothing has come. */
void team_trade_ask(struct team_operation *op);
/* A peer has sent all that it sends at first. */
void team_trade_sent(struct team_operation *op, int source);

/* ---- agree.c, window.c -------------------------------------------------------- */

void team_post(
    troupe_team *team, int index, enum team_kind kind, uint64_t number, uint16_t type);
/* To the member at a rank. */
void team_answer(
    troupe_team *team, int rank, enum team_kind kind, uint64_t number, uint16_t type);
/* The member is at odds with another: no operation that it enters from now on is the
 * same as that of the others. */
void team_differ(troupe_team *team);
/* To be told to member 0: broken from `number` on. */
void team_fail(troupe_team *team, uint64_t number, troupe_status status);
void team_take_fail(troupe_team *team, uint64_t number, troupe_status status);
void team_take_break(troupe_team *team, uint64_t number, troupe_status status);
void team_take_never(troupe_team *team, int source);
void team_take_ask(troupe_team *team, uint64_t number);
troupe_status team_break_status(const troupe_team *team, uint64_t number);

/* Parks the member; the caller looks again afterwards. */
void team_park(troupe_team *team, const char *what, uint64_t number);
void team_wake(troupe_team *team);
void team_wave_enter(troupe_team *team, uint64_t number);
void team_take_ack_up(troupe_team *team, uint64_t number);
void team_take_ack_down(troupe_team *team, uint64_t number);
/* All members have entered everything below. */
void team_acknowledge(troupe_team *team, uint64_t below);
void team_look_stop(struct team_rank *here);

/* ---- split.c ------------------------------------------------------------------ */

/* Room for the team to come; that there is none is told to all in this member's colour.
 */
void team_birth_take(struct team_operation *op);
/* All colours and keys are here. */
void team_split_done(struct team_operation *op, const void *bytes);
void team_birth_give(struct team_rank *here, struct team_birth *birth);

#endif
