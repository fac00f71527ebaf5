/* SPDX-License-Identifier: BSD-3-Clause */
#include "team/internal.h"
#include <string.h>

/* The life of an operation at one rank: entered, done, asked for, freed. */

/* ---- the names of operations -------------------------------------------------- */

/* What is done when its start returns needs no record: its name says how it ended. */
#define DONE_BIT    (UINT64_C(1) << 63)
#define STATUS_BITS 56
#define NUMBER_MASK ((UINT64_C(1) << STATUS_BITS) - 1)

static troupe_operation name_of_done(uint64_t number, troupe_status status)
{
    return (troupe_operation){DONE_BIT | (uint64_t)status << STATUS_BITS |
                              (number + 1)};
}

/* Only what the user made up is pending, or no status at all. */
static troupe_status status_of_done(troupe_operation operation)
{
    uint64_t status = (operation.bits & ~DONE_BIT) >> STATUS_BITS;

    return status < TROUPE_N_STATUS && status != TROUPE_PENDING ? (troupe_status)status
                                                                : TROUPE_NOT_FOUND;
}

/* ---- values ------------------------------------------------------------------- */

bool team_value_take(struct team_rank *here,
                     struct team_value *value,
                     size_t size_bytes)
{
    value->bytes = value->small;
    value->shared = NULL;
    if (size_bytes <= TEAM_SMALL_BYTES)
        return true;
    if (size_bytes > SIZE_MAX / 2)
        return false;
    value->shared = message_shared_take(here->home->pool, size_bytes);
    if (!value->shared)
        return false;
    value->bytes = value->shared->payload;
    return true;
}

void team_value_give(struct team_rank *here, struct team_value *value)
{
    if (value->shared)
        message_shared_give(here->home->pool, value->shared);
    value->shared = NULL;
}

/* ---- making and freeing ------------------------------------------------------- */

/* The user's own bytes serve where nobody but the member itself ever needs them again.
 */
static bool lends_bytes(const struct team_operation *op)
{
    bool is_root = op->what.root == op->team->index;

    return is_root &&
           (op->what.form == TEAM_GATHER || (op->what.form == TEAM_BROADCAST &&
                                             op->what.size_bytes <= TEAM_SHARE_BYTES));
}

static bool take_values(struct team_operation *op)
{
    struct team_rank *here = op->team->here;
    bool needs_spare = op->what.fold || op->what.form == TEAM_EXSCAN;
    size_t size_bytes = team_value_bytes(op);

    op->value.shared = op->spare.shared = NULL;
    if (size_bytes == SIZE_MAX)
        return false;
    if (lends_bytes(op))
        op->value.bytes = op->what.result ? op->what.result : op->value.small;
    else if (!team_value_take(here, &op->value, size_bytes))
        return false;
    return !needs_spare || team_value_take(here, &op->spare, op->what.size_bytes);
}

static void copy_mine(struct team_operation *op)
{
    size_t offset = 0;

    if (op->what.form == TEAM_GATHER || op->what.form == TEAM_SPLIT)
        offset = (size_t)(op->team->index - op->first) * op->what.size_bytes;
    if (op->what.mine && op->what.size_bytes)
        memmove(op->value.bytes + offset, op->what.mine, op->what.size_bytes);
    op->what.mine = NULL;
    if (op->what.form == TEAM_BROADCAST && op->parent < 0)
        op->what.result = NULL; /* it has them */
}

/* Does the result come to this member? */
static bool is_receiver(const struct team_operation *op)
{
    if (op->for_all || op->what.form == TEAM_BROADCAST || op->what.form == TEAM_TRADE)
        return true;
    return op->what.form == TEAM_EXSCAN ? op->team->index > 0
                                        : op->what.root == op->team->index;
}

static void give_op(struct team_operation *op)
{
    struct team_rank *here = op->team->here;

    team_kept_drop_all(here, &op->parts, 0);
    team_value_give(here, &op->value);
    team_value_give(here, &op->spare);
    if (op->birth)
        team_birth_give(here, op->birth);
    if (op->trade)
        team_trade_give(op);
    message_block_give(here->home->pool, op, op->block_class);
}

/* NULL: no memory. Not entered yet. */
static struct team_operation *make_op(troupe_team *team,
                                      const struct team_request *request)
{
    struct message_pool *pool = team->here->home->pool;
    uint8_t block_class;
    struct team_operation *op = message_block_take(pool, sizeof *op, &block_class);

    if (!op)
        return NULL;
    memset(op, 0, offsetof(struct team_operation, value));
    op->team = team;
    op->what = *request;
    op->block_class = block_class;
    team_place(op);
    if (!take_values(op) || (request->lists && !team_trade_take(op))) {
        give_op(op);
        return NULL;
    }
    copy_mine(op);
    if (request->form == TEAM_SPLIT)
        team_birth_take(op);
    return op;
}

void team_operation_settle(struct team_operation *op)
{
    struct team_operation **link = &op->team->operations[op->number % TEAM_BUCKETS];

    if (op->is_busy || op->is_user)
        return;
    while (*link != op)
        link = &(*link)->next;
    *link = op->next;
    give_op(op);
}

/* ---- entering ----------------------------------------------------------------- */

static uint64_t shape_of(const struct team_request *request)
{
    uint64_t words = (uint64_t)request->form | (uint64_t)(request->root + 1) << 8;

    return team_mix(team_mix(words, request->size_bytes), request->shape);
}

static void enter_trade(struct team_operation *op)
{
    bool is_good = team_trade_with_self(op->what.lists, op->team->index);

    team_trade_fill(op);
    if (!is_good)
        team_trade_differs(op);
}

