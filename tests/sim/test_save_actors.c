/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds: 60 */
#include "actor/actor.h"
#include "base/random.h"
#include "support/check_main.h"
#include "support/scene.h"
#include "support/sim_job.h"
#include "support/still.h"
#include <string.h>

/*
 * Handler actors through checkpoints: accounts pass tokens to each other and notes to
 * sinks, with timers, calls, monitors, messages put aside, held and in the reserve. The
 * job is stopped somewhere, goes on with other numbers of ranks, and ends with the same
 * figures as one that nothing happened to. Between two actors all mail is numbered.
 */

enum { N_ACCOUNTS = 9, N_SINKS = 3, N_TOKENS = 7, N_HOPS = 60, N_TICKS = 5, BURST = 3 };

struct token {
    int64_t number, left, from, sequence, n_filling;
    int64_t filling[];
};
TROUPE_TYPE(
    token, number, left, from, sequence, n_filling, TROUPE_TAIL(filling, n_filling));
struct note {
    int64_t from, sequence;
};
TROUPE_TYPE(note, from, sequence);
struct ask {
    int64_t from;
};
TROUPE_TYPE(ask, from);
struct answer {
    int64_t from;
};
TROUPE_TYPE(answer, from);
struct account {
    int64_t id, balance, n_ticks, n_answers, n_failed, n_downs;
    int64_t sent[N_ACCOUNTS], taken[N_ACCOUNTS], notes[N_SINKS];
    troupe_address accounts[N_ACCOUNTS], sinks[N_SINKS];
    troupe_held first;
    int64_t first_number;
    troupe_reference ticker;
};
TROUPE_TYPE(account,
            id,
            balance,
            n_ticks,
            n_answers,
            n_failed,
            n_downs,
            sent,
            taken,
            notes,
            accounts,
            sinks,
            first,
            first_number,
            ticker);
struct book {
    int64_t id;
    troupe_address accounts[N_ACCOUNTS], sinks[N_SINKS];
};
TROUPE_TYPE(book, id, accounts, sinks);
TROUPE_SIGNAL(tick);
TROUPE_SIGNAL(open);
TROUPE_SIGNAL(die);

struct figures {
    int64_t balance[N_ACCOUNTS], n_answers[N_ACCOUNTS], n_failed[N_ACCOUNTS];
    int64_t n_downs[N_ACCOUNTS], n_ticks[N_ACCOUNTS], n_tokens[N_ACCOUNTS];
    int64_t n_notes[N_SINKS], n_asks[N_SINKS];
};
static struct figures seen, wanted; /* that nothing happened to */
static uint64_t mix(int64_t a, int64_t b)
{
    return base_hash_u64((uint64_t)a * 1000 + (uint64_t)b + 1);
}

/* ---- one that is watched, and ends -------------------------------------------- */

static troupe_status on_die(troupe_actor *self)
{
    troupe_exit(self);
    return TROUPE_OK;
}
TROUPE_BEHAVIOR(mortal, troupe_no_state, TROUPE_ON(die, on_die));

/* ---- sinks: a state of their own, little room, closed at first ---------------- */

struct sink {
    int64_t *taken; /* notes, by account */
    int64_t number, n_notes, n_asks, waiting_from;
    troupe_caller waiting;
};
TROUPE_PRIVATE(sink);
TROUPE_BEHAVIOR_DECLARE(closed_sink);
TROUPE_BEHAVIOR_DECLARE(open_sink);
struct sink_number {
    int64_t number;
};
TROUPE_TYPE(sink_number, number);

static troupe_status
sink_init(troupe_actor *self, struct sink *sink, const struct sink_number *arguments)
{
    sink->number = arguments->number;
    sink->taken = troupe_alloc(self, N_ACCOUNTS * sizeof *sink->taken);
    return sink->taken ? TROUPE_OK : TROUPE_NO_MEMORY;
}

static troupe_status
sink_save(troupe_actor *self, const struct sink *sink, troupe_writer *writer)
{
    (void)self;
    TROUPE_TRY(troupe_write_bytes(writer, sink, sizeof *sink));
    return troupe_write_bytes(writer, sink->taken, N_ACCOUNTS * sizeof *sink->taken);
}

