/* SPDX-License-Identifier: BSD-3-Clause */
#include "checkpoint/cut.h"
#include "kernel/kernel.h"
#include "team/team.h"
#include "troupe/checkpoint.h"

/*
 * Safe points. A process with a state that comes to one while a cut is being prepared
 * stays there until the cut is over, or until it is let go because others wait for it.
 */

static bool hold(struct checkpoint_rank *here, troupe_actor *actor)
{
    if (!base_map_put(&here->safe, actor->address, actor))
        return false; /* not this time: the cut waits, or is given up */
    actor->process->n_looked_at = 0;
    actor_hold(actor);
    return true;
}

/* ---- the calls ----------------------------------------------------------------- */

/* What is on its way for it would come to nobody after a restart. */
static bool is_in_the_middle(const troupe_actor *self)
{
    struct team_standing standing;

    team_standing_of(self, &standing);
    return standing.is_outstanding || kernel_has_tasks(self) ||
           (self->extra && !base_list_is_empty(&self->extra->calls));
}

void troupe_safepoint(troupe_actor *self)
{
    struct checkpoint_rank *here = checkpoint_of(self->home->rank);
    struct actor_wait wait = {.kind = ACTOR_WAIT_SAFE, .what = "a checkpoint"};

    if (LIKELY(here->phase != CHECKPOINT_PREPARING && self->process))
        return;
    actor_require_process(self, "troupe_safepoint");
    if (!actor_is_stateful(self) || is_in_the_middle(self))
        return;
    actor_release_current(self);
    if (hold(here, self))
        actor_park(self, &wait, TROUPE_FOREVER);
}

troupe_status troupe_safe_receives(troupe_actor *self, bool is_safe)
{
    struct checkpoint_rank *here = checkpoint_of(self->home->rank);

    actor_require_process(self, "troupe_safe_receives");
    if (!is_safe) {
        self->flags &= (uint16_t)~ACTOR_SAFE_RECEIVES;
        (void)base_map_remove(&here->receivers, self->address);
        return TROUPE_OK;
    }
    if (!base_map_put(&here->receivers, self->address, self))
        return TROUPE_NO_MEMORY;
    self->flags |= ACTOR_SAFE_RECEIVES;
    return TROUPE_OK;
}

bool troupe_is_restored(const troupe_actor *self)
{
    return self->flags & ACTOR_RESTORED;
}

troupe_status troupe_checkpoint_request(troupe_actor *self)
{
    return checkpoint_ask(self->home->rank);
}

/* ---- who waits for one that is held --------------------------------------------- */

/* Has called it, and waits for an answer. */
static bool is_called(const troupe_actor *actor)
{
    const struct message_envelope *envelope = actor->head;

    if (actor->n_queued == actor->process->n_looked_at)
        return false;
    while (envelope && !(envelope->flags & MESSAGE_REQUEST))
        envelope = envelope->next;
    if (!envelope)
        actor->process->n_looked_at = actor->n_queued;
    return envelope != NULL;
}

