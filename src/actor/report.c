/* SPDX-License-Identifier: BSD-3-Clause */
#include "actor/actor.h"
#include "actor/park.h"
#include <stdio.h>

/* Dead letters, names for people, and who waits for whom. */

void actor_dead_letter(struct actor_rank *home,
                       enum actor_dead_reason reason,
                       uint64_t sender,
                       uint64_t to,
                       uint16_t type)
{
    const troupe_type *known = type >= 1 && type <= message_table_size(home->table)
                                   ? message_table_type(home->table, type)
                                   : NULL;
    troupe_dead_letter letter = {.sender = {sender},
                                 .to = {to},
                                 .type_name = known ? known->name : "",
                                 .reason = actor_dead_reason_text(reason)};

    home->counts.n_dead[reason]++;
    home->dead[home->n_dead++ % ACTOR_DEAD_KEPT] =
        (struct actor_dead_letter){.sender = sender,
                                   .to = to,
                                   .type = known ? type : 0,
                                   .reason = (uint8_t)reason};
    if (home->dead_letter_hook)
        home->dead_letter_hook(home->dead_letter_context, &letter);
}

const char *actor_dead_reason_text(enum actor_dead_reason reason)
{
    static const char *const texts[ACTOR_N_DEAD_REASONS] = {
        [ACTOR_DEAD_NO_ACTOR] = "no actor",   [ACTOR_DEAD_REFUSED] = "refused",
        [ACTOR_DEAD_DROPPED] = "dropped",     [ACTOR_DEAD_UNREAD] = "unread",
        [ACTOR_DEAD_MALFORMED] = "malformed", [ACTOR_DEAD_LATE_REPLY] = "late reply",
        [ACTOR_DEAD_ENDING] = "job ending",
    };

    return texts[reason];
}

void troupe_on_dead_letter(troupe_actor *self,
                           troupe_dead_letter_fn *hook,
                           void *context)
{
    self->home->dead_letter_hook = hook;
    self->home->dead_letter_context = context;
}

size_t troupe_dead_letters(const troupe_actor *self,
                           troupe_dead_letter *letters,
                           size_t capacity)
{
    const struct actor_rank *home = self->home;
    size_t n = home->n_dead < ACTOR_DEAD_KEPT ? (size_t)home->n_dead : ACTOR_DEAD_KEPT;

    if (n > capacity)
        n = capacity;
    for (size_t i = 0; i < n; i++) {
        const struct actor_dead_letter *kept =
            &home->dead[(home->n_dead - 1 - i) % ACTOR_DEAD_KEPT];

        letters[i] = (troupe_dead_letter){
            .sender = {kept->sender},
            .to = {kept->to},
            .type_name =
                kept->type ? message_table_type(home->table, kept->type)->name : "",
            .reason = actor_dead_reason_text((enum actor_dead_reason)kept->reason)};
    }
    return n;
}

uint64_t troupe_n_dead_letters(const troupe_actor *self)
{
    return self->home->n_dead;
}

void actor_describe(struct actor_rank *home,
                    uint64_t address,
                    char *text,
                    size_t capacity)
{
    troupe_actor *actor =
        address && actor_is_local(home, address) ? actor_find(home, address) : NULL;
    const char *name = actor ? actor->behavior->source->name : "actor";

    if (address == 0)
        snprintf(text, capacity, "nobody");
    else if (actor_address_index(address) == 0)
        snprintf(text, capacity, "the process of rank %u", actor_address_slot(address));
    else
        snprintf(text, capacity, "%s %u.%u.%u on rank %d", name,
                 actor_address_slot(address), actor_address_index(address),
                 actor_address_generation(address), actor_rank_of(home, address));
}

void actor_report_slow(struct actor_rank *home, int64_t took_ns, uint32_t n_turns)
{
    const troupe_type *type =
        home->last_type ? message_table_type(home->table, home->last_type) : NULL;
    char who[96], others[64] = "";

    actor_describe(home, home->last_address, who, sizeof who);
    if (n_turns > 1)
        snprintf(others, sizeof others, " (or one of %u that ran before it)",
                 n_turns - 1);
    log_warning(
        &home->rank->log,
        "%s%s kept its rank for %.1f s%s%s%s; nothing else ran meanwhile: let it do "
        "less at a time, or call troupe_yield (limit: TROUPE_HANDLER_TIMEOUT_MS)",
        who, others, (double)took_ns * 1e-9, type ? ", last with '" : "",
        type ? type->name : "", type ? "'" : "");
}

static void describe_wait(struct actor_rank *home,
                          const struct actor_wait *wait,
                          struct base_bytes *text)
{
    char whom[96];

    actor_describe(home, wait->address, whom, sizeof whom);
    switch (wait->kind) {
    case ACTOR_WAIT_RECEIVE:
        base_bytes_append_format(text, "waits to receive %s", wait->what);
        return;
    case ACTOR_WAIT_SEND:
        base_bytes_append_format(text, "waits to send to %s, which has no room", whom);
        return;
    case ACTOR_WAIT_CALL:
        base_bytes_append_format(text, "waits for the answer to '%s' from %s",
                                 wait->what, whom);
        return;
    case ACTOR_WAIT_LEASE:
        base_bytes_append_format(text, "waits for addresses on rank %llu",
                                 (unsigned long long)wait->address);
        return;
    default:
        base_bytes_append_format(text, "waits%s%s", wait->what ? " for " : "",
                                 wait->what ? wait->what : "");
    }
}

static void
describe_held(struct actor_rank *home, troupe_actor *actor, struct base_bytes *text)
{
    const struct actor_parcel *parcel =
        CONTAINER_OF(actor->extra->reserved.next, struct actor_parcel, by_sender);
    char whom[96];

    actor_describe(home, parcel->to, whom, sizeof whom);
    base_bytes_append_format(
        text,
        "is held until %u of its messages are delivered, the first to %s, "
        "which has no room",
        actor->n_reserved, whom);
}

static void
report_one(struct actor_rank *home, troupe_actor *actor, struct base_bytes *text)
{
    const struct actor_wait *wait = actor->process ? actor->process->wait : NULL;
    char who[96];

    bool is_held = (actor->flags & ACTOR_HELD) && !actor->process;

    if (!actor_is_blocked(actor) && !is_held)
        return;
    actor_describe(home, actor->address, who, sizeof who);
    base_bytes_append_format(text, "rank %d: %s ", home->me, who);
    if (is_held)
        describe_held(home, actor, text);
    else
        describe_wait(home, wait, text);
    base_bytes_append_format(text, "; unread: %u\n", actor->n_queued);
}

enum { MOST_REPORT_BYTES = 8000 }; /* a rank's part; enough to see what goes on */

void actor_report_waits(struct actor_rank *home, struct base_bytes *text)
{
    if (home->rank_process)
        report_one(home, home->rank_process, text);
    for (uint32_t s = 0; s < home->n_own_slots; s++)
        for (uint32_t i = 1; i < home->slots[s].n_entries; i++) {
            if (text->size > MOST_REPORT_BYTES) {
                base_bytes_append_format(text, "rank %d: and more\n", home->me);
                return;
            }
            if (home->slots[s].entries[i].actor)
                report_one(home, home->slots[s].entries[i].actor, text);
        }
}
