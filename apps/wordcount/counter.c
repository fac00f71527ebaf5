/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The counter: a handler, because it never has to wait. It owns the words whose hash is
 * its own, adds up what the readers send, sorts when all have ended, and then gives its
 * words out part by part.
 */

#include "batch.h"
#include "messages.h"

/* Few large messages: what lies in the mailbox counts as memory, too. */
#define N_WAITING 32

struct tally {
    struct table table;
    struct batch part;
    uint64_t n_readers; /* that have not ended */
    uint64_t n_wanted;
    size_t next; /* word of those in order to give out */
};
TROUPE_PRIVATE(tally);

static troupe_status
on_start(troupe_actor *self, struct tally *tally, const struct counter_plan *plan)
{
    (void)self;
    table_init(&tally->table, COUNTER_BYTES);
    tally->n_readers = plan->n_readers;
    tally->n_wanted = plan->n_wanted;
    return TROUPE_OK;
}

static void on_end(troupe_actor *self, struct tally *tally)
{
    (void)self;
    table_fini(&tally->table);
    batch_fini(&tally->part);
}

static troupe_status
on_words(troupe_actor *self, struct tally *tally, const struct words *words)
{
    size_t position = 0;
    struct word word;
    while (batch_next(words->bytes, (size_t)words->n_bytes, &position, &word)) {
        uint64_t hash = word_hash(word.text, word.length);
        if (!table_add(&tally->table, word.text, word.length, hash, word.count))
            troupe_fail(self, TROUPE_NO_MEMORY,
                        "the %u different words this rank has so far take %zu MiB; "
                        "use more ranks",
                        tally->table.n_words, COUNTER_BYTES >> 20);
    }
    return TROUPE_OK;
}

static troupe_status on_end_of_words(troupe_actor *self, struct tally *tally)
{
    if (--tally->n_readers > 0)
        return TROUPE_OK;
    size_t n_wanted = tally->n_wanted < SIZE_MAX ? (size_t)tally->n_wanted : SIZE_MAX;
    if (!table_sort(&tally->table, n_wanted))
        troupe_fail(self, TROUPE_NO_MEMORY, "no memory to sort %u words",
                    tally->table.n_words);
    return TROUPE_OK;
}

static troupe_status on_more(troupe_actor *self, struct tally *tally)
{
    if (tally->n_readers > 0) {
        troupe_defer_message(self); /* too early: comes again behind other mail */
        return TROUPE_OK;
    }
    size_t n_distinct = tally->table.n_words;
    size_t end = tally->n_wanted < n_distinct ? (size_t)tally->n_wanted : n_distinct;
    size_t wanted = batch_wanted_bytes(1);
    batch_clear(&tally->part);
    for (; tally->next < end && tally->part.n_bytes < wanted; tally->next++) {
        struct word word;
        table_sorted(&tally->table, tally->next, &word);
        if (!batch_append(&tally->part, &word))
            return TROUPE_NO_MEMORY;
    }
    batch_seal(&tally->part);
    return troupe_reply_tail(self, more, part, bytes, tally->part.bytes,
                             tally->part.n_bytes, .n_distinct = n_distinct);
}

TROUPE_BEHAVIOR(word_counter,
                tally,
                TROUPE_INIT(counter_plan, on_start),
                TROUPE_FINI(on_end),
                TROUPE_ON(words, on_words),
                TROUPE_ON(end_of_words, on_end_of_words),
                TROUPE_ON(more, on_more),
                TROUPE_SENDS(part),
                .capacity = N_WAITING);
