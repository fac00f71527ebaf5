/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/segment_part.h"
#include <string.h>

#ifdef TROUPE_HOSTILE
enum { TASK = 128 };
#else
enum { TASK = 2 * KERNEL_PIECE };
#endif
enum { CHUNK_TASKS = 8 };

/* Of a chunk: the elements before its first head, and those from its last head on. */
enum { REST, OPEN, N_PIECES };

/* Any place behind the last is the end. */
static int64_t task_begin(const struct kernel_segment_part *part, int64_t task)
{
    return task < part->n_tasks ? part->first + task * part->task_length : part->end;
}

static int64_t chunk_begin(const struct kernel_segment_part *part, int64_t chunk)
{
    return task_begin(part, chunk * CHUNK_TASKS);
}

static int64_t heads_before_chunk(const struct kernel_segment_part *part, int64_t chunk)
{
    int64_t task = chunk * CHUNK_TASKS;

    return part->heads_before[task < part->n_tasks ? task : part->n_tasks];
}

/* ---- heads -------------------------------------------------------------------- */

enum { LINE = 64 };

static int64_t count_line(const unsigned char *heads, int64_t n)
{
    unsigned char count = 0;

    for (int64_t i = 0; i < n; i++)
        count = (unsigned char)(count + (heads[i] != 0));
    return count;
}

static bool is_head(const struct kernel_segment_part *part, int64_t i)
{
    return i == 0 || *array_at(part->heads, i) != 0;
}

static void count_task(void *context, int64_t task, int thread)
{
    const struct kernel_segment_part *part = context;
    int64_t begin = task_begin(part, task), end = task_begin(part, task + 1);
    int64_t n = is_head(part, begin);

    (void)thread;
    for (int64_t i = begin + 1; i < end; i += LINE)
        n += count_line(array_at(part->heads, i), end - i < LINE ? end - i : LINE);
    part->heads_before[task + 1] = n;
}

static void find_task(void *context, int64_t task, int thread)
{
    const struct kernel_segment_part *part = context;
    int64_t begin = task_begin(part, task), end = task_begin(part, task + 1);
    int64_t *starts = part->starts + part->heads_before[task];

    (void)thread;
    if (is_head(part, begin))
        *starts++ = begin;
    for (int64_t i = begin + 1; i < end; i += LINE) {
        const unsigned char *heads = array_at(part->heads, i);
        int64_t n = end - i < LINE ? end - i : LINE;

        if (count_line(heads, n) == 0)
            continue;
        for (int64_t k = 0; k < n; k++)
            if (heads[k])
                *starts++ = i + k;
    }
}

static troupe_status count_heads(struct kernel_run *run,
                                 struct kernel_segment_part *part)
{
    part->heads_before = kernel_take(run, (size_t)(part->n_tasks + 1) * 8);
    if (!part->heads_before)
        return TROUPE_NO_MEMORY;
    part->heads_before[0] = 0;
    kernel_work(run, part->n_tasks, count_task, part);
    for (int64_t i = 0; i < part->n_tasks; i++)
        part->heads_before[i + 1] += part->heads_before[i];
    part->n_heads = part->heads_before[part->n_tasks];
    return TROUPE_OK;
}

troupe_status kernel_segment_find(struct kernel_run *run,
                                  struct kernel_segment_part *part,
                                  bool wants_indexes)
{
    size_t room_bytes;

    part->task_length = run->is_again ? TASK / 4 : TASK;
    part->n_tasks =
        (part->end - part->first + part->task_length - 1) / part->task_length;
    part->n_chunks = (part->n_tasks + CHUNK_TASKS - 1) / CHUNK_TASKS;
    TROUPE_TRY(count_heads(run, part));
    room_bytes = (size_t)(part->n_heads + 1) * 8;
    part->piece_bytes = kernel_open_bytes(part->segment);
    part->pieces =
        kernel_take(run, (size_t)(part->n_chunks * N_PIECES) * part->piece_bytes);
    part->starts = kernel_take(run, room_bytes);
    part->values = kernel_take(run, room_bytes);
    if (wants_indexes)
        part->indexes = kernel_take(run, room_bytes);
    if (!part->pieces || !part->starts || !part->values ||
        (wants_indexes && !part->indexes))
        return TROUPE_NO_MEMORY;
    kernel_work(run, part->n_tasks, find_task, part);
    part->starts[part->n_heads] = part->end;
    return TROUPE_OK;
}

void kernel_segment_free(struct kernel_segment_part *part)
{
    kernel_give(part->heads_before);
    kernel_give(part->pieces);
    kernel_give(part->starts);
    kernel_give(part->values);
    kernel_give(part->indexes);
}

