/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"
#include "team/tree.h"
#include <string.h>

/*
 * How an operation goes on. Each phase is a function that does one step and says
 * whether another may follow; it says no when it waits, and then op->awaits tells for
 * what.
 *
 * A barrier, all-reduce or all-gather in a team of 2^k members swaps blocks with one
 * partner a level: k messages on the critical path, and every member folds the same
 * blocks in the same order. Otherwise values climb to a root and the result descends:
 * twice as long, but each value is sent once, so large ones and other numbers of
 * members go that way.
 */

enum { EXCHANGE_MOST_BYTES = 8 * 1024 }; /* of a reduction by more than two members */

/* ---- where a member stands ---------------------------------------------------- */

static bool swaps(const struct team_operation *op)
{
    int size = op->team->size;

    if (!op->for_all || (size & (size - 1)) != 0)
        return false;
    return size == 2 || op->what.form != TEAM_REDUCE ||
           op->what.size_bytes <= EXCHANGE_MOST_BYTES;
}

static enum team_phase first_phase(const struct team_operation *op)
{
    const troupe_team *team = op->team;

    switch (op->what.form) {
    case TEAM_TRADE:
        return TEAM_TRADING;
    case TEAM_BROADCAST:
        return op->parent < 0 ? TEAM_SPREAD : TEAM_DESCEND;
    case TEAM_EXSCAN: /* nobody wants the fold of what ends with the last member */
        return op->parent >= 0 && team->index + (1 << op->top) < team->size
                   ? TEAM_SCAN_UP
                   : TEAM_SCAN_WAIT;
    default:
        return TEAM_CLIMB;
    }
}

void team_place(struct team_operation *op)
{
    const troupe_team *team = op->team;
    int root = op->what.root < 0 ? 0 : op->what.root;

    op->for_all = op->what.root < 0 && op->what.form != TEAM_EXSCAN &&
                  op->what.form != TEAM_TRADE;
    if (swaps(op)) {
        op->top = (uint8_t)team->n_levels;
        op->parent = -1;
        op->phase = TEAM_EXCHANGE;
    } else {
        op->top = (uint8_t)tree_top(team->index, root, team->n_levels);
        op->parent = tree_parent(team->index, root, op->top, team->n_levels);
        op->phase = (uint8_t)first_phase(op);
    }
    op->first = tree_block(team->index, op->top);
}

/* ---- blocks ------------------------------------------------------------------- */

static bool gathers(const struct team_operation *op)
{
    return op->what.form == TEAM_GATHER || op->what.form == TEAM_SPLIT;
}

/* The bytes that stand for the block of `member` at a level. */
static size_t block_bytes(const struct team_operation *op, int member, int level)
{
    int count =
        gathers(op) ? tree_count(tree_block(member, level), level, op->team->size) : 1;

    return (size_t)count * op->what.size_bytes;
}

size_t team_data_bytes(const struct team_operation *op, int level)
{
    const troupe_team *team = op->team;

    if (level == TEAM_DOWN)
        return block_bytes(op, 0, team->n_levels);
    if (level >= team->n_levels || tree_sibling(team->index, level) >= team->size)
        return SIZE_MAX;
    return block_bytes(op, tree_sibling(team->index, level), level);
}

static unsigned char *block_at(const struct team_operation *op, int member, int level)
{
    if (!gathers(op))
        return op->value.bytes;
    return op->value.bytes +
           (size_t)(tree_block(member, level) - op->first) * op->what.size_bytes;
}

size_t team_value_bytes(const struct team_operation *op)
{
    size_t count = gathers(op) ? (size_t)op->team->size : 1;

    if (op->what.size_bytes > SIZE_MAX / 2 / count)
        return SIZE_MAX;
    if (op->what.form == TEAM_BROADCAST)
        return op->parent < 0 ? op->what.size_bytes : 0;
    return block_bytes(op, op->team->index, op->top);
}

/* What comm still holds must not change: then the fold goes into another block. */
static void merge_folds(struct team_operation *op, const void *bytes, bool is_lower)
{
    struct team_rank *here = op->team->here;
    struct message_shared *old = op->value.shared;
    unsigned char *mine = op->value.bytes;

    if (old && old->n_holders > 1)
        base_require_memory(team_value_take(here, &op->value, op->what.size_bytes),
                            "no memory for %zu bytes of a reduction",
                            op->what.size_bytes);
    if (is_lower)
        team_fold(op, op->value.bytes, bytes, mine);
    else
        team_fold(op, op->value.bytes, mine, bytes);
    if (old && old != op->value.shared)
        message_shared_give(here->home->pool, old);
}

