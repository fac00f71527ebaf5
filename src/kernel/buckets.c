/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/buckets.h"
#include "kernel/element.h"
#include "team/team.h"

enum {
    ELEMENTS_PER_CELL = 64, /* of all members' */
    MOST_BUCKETS = 4096,    /* or twice that: streams that one core writes to */
    BUCKET_TASK = 4 * KERNEL_PIECE
};

/* ---- memory ------------------------------------------------------------------- */

static int64_t cells_for(int64_t length)
{
    int64_t n_cells = length / ELEMENTS_PER_CELL;

    return n_cells < 2                    ? 2
           : n_cells < NUMERIC_MOST_CELLS ? n_cells
                                          : NUMERIC_MOST_CELLS;
}

bool kernel_buckets_take(struct kernel_run *run,
                         const struct array *array,
                         uint64_t low,
                         uint64_t high,
                         struct kernel_buckets *buckets)
{
    int64_t n = array_mine_length(array), n_chunks = array_n_threads(run->self);
    struct numeric_cells cells =
        numeric_cells_make(low, high, cells_for(array->length));

    while (n / n_chunks > UINT32_MAX / 2 || (run->is_again && n_chunks == 1))
        n_chunks *= 2;
    *buckets =
        (struct kernel_buckets){.array = array, .cells = cells, .n_chunks = n_chunks};
    buckets->counts = kernel_take_pages(run, (size_t)((n_chunks + 1) * cells.n_cells) *
                                                 sizeof(uint32_t));
    buckets->totals = kernel_take(run, (size_t)cells.n_cells * sizeof(uint64_t));
    buckets->bucket_of = kernel_take(run, (size_t)cells.n_cells * sizeof(uint16_t));
    return buckets->counts && buckets->totals && buckets->bucket_of;
}

void kernel_buckets_give(struct kernel_buckets *buckets)
{
    kernel_give(buckets->counts);
    kernel_give(buckets->totals);
    kernel_give(buckets->bucket_of);
    kernel_give(buckets->first_cells);
    kernel_give(buckets->before);
    kernel_give(buckets->mine);
    kernel_give(buckets->next);
}

/* ---- tasks: some of each chunk, in order --------------------------------------- */

/* A chunk is of as many tasks as the others, of which the last may have nothing. */
static int64_t tasks_per_chunk(const struct kernel_buckets *buckets)
{
    int64_t n = array_mine_length(buckets->array), n_chunks = buckets->n_chunks;
    int64_t n_most = n / n_chunks + (n % n_chunks != 0);

    return (n_most + BUCKET_TASK - 1) / BUCKET_TASK;
}

struct bucket_task {
    struct kernel_buckets *buckets;
    const struct numeric_sorter *sorter;
    void *items;
};

struct bucket_piece {
    const struct bucket_task *work;
    int64_t chunk;
};

static void
each_of(const struct bucket_task *work, int64_t task, kernel_piece_fn *piece_fn)
{
    const struct array *array = work->buckets->array;
    int64_t n_tasks = tasks_per_chunk(work->buckets);
    int64_t chunk = n_tasks > 0 ? task / n_tasks : 0;
    int64_t n = array_mine_length(array), n_chunks = work->buckets->n_chunks;
    int64_t first = array_mine_first(array);
    int64_t chunk_end = array_share(n, n_chunks, chunk + 1);
    int64_t begin =
        array_share(n, n_chunks, chunk) + (task - chunk * n_tasks) * BUCKET_TASK;
    int64_t end = begin + BUCKET_TASK < chunk_end ? begin + BUCKET_TASK : chunk_end;
    struct bucket_piece piece = {work, chunk};

    kernel_each_piece(array, first + begin, first + end, piece_fn, &piece);
}

/* ---- counting ------------------------------------------------------------------ */

static uint32_t *counts_of(const struct kernel_buckets *buckets, int64_t chunk)
{
    uint32_t *counts = buckets->counts->bytes;

    return counts + (chunk + 1) * buckets->cells.n_cells;
}

static void count_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct bucket_piece *piece = context;
    const struct kernel_buckets *buckets = piece->work->buckets;
    uint64_t keys[KERNEL_PIECE];

    (void)first;
    numeric_sort_map(kernel_element_of(buckets->array->element), x, n, keys);
    numeric_cells_count(&buckets->cells, keys, n, counts_of(buckets, piece->chunk));
}

static void count_task(void *context, int64_t task, int thread)
{
    (void)thread;
    each_of(context, task, count_piece);
}

/* ---- cells to buckets ---------------------------------------------------------- */

/* Goes through the cells. */
struct walk {
    const struct array *array;
    int64_t before; /* elements that stand before the cell */
    int64_t n_here; /* in the bucket */
    int member;     /* the first whose part begins after `before` */
    bool was_cut;
};

static bool begins_bucket(struct walk *walk, int64_t n, int64_t n_most)
{
    const struct array *array = walk->array;
    bool begins = walk->was_cut || walk->n_here + n > n_most;

    for (; walk->member < array->n_members; walk->member++) {
        int64_t boundary = array_member_first(array, walk->member);

        if (boundary > walk->before)
            break;
        begins |= boundary == walk->before;
    }
    walk->was_cut = walk->member < array->n_members &&
                    array_member_first(array, walk->member) < walk->before + n;
    return begins || walk->was_cut;
}

