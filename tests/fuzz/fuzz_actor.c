/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"
#include "support/intruder.h"
#include "troupe/troupe.h"

/*
 * Records of the actors' layer from outside, for a rank with a little of everything:
 * a handler, a process in a call, calls and watches that stand, addresses that are lent
 * for spawns both ways, mail that waits. The input: support/intruder.h.
 */

struct word {
    uint64_t value;
};
TROUPE_TYPE(word, value);
struct row {
    uint32_t n;
    uint32_t numbers[];
};
TROUPE_TYPE(row, n, TROUPE_TAIL(numbers, n));

static struct {
    uint64_t handler, process, abroad, call, monitor;
    uint64_t sum; /* what is read must be used */
} seen;

/* ---- who lives on rank 0 ------------------------------------------------------- */

static troupe_status
on_init(troupe_actor *self, struct word *state, const struct word *arguments)
{
    (void)self;
    state->value = arguments->value;
    return TROUPE_OK;
}

static troupe_status
on_word(troupe_actor *self, struct word *state, const struct word *word)
{
    state->value += word->value;
    if (word->value % 4 == 1)
        troupe_defer_message(self);
    else if (word->value % 4 == 2)
        return troupe_reply(self, word, word, .value = state->value) == TROUPE_NO_MEMORY
                   ? TROUPE_NO_MEMORY
                   : TROUPE_OK;
    return TROUPE_OK;
}

static troupe_status
on_row(troupe_actor *self, struct word *state, const struct row *row)
{
    (void)self;
    for (uint32_t i = 0; i < row->n; i++)
        state->value += row->numbers[i];
    return TROUPE_OK;
}

