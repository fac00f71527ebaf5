/* SPDX-License-Identifier: BSD-3-Clause */
#include "directory/directory.h"
#include "fuzz.h"
#include "support/intruder.h"
#include "troupe/troupe.h"

/*
 * Records about names and groups from outside, for a rank that keeps some names, holds
 * some, asks for others, and has members in a group. The input: support/intruder.h.
 */

struct word {
    uint64_t value;
};
TROUPE_TYPE(word, value);

static struct {
    uint64_t member, holder, asked;
} seen;

static troupe_status on_init(troupe_actor *self, struct word *state)
{
    state->value = 0;
    return troupe_join(self, "g");
}

static troupe_status
on_word(troupe_actor *self, struct word *state, const struct word *word)
{
    state->value += word->value;
    if (word->value == 7)
        troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(member,
                word,
                TROUPE_INIT(troupe_no_arguments, on_init),
                TROUPE_ON(word, on_word),
                .capacity = 4);

/* ---- the ranks' processes ------------------------------------------------------ */

static uint64_t spawn(troupe_actor *self)
{
    troupe_address address = TROUPE_NOBODY;

    intruder_any(troupe_spawn(self, &member, NULL, &address));
    return address.bits;
}

static void take_mail(troupe_actor *self, double seconds)
{
    troupe_deadline until = troupe_after_s(self, seconds);

    while (troupe_receive_any(self, until, NULL) == TROUPE_OK)
        continue;
}

/* Names of one letter: each rank keeps some of them. */
static void hold_names(troupe_actor *self)
{
    const troupe_address holder = {seen.holder};

    for (char name[] = "a"; name[0] <= 'd'; name[0]++)
        intruder_any(troupe_register(self, TROUPE_GLOBAL, name,
                                     name[0] % 2 ? holder : troupe_self(self)));
    intruder_any(troupe_register(self, TROUPE_LOCAL, "local", holder));
    intruder_any(troupe_unregister(self, TROUPE_GLOBAL, "c"));
}

static void ask_names(troupe_actor *self)
{
    troupe_address who;
    troupe_reference asked;

    if (troupe_whereis_async(self, "z", &asked) == TROUPE_OK)
        seen.asked = asked.bits;
    for (char name[] = "a"; name[0] <= 'h'; name[0]++)
        intruder_any(troupe_whereis(self, TROUPE_GLOBAL, name,
                                    troupe_after_s(self, 100e-6), &who));
    intruder_any(
        troupe_register_async(self, "y", (troupe_address){seen.holder}, &asked));
}

static void be_victim(troupe_actor *self)
{
    seen.member = spawn(self);
    seen.holder = spawn(self);
    hold_names(self);
    ask_names(self);
    intruder_any(troupe_group_send(self, "g", word, .value = 1));
    take_mail(self, 1e-3);
    intruder_any(troupe_group_send(self, "g", word, .value = 7));
    take_mail(self, 1e-3);
}

static void be_third(troupe_actor *self)
{
    troupe_address who;

    intruder_any(troupe_join(self, "g"));
    intruder_any(troupe_register(self, TROUPE_GLOBAL, "b", troupe_self(self)));
    intruder_any(troupe_register(self, TROUPE_GLOBAL, "e", troupe_self(self)));
    intruder_any(
        troupe_whereis(self, TROUPE_GLOBAL, "x", troupe_after_s(self, 1e-3), &who));
}

static troupe_status body(troupe_actor *self)
{
    switch (intruder_enter(self)) {
    case 0:
        be_victim(self);
        break;
    case 1:
        intruder_any(troupe_join(self, "g"));
        intruder_post(self);
        break;
    default:
        be_third(self);
    }
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_SPAWNS(&member),
               TROUPE_ACCEPTS(word, troupe_name_result));

/* ---- the intruder -------------------------------------------------------------- */

enum symbol {
    NOTHING,
    PROCESS_0,
    PROCESS_1,
    PROCESS_2,
    MEMBER,
    HOLDER,
    ASKED,
    NEWEST, /* reference: of a question that waits, or of the grant before */
    N_SYMBOLS
};

static uint64_t symbol(unsigned index)
{
    struct actor_rank *victim = intruder_victim();

    switch ((enum symbol)index) {
    case PROCESS_0:
    case PROCESS_1:
    case PROCESS_2:
        return actor_address_make(index - PROCESS_0, 0, 1);
    case MEMBER:
        return seen.member;
    case HOLDER:
        return seen.holder;
    case ASKED:
        return seen.asked;
    case NEWEST:
        return victim ? victim->next_reference : 0;
    default:
        return 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t kinds[] = {
        DIRECTORY_KIND_ASK,        DIRECTORY_KIND_CONFIRM, DIRECTORY_KIND_GONE,
        DIRECTORY_KIND_ANSWER,     DIRECTORY_KIND_JOIN,    DIRECTORY_KIND_LEAVE,
        DIRECTORY_KIND_GROUP_MAIL, ACTOR_KIND_MAIL,        ACTOR_KIND_STOP,
    };
    static const struct intruder intruder = {.main = &main_process,
                                             .kinds = kinds,
                                             .n_kinds = ARRAY_LENGTH(kinds),
                                             .symbol = symbol,
                                             .n_symbols = N_SYMBOLS};

    return intruder_play(&intruder, data, size);
}