static void merge(struct team_operation *op, int level, const struct team_input *input)
{
    int sibling = tree_sibling(op->team->index, level);

    if (!gathers(op))
        merge_folds(op, input->bytes, sibling < op->team->index);
    else if (input->size_bytes)
        memcpy(block_at(op, sibling, level), input->bytes, input->size_bytes);
}

/* ---- what comes and goes ------------------------------------------------------ */

static bool take_part(struct team_operation *op, int level, struct team_input *input)
{
    struct team_kept **link = &op->parts;
    struct team_kept *part;

    while (*link && ((*link)->header.type != level || (*link)->is_held))
        link = &(*link)->next;
    part = *link;
    if (!part)
        return false;
    *link = part->next;
    input->kept = part;
    input->envelope = &part->envelope;
    input->bytes = team_kept_bytes(part);
    input->size_bytes = part->size_bytes;
    return true;
}

bool team_input_get(struct team_operation *op,
                    int level,
                    size_t size_bytes,
                    struct team_input *input)
{
    if (LIKELY(op->fresh != NULL)) {
        *input = *op->fresh;
        op->fresh = NULL;
    } else if (!take_part(op, level, input)) {
        op->awaits = (uint8_t)level;
        return false;
    }
    base_assert(input->size_bytes == size_bytes); /* as team_data_check() has seen */
    return true;
}

void team_input_done(struct team_operation *op, struct team_input *input)
{
    if (input->kept)
        team_kept_give(op->team->here, input->kept);
}

static struct comm_header header_of(const struct team_operation *op, int level)
{
    return (struct comm_header){.to = op->team->id,
                                .reference = op->chain,
                                .incarnation = (uint32_t)op->number,
                                .type = (uint16_t)level,
                                .kind = TEAM_KIND_DATA};
}

/* Takes the envelope, if there is one, always. */
static void post_envelope(struct team_operation *op,
                          int rank,
                          int level,
                          struct message_envelope *envelope,
                          const void *bytes,
                          size_t size_bytes)
{
    struct actor_rank *home = op->team->here->home;
    const struct comm_header header = header_of(op, level);

    if (!envelope ||
        comm_post_envelope(home->comm, rank, &header, &envelope) != TROUPE_OK)
        comm_post_must(home->comm, rank, &header, bytes, size_bytes);
    if (envelope)
        message_give(home->pool, envelope);
    comm_flush_rank(home->comm, rank, COMM_FLUSH_URGENT);
}

/* At once: whoever gets it, a process waits there. */
void team_send(struct team_operation *op,
               int peer,
               int level,
               const void *bytes,
               size_t size_bytes)
{
    struct actor_rank *home = op->team->here->home;
    struct message_shared *shared = op->value.shared;
    const struct comm_header header = header_of(op, level);
    int rank = team_rank_at(op->team, peer);

    if (UNLIKELY(size_bytes > TEAM_SHARE_BYTES && shared && bytes == shared->payload &&
                 size_bytes == shared->size_bytes)) {
        post_envelope(op, rank, level, message_share(home->pool, shared), bytes,
                      size_bytes);
        return;
    }
    if (UNLIKELY(comm_post(home->comm, rank, &header, bytes, size_bytes) != TROUPE_OK))
        comm_post_must(home->comm, rank, &header, bytes, size_bytes);
    comm_flush_rank(home->comm, rank, COMM_FLUSH_URGENT);
}

void team_deliver(struct team_operation *op, const void *bytes, size_t size_bytes)
{
    if (UNLIKELY(op->what.form == TEAM_SPLIT))
        team_split_done(op, bytes);
    else if (op->what.result && size_bytes && op->what.result != bytes)
        memcpy(op->what.result, bytes, size_bytes);
}

/*
 * Gives it to the children, the largest subtree first, and to the member. The last
 * child may get the very envelope that it came in.
 */