static troupe_status
sink_restore(troupe_actor *self, struct sink *sink, troupe_reader *reader)
{
    TROUPE_TRY(troupe_read_bytes(reader, sink, sizeof *sink));
    sink->taken = troupe_alloc(self, N_ACCOUNTS * sizeof *sink->taken);
    if (!sink->taken)
        return TROUPE_NO_MEMORY;
    return troupe_read_bytes(reader, sink->taken, N_ACCOUNTS * sizeof *sink->taken);
}

static void sink_fini(troupe_actor *self, struct sink *sink)
{
    (void)self;
    seen.n_notes[sink->number] = sink->n_notes;
    seen.n_asks[sink->number] = sink->n_asks;
}

static troupe_status
not_yet(troupe_actor *self, struct sink *sink, const struct note *note)
{
    (void)sink;
    (void)note;
    troupe_defer_message(self);
    return TROUPE_OK;
}

static troupe_status on_open(troupe_actor *self, struct sink *sink)
{
    (void)sink;
    troupe_become(self, &open_sink);
    return TROUPE_OK;
}

static troupe_status
on_note(troupe_actor *self, struct sink *sink, const struct note *note)
{
    (void)self;
    EXPECT_INT(note->sequence, sink->taken[note->from]);
    sink->taken[note->from]++;
    sink->n_notes++;
    return TROUPE_OK;
}

/* Answers two at a time, so that the last may never be. */
static troupe_status
on_ask(troupe_actor *self, struct sink *sink, const struct ask *ask)
{
    sink->n_asks++;
    if (sink->waiting.address.bits == 0) {
        sink->waiting = troupe_caller_of(self);
        sink->waiting_from = ask->from;
        return TROUPE_OK;
    }
    TROUPE_TRY(
        troupe_reply_to(self, &sink->waiting, answer, .from = sink->waiting_from));
    sink->waiting = (troupe_caller){0};
    return troupe_reply(self, ask, answer, .from = ask->from);
}
TROUPE_BEHAVIOR(closed_sink,
                sink,
                TROUPE_INIT(sink_number, sink_init),
                TROUPE_SAVE(sink_save),
                TROUPE_RESTORE(sink_restore),
                TROUPE_FINI(sink_fini),
                TROUPE_ON(note, not_yet),
                TROUPE_ON(ask, on_ask),
                TROUPE_ON(open, on_open),
                TROUPE_SPAWNS(&open_sink),
                .capacity = 2);
TROUPE_BEHAVIOR(open_sink,
                sink,
                TROUPE_SAVE(sink_save),
                TROUPE_RESTORE(sink_restore),
                TROUPE_FINI(sink_fini),
                TROUPE_ON(note, on_note),
                TROUPE_ON(ask, on_ask),
                TROUPE_ON(open, on_open),
                .capacity = 2);

/* ---- accounts ----------------------------------------------------------------- */

static troupe_status
send_token(troupe_actor *self, struct account *account, int64_t number, int64_t left)
{
    int64_t to = (int64_t)(mix(number, left) % N_ACCOUNTS);
    int64_t filling[400];
    struct token token = {.number = number, .left = left, .from = account->id};
    /* Small, in chunks, and apart: more than 16 KiB would be, but a hostile build. */
    size_t n = left % 4 == 0 ? 400 : (size_t)left % 4;

    token.sequence = account->sent[to]++;
    for (size_t i = 0; i < n; i++)
        filling[i] = number + (int64_t)i;
    return troupe_send_with_tail(self, account->accounts[to], TROUPE_TYPE_OF(token),
                                 &token, filling, n);
}

static troupe_status start_ticking(troupe_actor *self, struct account *account)
{
    if (account->id % 2)
        return troupe_send_every_holding(self, troupe_self(self), 5e-5,
                                         &account->ticker, tick);
    return troupe_send_every(self, troupe_self(self), 5e-5, &account->ticker, tick);
}

