/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The reader: a process, because it has to wait, for work and where a counter is slower
 * than it. It counts into a table of its own and sends on only what has come together
 * there, so that a frequent word costs the network no more than a rare one.
 */

#include "batch.h"
#include "messages.h"
#include "reading.h"
#include "saved.h"
#include "units.h"
#include <stdlib.h>

/* Beyond that the table's words are sent on and it begins anew. */
#define TABLE_BYTES ((size_t)32 << 20)

struct reader {
    troupe_actor *self;
    troupe_address conductor;
    troupe_address *counters;
    size_t n_counters;
    struct batch *batches; /* one for each counter */
    struct table table;
    struct reading reading;
    uint64_t n_words;
    uint64_t n_done; /* bytes, since it asked last */
};
TROUPE_PRIVATE(reader);

/* Registered with troupe_defer(): runs however the reader ends. */
static void release(void *argument)
{
    struct reader *reader = argument;
    for (size_t i = 0; i < reader->n_counters && reader->batches; i++)
        batch_fini(&reader->batches[i]);
    table_fini(&reader->table);
    reading_fini(&reader->reading);
}

/* Its copies of addresses and the batches are the actor's memory and go with it. */
static troupe_status take_owners(struct reader *reader)
{
    const struct owners *owners;
    TROUPE_TRY(troupe_receive(reader->self, owners, TROUPE_FOREVER, &owners));
    size_t n = (size_t)owners->n;
    reader->conductor = troupe_sender(reader->self);
    reader->counters = troupe_alloc(reader->self, n * sizeof *reader->counters);
    reader->batches = troupe_alloc(reader->self, n * sizeof *reader->batches);
    if (!reader->counters || !reader->batches)
        return TROUPE_NO_MEMORY;
    memcpy(reader->counters, owners->counters, n * sizeof *reader->counters);
    reader->n_counters = n;
    return troupe_send(reader->self, reader->conductor, ask, .n_bytes = 0);
}

static troupe_status send_batch(struct reader *reader, size_t owner)
{
    struct batch *batch = &reader->batches[owner];
    batch_seal(batch);
    /* Waits while the counter's mailbox is full: there is no other flow control. */
    TROUPE_TRY(troupe_send_tail(reader->self, reader->counters[owner], words, bytes,
                                batch->bytes, batch->n_bytes));
    batch_clear(batch);
    troupe_yield(reader->self); /* so that it leaves, and the counter here begins */
    return TROUPE_OK;
}

/* Sends the table's words to their owners and empties it. */
static troupe_status send_words(struct reader *reader)
{
    size_t wanted = batch_wanted_bytes(reader->n_counters);
    size_t position = 0;
    struct word word;
    while (table_next(&reader->table, &position, &word)) {
        uint64_t hash = word_hash(word.text, word.length);
        size_t owner = word_owner(hash, reader->n_counters);
        if (!batch_append(&reader->batches[owner], &word))
            return TROUPE_NO_MEMORY;
        if (reader->batches[owner].n_bytes >= wanted)
            TROUPE_TRY(send_batch(reader, owner));
    }
    for (size_t owner = 0; owner < reader->n_counters; owner++) {
        if (reader->batches[owner].n_bytes > 0)
            TROUPE_TRY(send_batch(reader, owner));
    }
    table_clear(&reader->table);
    return TROUPE_OK;
}

static troupe_status
add_word(struct reader *reader, const unsigned char *text, size_t length, uint64_t hash)
{
    if (table_add(&reader->table, text, length, hash, 1))
        return TROUPE_OK;
    TROUPE_TRY(send_words(reader));
    bool added = table_add(&reader->table, text, length, hash, 1);
    return added ? TROUPE_OK : TROUPE_NO_MEMORY;
}

/* What reading.h calls for the words it has found, READING_WORDS at most. */
static troupe_status
count(void *context, const unsigned char *text, const struct extent *words, size_t n)
{
    struct reader *reader = context;
    uint64_t hashes[READING_WORDS];
    /* All hashes first: memory is slow, and so it works on many words at once. */
    for (size_t i = 0; i < n; i++) {
        hashes[i] = word_hash(text + words[i].start, words[i].length);
        table_prefetch(&reader->table, hashes[i]);
    }
    for (size_t i = 0; i < n; i++)
        TROUPE_TRY(add_word(reader, text + words[i].start, words[i].length, hashes[i]));
    reader->n_words += n;
    return TROUPE_OK;
}