/* ---- chunks ------------------------------------------------------------------- */

/* Each result stands after that of the segment that began elsewhere. */
static union numeric_number *value_of(const struct kernel_segment_part *part,
                                      int64_t segment)
{
    return part->values + segment + part->closes_open;
}

static int64_t *index_of(const struct kernel_segment_part *part, int64_t segment)
{
    return part->indexes ? part->indexes + segment + part->closes_open : NULL;
}

static unsigned char *
piece_of(const struct kernel_segment_part *part, int64_t chunk, int piece)
{
    return part->pieces + (size_t)(chunk * N_PIECES + piece) * part->piece_bytes;
}

/* How many elements of the segment open before a chunk there are. */
static int64_t n_before(const struct kernel_segment_part *part, int64_t chunk)
{
    int64_t begin = chunk_begin(part, chunk), n_heads = heads_before_chunk(part, chunk);

    return n_heads > 0 ? begin - part->starts[n_heads - 1]
                       : begin - part->first + part->n_before;
}

static void put_piece(const struct kernel_segment_part *part,
                      int64_t chunk,
                      int piece,
                      int64_t begin,
                      int64_t end)
{
    struct kernel_open open = {.has_head = piece == OPEN,
                               .n_items = (uint64_t)(end - begin)};

    if (begin < end)
        part->kind->put(part->isa, part->x, begin, end,
                        piece == OPEN ? 0 : n_before(part, chunk), &open);
    memcpy(piece_of(part, chunk, piece), &open, part->piece_bytes);
}

static void reduce_task(void *context, int64_t task, int thread)
{
    struct kernel_segment_part *part = context;
    int64_t chunk = task / CHUNK_TASKS, end = chunk_begin(part, chunk + 1);
    int64_t head = part->heads_before[task], next = part->heads_before[task + 1];
    int64_t next_chunk = heads_before_chunk(part, chunk + 1);
    bool has_open = head < next && next == next_chunk;
    const struct kernel_segments segments = {.isa = part->isa,
                                             .x = part->x,
                                             .starts = part->starts + head,
                                             .n = next - head - has_open,
                                             .values = value_of(part, head),
                                             .indexes = index_of(part, head)};

    (void)thread;
    if (task % CHUNK_TASKS == 0)
        put_piece(part, chunk, REST, chunk_begin(part, chunk),
                  head < next_chunk ? part->starts[head] : end);
    if (has_open)
        put_piece(part, chunk, OPEN, part->starts[next - 1], end);
    if (!part->kind->reduce(&segments))
        atomic_store_explicit(&part->overflows, true, memory_order_relaxed);
}

troupe_status kernel_segment_finish(const struct kernel_segment_part *part,
                                    const struct kernel_open *open,
                                    int64_t segment)
{
    struct kernel_found found = {.index = -1};

    TROUPE_TRY(part->kind->finish(open, part->x->element, &found));
    *value_of(part, segment) = found.value;
    if (part->indexes)
        *index_of(part, segment) = found.index;
    return TROUPE_OK;
}

/* From left to right. */
static troupe_status join_chunks(const struct kernel_segment_part *part,
                                 struct kernel_open *rest,
                                 struct kernel_open *open)
{
    const struct kernel_fold fold = {.join = kernel_open_join, .word = part->segment};

    for (int64_t chunk = 0; chunk < part->n_chunks; chunk++) {
        int64_t head = heads_before_chunk(part, chunk);

        TROUPE_TRY(kernel_open_join((unsigned char *)open, piece_of(part, chunk, REST),
                                    part->piece_bytes, &fold));
        if (head == heads_before_chunk(part, chunk + 1))
            continue;
        if (head > 0)
            TROUPE_TRY(kernel_segment_finish(part, open, head - 1));
        else
            *rest = *open;
        memcpy(open, piece_of(part, chunk, OPEN), part->piece_bytes);
    }
    return TROUPE_OK;
}

troupe_status kernel_segment_reduce(struct kernel_run *run,
                                    struct kernel_segment_part *part,
                                    struct kernel_open *rest,
                                    struct kernel_open *open)
{
    bool has_last = kernel_segment_has_last(part);

    part->closes_open = kernel_segment_has_elements(part) && part->first > 0 &&
                        (part->n_heads > 0 || has_last);
    kernel_work(run, part->n_tasks, reduce_task, part);
    TROUPE_TRY(join_chunks(part, rest, open));
    if (part->n_heads == 0)
        *rest = *open;
    else if (has_last)
        TROUPE_TRY(kernel_segment_finish(part, open, part->n_heads - 1));
    return part->overflows ? TROUPE_INVALID : TROUPE_OK;
}