/* It would go on if it were let go. */
static bool is_able(const troupe_actor *actor)
{
    /* No NULL is in the map. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    const struct actor_wait *wait = actor->process->wait;

    return wait->is_done || wait->is_timed_out || wait->kind == ACTOR_WAIT_SAFE;
}

/* Or waits for room in its mailbox. */
static bool is_wanted(const troupe_actor *actor)
{
    if (!actor->head || !is_able(actor))
        return false;
    return (actor->flags & ACTOR_XOFF_SENT) ||
           (actor->extra && !base_list_is_empty(&actor->extra->gate)) ||
           is_called(actor);
}

static bool has_any(const struct checkpoint_rank *here,
                    bool (*is_so)(const troupe_actor *actor))
{
    uint32_t position = 0;
    uint64_t address;
    void *value;

    while (base_map_next(&here->safe, &position, &address, &value))
        if (is_so(value))
            return true;
    return false;
}

/* ---- how far they are ---------------------------------------------------------- */

/* It has not been woken yet. */
static bool waits_for_mail(const troupe_actor *actor)
{
    const struct actor_wait *wait = actor->process->wait;

    return wait && wait->kind == ACTOR_WAIT_RECEIVE && !wait->is_done &&
           !wait->is_timed_out && !(actor->flags & (ACTOR_IN_READY | ACTOR_ENDING));
}

void checkpoint_hold_receivers(struct checkpoint_rank *here)
{
    uint32_t position = 0;
    uint64_t address;
    void *value;

    while (base_map_next(&here->receivers, &position, &address, &value)) {
        troupe_actor *actor = value;

        if (actor_is_stateful(actor) && !(actor->flags & ACTOR_SAFE) &&
            waits_for_mail(actor) && !is_in_the_middle(actor))
            (void)hold(here, actor);
    }
}

static uint64_t balance_of(const struct checkpoint_rank *here)
{
    uint64_t balance = 0, address;
    uint32_t position = 0;
    void *value;

    while (base_map_next(&here->safe, &position, &address, &value)) {
        struct team_standing standing;

        team_standing_of(value, &standing);
        balance += standing.balance;
    }
    return balance;
}

void checkpoint_status_take(struct checkpoint_rank *here,
                            struct checkpoint_status *status)
{
    const struct actor_rank *home = here->home;
    const troupe_actor *process = home->rank_process;

    *status = (struct checkpoint_status){.is_known = true};
    status->is_ready = here->safe.n_items == home->n_stateful && !here->is_reserving;
    status->is_process_safe = process && (process->flags & ACTOR_SAFE);
    if (status->is_process_safe || !process)
        status->has_number = team_rank_number(home->rank, &status->number);
    if (status->is_ready)
        status->balance = balance_of(here);
    status->is_process_able = status->is_process_safe && is_able(process);
    status->is_any_able = has_any(here, is_able);
    status->is_wanted = has_any(here, is_wanted);
}

/* ---- and whether they may be saved --------------------------------------------- */

static uint32_t count_fresh(const struct actor_rank *home)
{
    uint32_t n = 0;

    for (uint32_t s = 0; s < home->n_own_slots; s++)
        for (uint32_t i = 1; i < home->slots[s].n_entries; i++) {
            const troupe_actor *actor = home->slots[s].entries[i].actor;

            n += actor && actor_is_stateful(actor) && !(actor->flags & ACTOR_STARTED);
        }
    return n;
}

/* One that has not begun yet begins after a restart. */
bool checkpoint_may_save(const struct checkpoint_rank *here)
{
    const struct actor_rank *home = here->home;

    return !here->is_reserving &&
           (here->safe.n_items == home->n_stateful ||
            here->safe.n_items + count_fresh(home) == home->n_stateful);
}

/* ---- letting go ---------------------------------------------------------------- */

static bool goes_on(const troupe_actor *process, uint64_t number)
{
    struct team_standing standing;

    team_standing_of(process, &standing);
    return standing.number <= number;
}

static bool is_any(const troupe_actor *actor)
{
    (void)actor;
    return true;
}

/* All who `may`, but the rank process if that is further. */
static void let_go(struct checkpoint_rank *here,
                   uint64_t number,
                   bool (*may)(const troupe_actor *actor))
{
    const troupe_actor *process = here->home->rank_process;
    struct base_map held = here->safe;
    uint32_t position = 0;
    uint64_t address;
    void *value;

    base_map_init(&here->safe);
    while (base_map_next(&held, &position, &address, &value)) {
        bool stays = !may(value) || (value == process && !goes_on(process, number));

        if (!stays || !base_map_put(&here->safe, address, value))
            actor_let_go(value);
    }
    base_map_fini(&held);
}

void checkpoint_release(struct checkpoint_rank *here, uint64_t number)
{
    let_go(here, number, is_any);
}

void checkpoint_release_all(struct checkpoint_rank *here)
{
    let_go(here, UINT64_MAX, is_any);
}

void checkpoint_release_wanted(struct checkpoint_rank *here, uint64_t number)
{
    let_go(here, number, is_wanted);
}