static troupe_status
on_book(troupe_actor *self, struct account *account, const struct book *book)
{
    troupe_address dying;
    troupe_reference watch;

    account->id = book->id;
    memcpy(account->accounts, book->accounts, sizeof account->accounts);
    memcpy(account->sinks, book->sinks, sizeof account->sinks);
    TROUPE_TRY(troupe_spawn(self, &mortal, NULL, &dying));
    TROUPE_TRY(troupe_monitor(self, dying, &watch));
    TROUPE_TRY(
        troupe_send_after(self, dying, 1e-4 * (double)(book->id + 1), NULL, die));
    TROUPE_TRY(start_ticking(self, account));
    if (book->id < N_SINKS)
        TROUPE_TRY(troupe_send_after(self, account->sinks[book->id], 3e-4, NULL, open));
    return book->id < N_TOKENS ? send_token(self, account, book->id, N_HOPS)
                               : TROUPE_OK;
}

static troupe_status
hold_first(troupe_actor *self, struct account *account, const struct token *token)
{
    const struct token *first = troupe_held_body(self, account->first);
    troupe_message *message;

    if (account->first.bits) {
        EXPECT_INT(first->number, account->first_number);
        return TROUPE_OK;
    }
    account->first_number = token->number;
    TROUPE_TRY(troupe_keep(self, &message));
    account->first = troupe_hold(self, &message);
    return TROUPE_OK;
}

static troupe_status
on_token(troupe_actor *self, struct account *account, const struct token *token)
{
    int64_t number = token->number, left = token->left, n = token->n_filling;
    int64_t sink = (int64_t)(mix(left, number) % N_SINKS);

    if (account->sinks[0].bits == 0) { /* the book has not come yet */
        troupe_defer_message(self);
        return TROUPE_OK;
    }
    EXPECT_INT(token->sequence, account->taken[token->from]);
    account->taken[token->from]++;
    for (int64_t i = 0; i < n; i++)
        EXPECT_INT(token->filling[i], number + i);
    TROUPE_TRY(hold_first(self, account, token));
    account->balance += (int64_t)(mix(number, left) % 1000) + n;
    for (int i = 0; i < BURST; i++)
        TROUPE_TRY(troupe_send(self, account->sinks[sink], note, .from = account->id,
                               .sequence = account->notes[sink]++));
    return left ? send_token(self, account, number, left - 1) : TROUPE_OK;
}

static troupe_status on_tick(troupe_actor *self, struct account *account)
{
    int64_t sink = account->n_ticks++ % N_SINKS;

    if (account->n_ticks == N_TICKS)
        TROUPE_TRY(troupe_cancel(self, account->ticker));
    return troupe_call_async(self, account->sinks[sink], troupe_after_s(self, 0.5),
                             NULL, ask, .from = account->id);
}

static troupe_status
on_answer(troupe_actor *self, struct account *account, const struct answer *answer)
{
    (void)self;
    EXPECT_INT(answer->from, account->id);
    account->n_answers++;
    return TROUPE_OK;
}

static troupe_status on_failed(troupe_actor *self,
                               struct account *account,
                               const struct troupe_call_failed *failed)
{
    (void)self;
    EXPECT_INT(failed->status, TROUPE_TIMEOUT);
    account->n_failed++;
    return TROUPE_OK;
}

static troupe_status
on_down(troupe_actor *self, struct account *account, const struct troupe_down *down)
{
    (void)self;
    EXPECT_INT(down->kind, TROUPE_EXIT_NORMAL);
    account->n_downs++;
    return TROUPE_OK;
}

static void account_fini(troupe_actor *self, struct account *account)
{
    int64_t id = account->id;

    (void)self;
    seen.balance[id] = account->balance;
    seen.n_answers[id] = account->n_answers;
    seen.n_failed[id] = account->n_failed;
    seen.n_downs[id] = account->n_downs;
    seen.n_ticks[id] = account->n_ticks;
    for (int i = 0; i < N_ACCOUNTS; i++)
        seen.n_tokens[id] += account->taken[i];
}
TROUPE_BEHAVIOR(account_behavior,
                account,
                TROUPE_FINI(account_fini),
                TROUPE_ON(book, on_book),
                TROUPE_ON(token, on_token),
                TROUPE_ON(tick, on_tick),
                TROUPE_ON(answer, on_answer),
                TROUPE_ON(troupe_call_failed, on_failed),
                TROUPE_ON(troupe_down, on_down),
                TROUPE_SENDS(note, ask, open, die),
                TROUPE_SPAWNS(&mortal),
                /* For all tokens and the book: accounts send each other in circles. */
                .capacity = N_TOKENS + 1);