static troupe_status
on_refused(troupe_actor *self, struct word *state, const struct troupe_refused *refused)
{
    (void)self;
    state->value += refused->reason + (unsigned char)refused->type_name[0];
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(handler,
                word,
                TROUPE_INIT(word, on_init),
                TROUPE_ON(word, on_word),
                TROUPE_ON(row, on_row),
                TROUPE_ON(troupe_refused, on_refused),
                .capacity = 4);

static void take_mail(troupe_actor *self, troupe_deadline until)
{
    troupe_mail mail;

    while (troupe_receive_any(self, until, &mail) == TROUPE_OK) {
        const unsigned char *bytes = mail.body;

        for (size_t i = 0; i < mail.size_bytes; i++)
            seen.sum += bytes[i];
        if (mail.type == TROUPE_TYPE_OF(troupe_down)) {
            const struct troupe_down *down = mail.body;

            intruder_expect(down->kind <= TROUPE_EXIT_NO_ACTOR, "an end of no kind");
        }
        if (mail.type == TROUPE_TYPE_OF(word) && bytes[0]) /* or it answers itself */
            intruder_any(troupe_reply(self, word, word, .value = 0));
    }
}

static troupe_status patient_body(troupe_actor *self)
{
    troupe_address abroad = {seen.abroad};
    const struct word *word;

    for (uint64_t i = 0; i < 4; i++) {
        if (troupe_send(self, abroad, word, .value = 4 * i) != TROUPE_OK)
            break;
        take_mail(self, troupe_after_s(self, 100e-6));
        if (troupe_call(self, troupe_rank_process(self, 1), word, &word,
                        troupe_after_s(self, 200e-6), word, .value = i) == TROUPE_OK)
            seen.sum += word->value;
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(patient,
               patient_body,
               TROUPE_ACCEPTS(word, row, troupe_down, troupe_call_failed),
               .capacity = 2);

/* ---- the ranks' processes ------------------------------------------------------ */

static uint64_t spawn_at(troupe_actor *self, const troupe_behavior *behavior, int rank)
{
    const troupe_spawn_options with = {.place = TROUPE_ON_RANK(rank),
                                       TROUPE_WITH(word, .value = 1)};
    const troupe_spawn_options without = {.place = TROUPE_ON_RANK(rank)};
    troupe_address address = TROUPE_NOBODY;

    intruder_any(
        troupe_spawn(self, behavior, behavior->arguments ? &with : &without, &address));
    return address.bits;
}

static void be_victim(troupe_actor *self)
{
    troupe_reference call, monitor;

    seen.handler = spawn_at(self, &handler, 0);
    seen.abroad = spawn_at(self, &handler, 1);
    seen.process = spawn_at(self, &patient, 0);
    if (troupe_monitor(self, (troupe_address){seen.abroad}, &monitor) == TROUPE_OK)
        seen.monitor = monitor.bits;
    if (troupe_call_async(self, troupe_rank_process(self, 1),
                          troupe_after_s(self, 2e-3), &call, word,
                          .value = 3) == TROUPE_OK)
        seen.call = call.bits;
    take_mail(self, troupe_after_s(self, 2e-3));
    intruder_any(troupe_send(self, (troupe_address){seen.abroad}, word, .value = 0));
    (void)spawn_at(self, &handler, 1);
    take_mail(self, troupe_after_s(self, 2e-3));
}

static troupe_status body(troupe_actor *self)
{
    switch (intruder_enter(self)) {
    case 0:
        be_victim(self);
        break;
    case 1:
        (void)spawn_at(self, &handler, 0); /* so that addresses are lent */
        troupe_sleep_until(self, troupe_after_s(self, 200e-6));
        intruder_post(self);
        break;
    default:
        break;
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(
    main_process,
    body,
    TROUPE_SPAWNS(&handler, &patient),
    TROUPE_ACCEPTS(word, row, troupe_down, troupe_call_failed, troupe_refused));

/* ---- the intruder -------------------------------------------------------------- */

enum symbol {
    NOTHING,
    PROCESS_0,
    PROCESS_1,
    PROCESS_2,
    HANDLER,
    PATIENT,
    ABROAD,
    LEASED,
    WAITED_FOR,
    CALL,
    MONITOR,
    NEXT,
    GIVEN,
    N_SYMBOLS
};

/* The call that the patient waits in. */
static uint64_t waited_for(struct actor_rank *victim)
{
    const troupe_actor *actor =
        actor_is_local(victim, seen.process) ? actor_find(victim, seen.process) : NULL;

    return actor && actor->process && actor->process->calling
               ? actor->process->calling->reference
               : 0;
}

static uint64_t lent(const struct actor_rank *home, int by)
{
    const struct actor_peer *peer = &home->peers[by];

    return peer->n_leases ? peer->leases[peer->first_lease] : 0;
}

static uint64_t symbol(unsigned index)
{
    struct actor_rank *victim = intruder_victim();

    switch ((enum symbol)index) {
    case PROCESS_0:
    case PROCESS_1:
    case PROCESS_2:
        return actor_address_make(index - PROCESS_0, 0, 1);
    case HANDLER:
        return seen.handler;
    case PATIENT:
        return seen.process;
    case ABROAD:
        return seen.abroad;
    case LEASED:
        return lent(intruder_home(), 0);
    case WAITED_FOR:
        return victim ? waited_for(victim) : 0;
    case CALL:
        return seen.call;
    case MONITOR:
        return seen.monitor;
    case NEXT:
        return victim ? victim->next_reference : 0;
    case GIVEN:
        return victim ? lent(victim, 1) : 0;
    default:
        return 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t kinds[] = {
        ACTOR_KIND_MAIL,        ACTOR_KIND_XOFF,        ACTOR_KIND_XON,
        ACTOR_KIND_SPAWN,       ACTOR_KIND_LEASE_ASK,   ACTOR_KIND_LEASE_GIVE,
        ACTOR_KIND_MONITOR,     ACTOR_KIND_DEMONITOR,   ACTOR_KIND_DOWN,
        ACTOR_KIND_CALL_FAILED, ACTOR_KIND_CALL_CANCEL, ACTOR_KIND_STOP,
        ACTOR_KIND_END,         ACTOR_KIND_REPORT,      ACTOR_KIND_REFUSED,
    };
    static const struct intruder intruder = {.main = &main_process,
                                             .kinds = kinds,
                                             .n_kinds = ARRAY_LENGTH(kinds),
                                             .symbol = symbol,
                                             .n_symbols = N_SYMBOLS};

    return intruder_play(&intruder, data, size);
}
