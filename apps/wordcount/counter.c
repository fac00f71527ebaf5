/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The counter: a process, as its life has three parts that follow each other. It adds
 * up the counts of its own words, those whose hash is its own, until all readers have
 * ended; sorts; and then gives its words out part by part, until nobody asks any more.
 * In the first part a checkpoint may be made whenever it waits.
 */

#include "batch.h"
#include "messages.h"
#include "saved.h"

struct counter {
    troupe_actor *self;
    struct table table;
    struct batch part;
    uint64_t n_ended; /* readers */
};
TROUPE_PRIVATE(counter);

/* Registered with troupe_defer(): runs however the counter ends. */
static void release(void *argument)
{
    struct counter *counter = argument;
    table_fini(&counter->table);
    batch_fini(&counter->part);
}

/* Called by the table where it works for long. */
static void let_others_run(void *self)
{
    troupe_yield(self);
}

/* How many words are looked up at once: memory is slow, and works on many together. */
#define N_TOGETHER 64

struct group {
    struct word words[N_TOGETHER];
    uint64_t hashes[N_TOGETHER];
    size_t n;
};

/* The next words of a message; their slots are on the way. */
static void next_group(struct group *group,
                       const struct words *words,
                       size_t *position,
                       const struct table *table)
{
    struct word *word = group->words;
    for (group->n = 0; group->n < N_TOGETHER; group->n++, word++) {
        if (!batch_next(words->bytes, (size_t)words->n_bytes, position, word))
            return;
        group->hashes[group->n] = word_hash(word->text, word->length);
        table_prefetch(table, group->hashes[group->n]);
    }
}

/* False when there is no room for all. */
static bool add_group(struct table *table, const struct group *group)
{
    for (size_t i = 0; i < group->n; i++)
        table_prefetch_record(table, group->hashes[i]);
    for (size_t i = 0; i < group->n; i++) {
        const struct word *word = &group->words[i];
        if (!table_add(table, word->text, word->length, group->hashes[i], word->count))
            return false;
    }
    return true;
}

static bool add_words(struct table *table, const struct words *words)
{
    struct group group;
    size_t position = 0;
    do {
        next_group(&group, words, &position, table);
        if (!add_group(table, &group))
            return false;
    } while (group.n == N_TOGETHER);
    return true;
}

static troupe_status add_up(struct counter *counter, const struct counter_plan *plan)
{
    troupe_actor *self = counter->self;
    bool full = false;
    TROUPE_TRY(troupe_safe_receives(self, true));
    while (counter->n_ended < plan->n_readers) {
        const struct words *words;
        TROUPE_TRY(troupe_receive(self, words, TROUPE_FOREVER, &words));
        if (words->n_bytes == 0)
            counter->n_ended++;
        if (full || add_words(&counter->table, words))
            continue;
        /* Goes on taking words, lest a reader waits, until it is stopped. */
        full = true;
        TROUPE_TRY(troupe_send(self, plan->conductor, full,
                               .n_distinct = counter->table.n_words));
    }
    TROUPE_TRY(troupe_safe_receives(self, false));
    return full ? TROUPE_FULL : TROUPE_OK;
}

static troupe_status give_out(struct counter *counter, const struct counter_plan *plan)
{
    const struct table *table = &counter->table;
    struct batch *part = &counter->part;
    size_t n =
        plan->n_wanted < table->n_words ? (size_t)plan->n_wanted : table->n_words;
    /* The conductor holds parts of all counters, of which there are as many as readers.
     */
    size_t wanted_bytes = batch_wanted_bytes((size_t)plan->n_readers);
    for (size_t next = 0;;) {
        TROUPE_TRY(troupe_receive(counter->self, more, TROUPE_FOREVER, NULL));
        batch_clear(part);
        for (; next < n && part->n_bytes < wanted_bytes; next++) {
            struct word word;
            table_sorted(table, next, &word);
            if (!batch_append(part, &word))
                return TROUPE_NO_MEMORY;
        }
        batch_seal(part);
        TROUPE_TRY(troupe_reply_tail(counter->self, more, part, bytes, part->bytes,
                                     part->n_bytes, .n_distinct = table->n_words));
    }
}

/* ---- in checkpoints ------------------------------------------------------------- */

static troupe_status save(troupe_actor *self, const void *state, troupe_writer *writer)
{
    const struct counter *counter = state;
    (void)self;
    TROUPE_TRY(troupe_write_bytes(writer, &counter->n_ended, sizeof counter->n_ended));
    return saved_table_put(writer, &counter->table);
}

static void do_not_pause(void *context)
{
    (void)context;
}

static troupe_status restore(troupe_actor *self, void *state, troupe_reader *reader)
{
    struct counter *counter = state;
    (void)self;
    table_init(&counter->table, COUNTER_BYTES, do_not_pause, NULL);
    TROUPE_TRY(troupe_read_bytes(reader, &counter->n_ended, sizeof counter->n_ended));
    return saved_table_get(reader, &counter->table);
}

/* --------------------------------------------------------------------------------- */

static troupe_status body(troupe_actor *self)
{
    const struct counter_plan *plan = troupe_arguments(self, counter_plan);
    struct counter *counter;
    if (!troupe_restored(self, &counter))
        table_init(&counter->table, COUNTER_BYTES, NULL, NULL);
    counter->self = self;
    counter->table.pause = let_others_run;
    counter->table.context = self;
    TROUPE_TRY(troupe_defer(self, release, counter));
    troupe_status status = add_up(counter, plan);
    if (status != TROUPE_OK) /* no failure when it is full: that has been told */
        return status == TROUPE_FULL ? TROUPE_OK : status;
    size_t n_wanted = plan->n_wanted < SIZE_MAX ? (size_t)plan->n_wanted : SIZE_MAX;
    if (!table_sort(&counter->table, n_wanted))
        return TROUPE_NO_MEMORY;
    return give_out(counter, plan);
}
/* Few large messages: what lies in the mailbox counts as memory, too. */
TROUPE_PROCESS(word_counter,
               body,
               TROUPE_STATE(counter),
               TROUPE_ARGUMENTS(counter_plan),
               TROUPE_ACCEPTS(words, more),
               TROUPE_SENDS(full, part),
               .save = save,
               .restore = restore,
               .capacity = 32);