/* ---- the program -------------------------------------------------------------- */

static troupe_status set_up(troupe_actor *self)
{
    struct book book;

    for (int i = 0; i < N_SINKS; i++)
        TROUPE_TRY(troupe_spawn(
            self, &closed_sink,
            &(troupe_spawn_options){.place = TROUPE_ON_RANK(i % troupe_n_ranks(self)),
                                    TROUPE_WITH(sink_number, .number = i)},
            &book.sinks[i]));
    for (int i = 0; i < N_ACCOUNTS; i++)
        TROUPE_TRY(troupe_spawn(
            self, &account_behavior,
            &(troupe_spawn_options){.place = TROUPE_ON_RANK(i % troupe_n_ranks(self))},
            &book.accounts[i]));
    for (book.id = 0; book.id < N_ACCOUNTS; book.id++)
        TROUPE_TRY(troupe_send_bytes(self, book.accounts[book.id], TROUPE_TYPE_OF(book),
                                     &book, sizeof book));
    return TROUPE_OK;
}

static troupe_status body(troupe_actor *self)
{
    if (troupe_rank(self) == 0 && !(self->flags & ACTOR_RESTORED))
        return set_up(self);
    return TROUPE_OK;
}
TROUPE_PROCESS(main_process,
               body,
               TROUPE_SENDS(book),
               TROUPE_SPAWNS(&closed_sink, &account_behavior),
               .flags = TROUPE_RESTARTABLE_FROM_TOP);

static const troupe_program program = {.main = &main_process};

static void check_figures(void)
{
    for (int i = 0; i < N_ACCOUNTS; i++) {
        EXPECT_INT(seen.balance[i], wanted.balance[i]);
        EXPECT_INT(seen.n_tokens[i], wanted.n_tokens[i]);
        EXPECT_INT(seen.n_ticks[i], N_TICKS);
        EXPECT_INT(seen.n_answers[i] + seen.n_failed[i], N_TICKS);
        EXPECT_INT(seen.n_downs[i], 1);
    }
    for (int i = 0; i < N_SINKS; i++) {
        EXPECT_INT(seen.n_notes[i], wanted.n_notes[i]);
        EXPECT_INT(seen.n_asks[i], wanted.n_asks[i]);
    }
}

/* One rank comes far in a step, five in many. */
static uint64_t some_steps(struct base_random *random)
{
    return base_random_below(random, 8u << base_random_below(random, 6));
}

/* Up to three times stopped, each time another number of ranks; whether it was saved.
 */
static bool play(uint64_t seed)
{
    struct base_random random = {seed};
    struct still_store store = {.n_ranks = 0};
    int n_stops = 1 + (int)base_random_below(&random, 3);
    enum still_end end;

    end = still_save(&program, 1 + (int)base_random_below(&random, 5), seed,
                     some_steps(&random), &store);
    for (int i = 1; i < n_stops && end == STILL_SAVED; i++)
        end = still_resume_and_save(&program, 1 + (int)base_random_below(&random, 5),
                                    seed + (uint64_t)i, some_steps(&random), &store);
    EXPECT_INT(store.status, TROUPE_OK);
    if (end == STILL_SAVED) {
        memset(&seen, 0, sizeof seen);
        EXPECT_INT(still_resume(&program, 1 + (int)base_random_below(&random, 5), seed,
                                &store),
                   0);
        check_figures();
    }
    still_free(&store);
    return end == STILL_SAVED;
}

START_TEST(any_number_of_ranks_goes_on)
{
    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(sim_job_once(&program, 3, 1), 0);
    wanted = seen;
    check_figures();
    scene_play_seeds(play, 8); /* of about 2 in 5; the others ended before */
}
END_TEST

CHECK_MAIN("save actors", any_number_of_ranks_goes_on)