static void join_cells(struct kernel_buckets *buckets, int64_t n_most)
{
    struct walk walk = {.array = buckets->array};
    int64_t n_buckets = 1;

    for (int64_t cell = 0; cell < buckets->cells.n_cells; cell++) {
        int64_t n = (int64_t)buckets->totals[cell];

        if (begins_bucket(&walk, n, n_most) && cell > 0) {
            n_buckets++;
            walk.n_here = 0;
        }
        buckets->bucket_of[cell] = (uint16_t)(n_buckets - 1);
        walk.n_here += n;
        walk.before += n;
    }
    buckets->n_buckets = n_buckets;
}

/* The places of the buckets: in the sorted array, in this member's part, by chunk. */
static void place_buckets(struct kernel_buckets *buckets)
{
    int64_t n_cells = buckets->cells.n_cells, n_buckets = buckets->n_buckets, at = 0;

    for (int64_t cell = n_cells; cell-- > 0;) {
        int64_t bucket = buckets->bucket_of[cell];

        buckets->first_cells[bucket] = cell;
        buckets->before[bucket + 1] += (int64_t)buckets->totals[cell];
        for (int64_t chunk = 0; chunk < buckets->n_chunks; chunk++)
            buckets->next[chunk * n_buckets + bucket] +=
                counts_of(buckets, chunk)[cell];
    }
    buckets->first_cells[n_buckets] = n_cells;
    for (int64_t bucket = 0; bucket < n_buckets; bucket++) {
        buckets->before[bucket + 1] += buckets->before[bucket];
        buckets->mine[bucket] = at;
        for (int64_t chunk = 0; chunk < buckets->n_chunks; chunk++) {
            int64_t *next = &buckets->next[chunk * n_buckets + bucket], n = *next;

            *next = at;
            at += n;
        }
    }
    buckets->mine[n_buckets] = at;
}

troupe_status kernel_buckets_count(struct kernel_run *run,
                                   struct kernel_buckets *buckets,
                                   int64_t n_most)
{
    struct bucket_task work = {.buckets = buckets};
    struct kernel_counts counts;
    size_t n_ends;

    kernel_work_rising(run, buckets->n_chunks * tasks_per_chunk(buckets), count_task,
                       &work);
    counts = kernel_counts_make(buckets->array, buckets->counts->bytes,
                                (size_t)buckets->n_chunks + 1, buckets->totals,
                                (size_t)buckets->cells.n_cells);
    TROUPE_TRY(kernel_counts_total(run, &counts, buckets->totals));
    if (n_most < buckets->array->length / MOST_BUCKETS)
        n_most = buckets->array->length / MOST_BUCKETS;
    join_cells(buckets, n_most);
    n_ends = (size_t)buckets->n_buckets + 1;
    buckets->first_cells = kernel_need(run, n_ends * sizeof(int64_t));
    buckets->before = kernel_need(run, n_ends * sizeof(int64_t));
    buckets->mine = kernel_need(run, n_ends * sizeof(int64_t));
    buckets->next =
        kernel_need(run, (size_t)buckets->n_chunks * n_ends * sizeof(int64_t));
    place_buckets(buckets);
    return TROUPE_OK;
}

/* ---- filling ------------------------------------------------------------------- */

static void fill_piece(void *context, const void *x, int64_t n, int64_t first)
{
    const struct bucket_piece *piece = context;
    const struct kernel_buckets *buckets = piece->work->buckets;
    const struct numeric_buckets to = {buckets->cells, buckets->bucket_of,
                                       buckets->next +
                                           piece->chunk * buckets->n_buckets};
    uint64_t keys[KERNEL_PIECE];

    numeric_sort_map(kernel_element_of(buckets->array->element), x, n, keys);
    if (piece->work->sorter == &numeric_sorter_keys)
        numeric_buckets_fill(&to, keys, n, piece->work->items);
    else
        numeric_buckets_fill_keyed(&to, keys, n,
                                   (uint64_t)(first - array_mine_first(buckets->array)),
                                   piece->work->items);
}

static void fill_task(void *context, int64_t task, int thread)
{
    (void)thread;
    each_of(context, task, fill_piece);
}

void kernel_buckets_fill(struct kernel_run *run,
                         struct kernel_buckets *buckets,
                         const struct numeric_sorter *sorter,
                         void *items)
{
    struct bucket_task work = {buckets, sorter, items};

    kernel_work_rising(run, buckets->n_chunks * tasks_per_chunk(buckets), fill_task,
                       &work);
}

/* ---- whose they are ------------------------------------------------------------ */

int64_t kernel_buckets_at(const struct kernel_buckets *buckets, int64_t index)
{
    int64_t low = 0, high = buckets->n_buckets;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if (buckets->before[middle + 1] > index)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct kernel_bucket_range kernel_buckets_of(const struct kernel_buckets *buckets,
                                             int member)
{
    int64_t first = array_member_first(buckets->array, member);
    int64_t length = array_member_length(buckets->array, member);
    int64_t begin = kernel_buckets_at(buckets, first);

    return (struct kernel_bucket_range){
        begin, length > 0 ? kernel_buckets_at(buckets, first + length - 1) + 1 : begin};
}