static void hand_down(struct team_operation *op, const struct team_input *input)
{
    const troupe_team *team = op->team;
    int root = op->what.root < 0 ? 0 : op->what.root;
    int last = -1;

    for (int level = op->top; level-- > 0;) {
        int child = tree_child(team->index, root, level, team->size);

        if (child < 0)
            continue;
        if (last >= 0)
            team_send(op, last, TEAM_DOWN, input->bytes, input->size_bytes);
        last = child;
    }
    team_deliver(op, input->bytes, input->size_bytes);
    if (last < 0)
        return;
    if (input->size_bytes > TEAM_SHARE_BYTES && input->envelope && *input->envelope) {
        struct message_envelope *envelope = *input->envelope;

        *input->envelope = NULL;
        post_envelope(op, team_rank_at(team, last), TEAM_DOWN, envelope, input->bytes,
                      input->size_bytes);
        return;
    }
    team_send(op, last, TEAM_DOWN, input->bytes, input->size_bytes);
}

/* ---- the phases --------------------------------------------------------------- */

static void finish(struct team_operation *op)
{
    if (op->for_all)
        team_acknowledge(op->team, op->number + 1);
    team_operation_end(op, TROUPE_OK);
}

static bool exchange(struct team_operation *op)
{
    troupe_team *team = op->team;
    int level = op->level, partner = team->index ^ (1 << level);
    struct team_input input;

    if (level == op->top) {
        team_deliver(op, op->value.bytes, team_value_bytes(op));
        finish(op);
        return true;
    }
    if (!op->has_sent)
        team_send(op, partner, level, block_at(op, team->index, level),
                  block_bytes(op, team->index, level));
    op->has_sent = true;
    if (!team_input_get(op, level, block_bytes(op, partner, level), &input))
        return false;
    merge(op, level, &input);
    team_input_done(op, &input);
    op->level++;
    op->has_sent = false;
    return true;
}

/* The own block is whole. */
static void hand_on(struct team_operation *op)
{
    struct team_input whole = {.bytes = op->value.bytes,
                               .size_bytes = team_value_bytes(op)};

    if (op->parent >= 0) {
        team_send(op, op->parent, op->top, whole.bytes, whole.size_bytes);
        if (op->for_all)
            op->phase = TEAM_DESCEND;
        else
            finish(op);
        return;
    }
    if (op->for_all)
        hand_down(op, &whole);
    else
        team_deliver(op, whole.bytes, whole.size_bytes);
    finish(op);
}

static bool climb(struct team_operation *op)
{
    const troupe_team *team = op->team;
    int sibling = tree_sibling(team->index, op->level);
    struct team_input input;

    if (op->level == op->top) {
        hand_on(op);
        return true;
    }
    if (sibling < team->size) {
        if (!team_input_get(op, op->level, block_bytes(op, sibling, op->level), &input))
            return false;
        merge(op, op->level, &input);
        team_input_done(op, &input);
    }
    op->level++;
    return true;
}

static bool spread(struct team_operation *op)
{
    const struct team_input whole = {.bytes = op->value.bytes,
                                     .size_bytes = op->what.size_bytes};

    hand_down(op, &whole);
    finish(op);
    return true;
}

static bool descend(struct team_operation *op)
{
    size_t size_bytes = block_bytes(op, 0, op->team->n_levels);
    struct team_input input;

    if (!team_input_get(op, TEAM_DOWN, size_bytes, &input))
        return false;
    hand_down(op, &input);
    team_input_done(op, &input);
    finish(op);
    return true;
}

void team_advance(struct team_operation *op, struct team_input *fresh)
{
    static bool (*const steps[TEAM_N_PHASES])(struct team_operation * op) = {
        [TEAM_EXCHANGE] = exchange,
        [TEAM_CLIMB] = climb,
        [TEAM_SPREAD] = spread,
        [TEAM_DESCEND] = descend,
        [TEAM_SCAN_UP] = team_scan_up,
        [TEAM_SCAN_WAIT] = team_scan_wait,
        [TEAM_SCAN_DOWN] = team_scan_down,
        [TEAM_TRADING] = team_trade,
    };

    op->fresh = fresh;
    op->awaits = TEAM_NOTHING;
    while (op->is_busy && steps[op->phase](op))
        ;
    base_assert(op->fresh == NULL);
}