/* From here on the operation happens, whatever becomes of the member. */
static void enter_op(struct team_operation *op)
{
    troupe_team *team = op->team;
    struct team_operation **bucket;

    op->number = team->next++;
    team->chain = op->chain = team_mix(shape_of(&op->what), team->chain);
    team->chains[op->number % TEAM_WINDOW] = op->chain;
    if (op->for_all)
        team->last_for_all = op->number + 1;
    bucket = &team->operations[op->number % TEAM_BUCKETS];
    op->next = *bucket;
    *bucket = op;
    team->n_busy++;
    op->is_busy = op->is_user = true;
    op->is_done = !is_receiver(op);
    if (op->trade)
        enter_trade(op);
    team_advance(op, NULL);
    if (UNLIKELY(op->number % TEAM_WAVE == TEAM_WAVE - 1))
        team_wave_enter(team, op->number);
    if (UNLIKELY(team->early != NULL))
        team_replay(team, op->number);
}

static troupe_operation name_of(struct team_operation *op)
{
    troupe_operation name = {op->number + 1};

    if (!op->is_done)
        return name;
    name = name_of_done(op->number, (troupe_status)op->status);
    op->is_user = false;
    team_operation_settle(op);
    return name;
}

static troupe_status enter_alone(troupe_team *team, const struct team_request *request)
{
    bool is_copied = request->form == TEAM_GATHER || request->form == TEAM_REDUCE;

    team->next++;
    if (is_copied && request->size_bytes && request->result != request->mine)
        memcpy(request->result, request->mine, request->size_bytes);
    return request->lists && !team_trade_with_self(request->lists, 0) ? TROUPE_MISMATCH
                                                                      : TROUPE_OK;
}

troupe_status team_enter(troupe_team *team,
                         const struct team_request *request,
                         troupe_operation *operation)
{
    struct team_operation *op;

    while (UNLIKELY(team->next - team->acknowledged >= TEAM_WINDOW) && team->size > 1 &&
           team->next < team->broken_from)
        team_park(team, "the slowest member of its team", team->next - 1);
    if (UNLIKELY(team->next >= team->broken_from)) {
        *operation = name_of_done(team->next, team_break_status(team, team->next));
        team->next++;
        return TROUPE_OK;
    }
    if (team->size == 1) {
        troupe_status status = enter_alone(team, request);

        *operation = name_of_done(team->next - 1, status);
        return TROUPE_OK;
    }
    op = make_op(team, request);
    if (!op)
        return TROUPE_NO_MEMORY;
    enter_op(op);
    *operation = name_of(op);
    return TROUPE_OK;
}

/* ---- the end ------------------------------------------------------------------ */

void team_operation_done(struct team_operation *op, troupe_status status)
{
    if (op->is_done)
        return;
    op->is_done = true;
    op->status = (uint8_t)status;
    if (op->team->awaited == op)
        team_wake(op->team);
}

void team_operation_end(struct team_operation *op, troupe_status status)
{
    team_operation_done(op, status);
    if (op->is_busy)
        op->team->n_busy--;
    op->is_busy = false;
}

/* What others need of it goes on; what came to the member's own bytes is not needed. */
void team_operation_detach(struct team_operation *op)
{
    op->is_user = false;
    op->what.result = NULL;
    if (op->what.form == TEAM_GATHER && lends_bytes(op))
        team_operation_end(op, TROUPE_OK);
    if (op->trade && op->is_busy)
        team_trade_abandon(op);
    team_operation_settle(op);
}

static troupe_status
ask(troupe_team *team, troupe_operation operation, struct team_operation **op)
{
    *op = NULL;
    if (operation.bits & DONE_BIT)
        return status_of_done(operation);
    *op = team_operation_find(team, (operation.bits & NUMBER_MASK) - 1);
    if (!*op || !(*op)->is_user || operation.bits == 0)
        return TROUPE_NOT_FOUND;
    return (*op)->is_done ? (troupe_status)(*op)->status : TROUPE_PENDING;
}

static troupe_status asked(struct team_operation *op, troupe_status status)
{
    if (op && op->is_done && op->is_user) {
        op->is_user = false;
        team_operation_settle(op);
    }
    return status;
}

static void check(troupe_actor *self, const troupe_team *team, const char *call)
{
    actor_require_process(self, call);
    actor_require(self, team && team->member == self, "%s: it is not the caller's team",
                  call);
}

troupe_status
troupe_team_test(troupe_actor *self, troupe_team *team, troupe_operation operation)
{
    struct team_operation *op;
    troupe_status status;

    check(self, team, "troupe_team_test");
    status = ask(team, operation, &op);
    return asked(op, status);
}

troupe_status
troupe_team_wait(troupe_actor *self, troupe_team *team, troupe_operation operation)
{
    static const char *const what[TEAM_N_FORMS] = {
        [TEAM_BARRIER] = "a barrier of its team",
        [TEAM_BROADCAST] = "a broadcast in its team",
        [TEAM_GATHER] = "a gather in its team",
        [TEAM_REDUCE] = "a reduction in its team",
        [TEAM_EXSCAN] = "an exclusive scan in its team",
        [TEAM_SPLIT] = "a split of its team",
        [TEAM_TRADE] = "an exchange in its team",
    };
    struct team_operation *op;
    troupe_status status;

    check(self, team, "troupe_team_wait");
    status = ask(team, operation, &op);
    while (status == TROUPE_PENDING) {
        team->awaited = op;
        team_park(team, what[op->what.form], op->number);
        team->awaited = NULL;
        status = ask(team, operation, &op);
    }
    return asked(op, status);
}
