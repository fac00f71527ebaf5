/* SPDX-License-Identifier: BSD-3-Clause */
#include "merge.h"
#include "batch.h"

/* Parts asked for in advance: another rank may be asleep when it is asked. */
#define N_AHEAD 4

struct stream {
    troupe_address counter;
    troupe_reference
        asked[N_AHEAD]; /* the calls that bring the next parts, in a ring */
    size_t first;
    troupe_message *message; /* the part being read, owned */
    size_t position;
    struct word word;
    bool ended;
};

static troupe_status ask(struct merge *merge, struct stream *stream, size_t place)
{
    return troupe_call_async(merge->self, stream->counter, TROUPE_FOREVER,
                             &stream->asked[place], more);
}

static bool is_answer(void *context, const troupe_mail *mail)
{
    const struct stream *stream = context;
    return mail->reference.bits == stream->asked[stream->first].bits;
}

/* Takes the next part; it has to outlive what is received next, so it is kept. */
static troupe_status next_part(struct merge *merge, struct stream *stream)
{
    troupe_mail mail;
    TROUPE_TRY(
        troupe_receive_match(merge->self, TROUPE_FOREVER, is_answer, stream, &mail));
    const struct troupe_call_failed *failed = troupe_as(&mail, troupe_call_failed);
    if (failed)
        return failed->status;
    troupe_release(merge->self, &stream->message);
    TROUPE_TRY(troupe_keep(merge->self, &stream->message));
    stream->position = 0;
    TROUPE_TRY(ask(merge, stream, stream->first));
    stream->first = (stream->first + 1) % N_AHEAD;
    return TROUPE_OK;
}

static bool next_word(struct stream *stream)
{
    const struct part *part = troupe_message_body(stream->message);
    return batch_next(part->bytes, (size_t)part->n_bytes, &stream->position,
                      &stream->word);
}

static troupe_status advance(struct merge *merge, struct stream *stream)
{
    if (stream->message && next_word(stream))
        return TROUPE_OK;
    TROUPE_TRY(next_part(merge, stream));
    stream->ended = !next_word(stream);
    return TROUPE_OK;
}

/* Is a's word to be printed before b's? No two streams have the same word. */
static bool is_before(const struct stream *a, const struct stream *b)
{
    if (a->word.count != b->word.count)
        return a->word.count > b->word.count;
    size_t n = a->word.length < b->word.length ? a->word.length : b->word.length;
    int order = memcmp(a->word.text, b->word.text, n);
    return order < 0 || (order == 0 && a->word.length < b->word.length);
}

/* The heap is in order but for the stream at `i`, which may have to go down. */
static void sink(struct merge *merge, size_t i)
{
    struct stream *stream = merge->heap[i];
    for (size_t child; (child = 2 * i + 1) < merge->n_heap; i = child) {
        if (child + 1 < merge->n_heap &&
            is_before(merge->heap[child + 1], merge->heap[child]))
            child++;
        if (!is_before(merge->heap[child], stream))
            break;
        merge->heap[i] = merge->heap[child];
    }
    merge->heap[i] = stream;
}

troupe_status merge_start(struct merge *merge,
                          troupe_actor *self,
                          const troupe_address *counters,
                          size_t n_counters)
{
    *merge = (struct merge){.self = self};
    merge->streams = troupe_alloc(self, n_counters * sizeof *merge->streams);
    merge->heap = troupe_alloc(self, n_counters * sizeof(struct stream *));
    if (!merge->streams || !merge->heap)
        return TROUPE_NO_MEMORY;
    for (size_t i = 0; i < n_counters; i++) {
        merge->streams[i].counter = counters[i];
        for (size_t place = 0; place < N_AHEAD; place++)
            TROUPE_TRY(ask(merge, &merge->streams[i], place));
    }
    for (size_t i = 0; i < n_counters; i++) {
        struct stream *stream = &merge->streams[i];
        TROUPE_TRY(advance(merge, stream));
        const struct part *part = troupe_message_body(stream->message);
        merge->n_distinct += part->n_distinct;
        if (!stream->ended)
            merge->heap[merge->n_heap++] = stream;
    }
    for (size_t i = merge->n_heap / 2; i-- > 0;)
        sink(merge, i);
    return TROUPE_OK;
}

troupe_status merge_next(struct merge *merge, struct word *word)
{
    /* The word given out last is only now let go of. */
    if (merge->is_out) {
        struct stream *stream = merge->heap[0];
        TROUPE_TRY(advance(merge, stream));
        if (stream->ended)
            merge->heap[0] = merge->heap[--merge->n_heap];
        if (merge->n_heap > 0)
            sink(merge, 0);
    }
    merge->is_out = merge->n_heap > 0;
    if (!merge->is_out)
        return TROUPE_NOT_FOUND;
    *word = merge->heap[0]->word;
    return TROUPE_OK;
}