/* Between chunks: the counter here has mail, and rank 0 others to give work to. */
static void let_others_run(void *context)
{
    struct reader *reader = context;
    troupe_yield(reader->self);
}

static troupe_status
complain(void *context, const struct piece *piece, const struct fault *fault)
{
    struct reader *reader = context;
    return troupe_send(reader->self, reader->conductor, trouble, .file = piece->file,
                       .offset = fault->offset, .kind = fault->kind,
                       .error = fault->error);
}

static const struct reading_calls calls = {count, let_others_run, complain};

/* When it waits for a unit a checkpoint may be made; then no batch has words. */
static troupe_status read_units(struct reader *reader)
{
    TROUPE_TRY(troupe_safe_receives(reader->self, true));
    for (;;) {
        const struct unit *unit;
        TROUPE_TRY(troupe_receive(reader->self, unit, TROUPE_FOREVER, &unit));
        if (unit->n_pieces == 0)
            return troupe_safe_receives(reader->self, false);
        /* The next one is on its way while this one is read. */
        TROUPE_TRY(troupe_send(reader->self, reader->conductor, ask,
                               .n_bytes = reader->n_done));
        reader->n_done = 0;
        struct piece piece;
        size_t position = 0;
        while (units_next_piece(unit->bytes, unit->n_bytes, &position, &piece)) {
            TROUPE_TRY(reading_piece(&reader->reading, &piece, &calls, reader));
            reader->n_done += piece.end - piece.begin;
        }
    }
}

/* ---- in checkpoints ------------------------------------------------------------- */

struct saved {
    troupe_address conductor;
    uint64_t n_counters, n_words, n_done, n_bytes;
};

static troupe_status save(troupe_actor *self, const void *state, troupe_writer *writer)
{
    const struct reader *reader = state;
    const struct saved saved = {reader->conductor, reader->n_counters, reader->n_words,
                                reader->n_done, reader->reading.n_bytes};
    (void)self;
    TROUPE_TRY(troupe_write_bytes(writer, &saved, sizeof saved));
    TROUPE_TRY(troupe_write_bytes(writer, reader->counters,
                                  reader->n_counters * sizeof *reader->counters));
    return saved_table_put(writer, &reader->table);
}

static void do_not_pause(void *context)
{
    (void)context;
}

static void begin(struct reader *reader)
{
    table_init(&reader->table, TABLE_BYTES, do_not_pause, NULL);
    reading_init(&reader->reading);
}

static troupe_status restore(troupe_actor *self, void *state, troupe_reader *from)
{
    struct reader *reader = state;
    struct saved saved;
    begin(reader);
    TROUPE_TRY(troupe_read_bytes(from, &saved, sizeof saved));
    size_t n = (size_t)saved.n_counters;
    reader->conductor = saved.conductor;
    reader->n_words = saved.n_words;
    reader->n_done = saved.n_done;
    reader->reading.n_bytes = saved.n_bytes;
    reader->counters = troupe_alloc(self, n * sizeof *reader->counters);
    reader->batches = troupe_alloc(self, n * sizeof *reader->batches);
    if (!reader->counters || !reader->batches)
        return TROUPE_NO_MEMORY;
    reader->n_counters = n;
    TROUPE_TRY(troupe_read_bytes(from, reader->counters, n * sizeof *reader->counters));
    return saved_table_get(from, &reader->table);
}

/* --------------------------------------------------------------------------------- */

static troupe_status body(troupe_actor *self)
{
    struct reader *reader;
    bool is_restored = troupe_restored(self, &reader);
    if (!is_restored)
        begin(reader);
    reader->self = self;
    reader->table.pause = let_others_run;
    reader->table.context = reader;
    TROUPE_TRY(troupe_defer(self, release, reader));
    if (!is_restored)
        TROUPE_TRY(take_owners(reader));
    TROUPE_TRY(read_units(reader));
    TROUPE_TRY(send_words(reader));
    for (size_t owner = 0; owner < reader->n_counters; owner++)
        TROUPE_TRY(send_batch(reader, owner)); /* an empty one: that was all */
    return troupe_send(self, reader->conductor, done,
                       .n_bytes = reader->reading.n_bytes, .n_words = reader->n_words);
}
TROUPE_PROCESS(word_reader,
               body,
               TROUPE_STATE(reader),
               TROUPE_ACCEPTS(owners, unit),
               TROUPE_SENDS(ask, words, trouble, done),
               .save = save,
               .restore = restore);
