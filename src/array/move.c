/* SPDX-License-Identifier: BSD-3-Clause */
#include "array/array.h"
#include "array/work.h"
#include "base/alloc.h"
#include "team/team.h"
#include <string.h>

/* Elements that move between members: whole arrays, and ranges of them. */

/* ---- what passes from one place to another ------------------------------------ */

/* Elements in a row. */
struct span {
    int64_t first, end;
};

static struct span overlap(struct span a, struct span b)
{
    return (struct span){a.first > b.first ? a.first : b.first,
                         a.end < b.end ? a.end : b.end};
}

static size_t span_bytes(const struct array *array, struct span span)
{
    return span.end > span.first
               ? (size_t)(span.end - span.first) * array->element_bytes
               : 0;
}

/* Elements as they lie on the members, or on this one. */
struct side {
    const struct array *array;
    const int64_t *cuts;
    unsigned char *bytes; /* of this member's part */
};

static struct side side_of(const struct array *array)
{
    return (struct side){array, array->cuts, array->memory.bytes};
}

static struct span part_of(const struct side *side, int member)
{
    return (struct span){array_block_first(side->array, side->cuts[member]),
                         array_block_first(side->array, side->cuts[member + 1])};
}

/* NULL: there are none. */
static unsigned char *at(const struct side *side, struct span span)
{
    int64_t first = part_of(side, side->array->index).first;

    if (span.first >= span.end)
        return NULL;
    return side->bytes + (size_t)(span.first - first) * side->array->element_bytes;
}

/* ---- lists -------------------------------------------------------------------- */

static void add_send(const struct array *array,
                     troupe_exchange_lists *lists,
                     int peer,
                     const void *data,
                     size_t size_bytes)
{
    if (size_bytes > 0 && peer != array->index)
        array->sends[lists->n_sends++] = (troupe_outgoing){peer, data, size_bytes};
}

static void add_receive(const struct array *array,
                        troupe_exchange_lists *lists,
                        int peer,
                        void *data,
                        size_t size_bytes)
{
    if (size_bytes > 0 && peer != array->index)
        array->receives[lists->n_receives++] =
            (troupe_incoming){peer, data, size_bytes};
}

static troupe_exchange_lists empty_lists(const struct array *array)
{
    return (troupe_exchange_lists){array->sends, 0, array->receives, 0};
}

/* ---- whole arrays ------------------------------------------------------------- */

enum { COPY_BYTES = 256 * 1024 }; /* of one task */

struct copy {
    unsigned char *to;
    const unsigned char *from;
    size_t size_bytes;
};

static void copy_piece(void *context, int64_t task, int thread)
{
    const struct copy *copy = context;
    size_t offset = (size_t)task * COPY_BYTES, n_left = copy->size_bytes - offset;

    (void)thread;
    memcpy(copy->to + offset, copy->from + offset,
           n_left < COPY_BYTES ? n_left : COPY_BYTES);
}

static void
copy_bytes(troupe_actor *self, void *to, const void *from, size_t size_bytes)
{
    struct copy copy = {to, from, size_bytes};

    array_work(self, (int64_t)((size_bytes + COPY_BYTES - 1) / COPY_BYTES), copy_piece,
               &copy);
}

static troupe_exchange_lists
list_all(const struct array *array, const struct side *from, const struct side *to)
{
    troupe_exchange_lists lists = empty_lists(array);
    struct span given = part_of(from, array->index), got = part_of(to, array->index);

    for (int i = 0; i < array->n_members; i++) {
        struct span out = overlap(given, part_of(to, i));
        struct span in = overlap(got, part_of(from, i));

        add_send(array, &lists, i, at(from, out), span_bytes(array, out));
        add_receive(array, &lists, i, at(to, in), span_bytes(array, in));
    }
    return lists;
}

/* Moves what stays, and says what passes between members. */
static troupe_exchange_lists move_own(troupe_actor *self,
                                      const struct array *array,
                                      const struct side *from,
                                      const struct side *to)
{
    struct span own = overlap(part_of(from, array->index), part_of(to, array->index));

    if (own.first < own.end)
        copy_bytes(self, at(to, own), at(from, own), span_bytes(array, own));
    return list_all(array, from, to);
}

troupe_status troupe_array_copy_start(troupe_actor *self,
                                      troupe_array from_id,
                                      troupe_array to_id,
                                      troupe_operation *operation)
{
    const struct array *from = array_find(self, from_id, "troupe_array_copy_start");
    const struct array *to = array_find(self, to_id, "troupe_array_copy_start");
    struct side from_side = side_of(from), to_side = side_of(to);
    troupe_exchange_lists lists;

    actor_require_process(self, "troupe_array_copy_start");
    actor_require(self, operation != NULL,
                  "troupe_array_copy_start: no place for the operation");
    if (from == to || from->team != to->team || from->length != to->length ||
        from->element != to->element || from->element_bytes != to->element_bytes)
        return TROUPE_INVALID;
    lists = move_own(self, to, &from_side, &to_side);
    return troupe_exchange_start(self, to->team, &lists, operation);
}

/* ---- other cuts --------------------------------------------------------------- */

static void swap_fresh(struct array *array)
{
    struct array_memory memory = array->memory;
    int64_t *cuts = array->cuts;

    array->memory = array->fresh;
    array->cuts = array->fresh_cuts;
    array->fresh = memory;
    array->fresh_cuts = cuts;
    memset(array->memos, 0, ARRAY_MEMOS * sizeof *array->memos);
}

static void give_fresh(struct array *array)
{
    array_memory_give(&array->fresh);
    base_free(array->fresh_cuts);
    array->fresh_cuts = NULL;
}

static troupe_status prepare_fresh(struct array *array, const int64_t *cuts)
{
    int64_t first, end;

    TROUPE_TRY(array_cuts_make(array, cuts, &array->fresh_cuts));
    first = array_block_first(array, array->fresh_cuts[array->index]);
    end = array_block_first(array, array->fresh_cuts[array->index + 1]);
    return array_memory_take(&array->fresh,
                             span_bytes(array, (struct span){first, end}))
               ? TROUPE_OK
               : TROUPE_NO_MEMORY;
}

/* The elements are in `fresh` and come to the present cuts and memory. */
static troupe_status bring_over(troupe_actor *self, struct array *array)
{
    struct side from = {array, array->fresh_cuts, array->fresh.bytes};
    struct side to = side_of(array);
    troupe_exchange_lists lists;
    troupe_status status;

    array_memory_touch(self, array);
    lists = move_own(self, array, &from, &to);
    status = array_exchange(self, array->team, &lists);
    /* Who needed nothing of a member that has ended does not know. */
    return array_agree(self, array->team, status, 0);
}

troupe_status troupe_array_cut(troupe_actor *self, troupe_array id, const int64_t *cuts)
{
    struct array *array = array_find(self, id, "troupe_array_cut");
    size_t n = (size_t)array->n_members + 1;
    uint64_t fingerprint = array->id;
    troupe_status status;

    actor_require_process(self, "troupe_array_cut");
    actor_require(self, array->n_uses == 0,
                  "troupe_array_cut: an operation on the array is not done");
    status = prepare_fresh(array, cuts);
    if (status == TROUPE_OK)
        fingerprint =
            base_hash_bytes(array->fresh_cuts, n * sizeof *array->cuts, fingerprint);
    status = array_agree(self, array->team, status, fingerprint);
    if (status == TROUPE_OK) {
        swap_fresh(array);
        status = bring_over(self, array);
        if (status != TROUPE_OK)
            swap_fresh(array);
    }
    give_fresh(array);
    return status;
}

/* ---- ranges ------------------------------------------------------------------- */

/* Are they what the array and the team have? */
static troupe_status
check_range(const struct array *array, int root, troupe_array_range range)
{
    bool is_good = root >= -1 && root < array->n_members && range.first >= 0 &&
                   range.n_elements >= 0 && range.first <= array->length &&
                   range.n_elements <= array->length - range.first;

    return is_good ? TROUPE_OK : TROUPE_INVALID;
}

/* What must be the same on all members. */
static uint64_t
range_fingerprint(const struct array *array, int root, troupe_array_range range)
{
    const uint64_t words[] = {(uint64_t)root, (uint64_t)range.first,
                              (uint64_t)range.n_elements};

    return base_hash_bytes(words, sizeof words, array->id);
}

static troupe_status agree_on_range(troupe_actor *self,
                                    const struct array *array,
                                    int root,
                                    troupe_array_range range,
                                    const char *call)
{
    actor_require_process(self, call);
    return array_agree(self, array->team, check_range(array, root, range),
                       range_fingerprint(array, root, range));
}

static struct span span_of(troupe_array_range range)
{
    return (struct span){range.first, range.first + range.n_elements};
}

/* Likewise in the bytes for all of `all`, which the user gave. */
static unsigned char *
user_at(const struct array *array, const void *user, struct span all, struct span span)
{
    unsigned char *bytes;

    if (span.first >= span.end)
        return NULL;
    memcpy(&bytes, &user, sizeof bytes); /* it is only read where it is constant */
    return bytes + (size_t)(span.first - all.first) * array->element_bytes;
}

static troupe_status from_one_to_all(troupe_actor *self,
                                     const struct array *array,
                                     int owner,
                                     struct span span,
                                     void *to)
{
    size_t n_bytes = span_bytes(array, span);

    if (owner == array->index)
        memcpy(to, array_at(array, span.first), n_bytes);
    return troupe_broadcast(self, array->team, owner, to, n_bytes);
}

/* A range, between the members' parts and one's own, or everybody's, bytes. */
struct passage {
    const struct array *array;
    int root;
    struct span all;
    uint64_t fingerprint;
};

/* A range that the array does not have is refused before anybody goes its way. */
static struct passage
passage_of(const struct array *array, int root, troupe_array_range range)
{
    bool is_good = check_range(array, root, range) == TROUPE_OK;

    return (struct passage){array, root, is_good ? span_of(range) : (struct span){0, 0},
                            range_fingerprint(array, root, range)};
}

static troupe_status start_to_root(troupe_actor *self,
                                   const struct passage *passage,
                                   void *to,
                                   troupe_operation *operation)
{
    const struct array *array = passage->array;
    struct span all = passage->all;
    int root = passage->root;
    struct side from = side_of(array);
    struct span mine = overlap(part_of(&from, array->index), all);
    troupe_exchange_lists lists = empty_lists(array);
    bool gets_all = root < 0 || root == array->index;

    for (int i = 0; i < array->n_members; i++) {
        struct span part = overlap(part_of(&from, i), all);

        if (root < 0 || root == i)
            add_send(array, &lists, i, at(&from, mine), span_bytes(array, mine));
        if (gets_all)
            add_receive(array, &lists, i, user_at(array, to, all, part),
                        span_bytes(array, part));
    }
    if (gets_all && mine.first < mine.end)
        copy_bytes(self, user_at(array, to, all, mine), at(&from, mine),
                   span_bytes(array, mine));
    return team_exchange_start(self, array->team, &lists, passage->fingerprint,
                               operation);
}

static bool gets_elements(const struct array *array, int root)
{
    return root < 0 || root == array->index;
}

troupe_status troupe_array_gather_start(troupe_actor *self,
                                        troupe_array id,
                                        int root,
                                        troupe_array_range range,
                                        void *to,
                                        troupe_operation *operation)
{
    const struct array *array = array_find(self, id, "troupe_array_gather_start");
    struct passage passage = passage_of(array, root, range);

    actor_require_process(self, "troupe_array_gather_start");
    actor_require(self, operation != NULL,
                  "troupe_array_gather_start: no place for the operation");
    TROUPE_TRY(check_range(array, root, range));
    actor_require(self, to || range.n_elements == 0 || !gets_elements(array, root),
                  "troupe_array_gather_start: no place for the elements");
    return start_to_root(self, &passage, to, operation);
}

troupe_status troupe_array_gather(
    troupe_actor *self, troupe_array id, int root, troupe_array_range range, void *to)
{
    const struct array *array = array_find(self, id, "troupe_array_gather");
    struct passage passage = passage_of(array, root, range);
    int first_owner, last_owner;
    troupe_operation operation;

    TROUPE_TRY(agree_on_range(self, array, root, range, "troupe_array_gather"));
    if (range.n_elements == 0)
        return TROUPE_OK;
    actor_require(self, to || !gets_elements(array, root),
                  "troupe_array_gather: no place for the elements");
    first_owner = array_owner(array, range.first);
    last_owner = array_owner(array, range.first + range.n_elements - 1);
    if (root < 0 && first_owner == last_owner)
        return from_one_to_all(self, array, first_owner, span_of(range), to);
    TROUPE_TRY(start_to_root(self, &passage, to, &operation));
    return troupe_team_wait(self, array->team, operation);
}

static troupe_status start_from_root(troupe_actor *self,
                                     const struct passage *passage,
                                     const void *from,
                                     troupe_operation *operation)
{
    const struct array *array = passage->array;
    struct span all = passage->all;
    int root = passage->root;
    struct side to = side_of(array);
    struct span mine = overlap(part_of(&to, array->index), all);
    troupe_exchange_lists lists = empty_lists(array);

    for (int i = 0; root == array->index && i < array->n_members; i++) {
        struct span part = overlap(part_of(&to, i), all);

        add_send(array, &lists, i, user_at(array, from, all, part),
                 span_bytes(array, part));
    }
    add_receive(array, &lists, root, at(&to, mine), span_bytes(array, mine));
    if (root == array->index && mine.first < mine.end)
        copy_bytes(self, at(&to, mine), user_at(array, from, all, mine),
                   span_bytes(array, mine));
    return team_exchange_start(self, array->team, &lists, passage->fingerprint,
                               operation);
}

enum { NOBODY = -2 }; /* there is no such member as -1 where elements come from */

troupe_status troupe_array_scatter_start(troupe_actor *self,
                                         troupe_array id,
                                         int root,
                                         troupe_array_range range,
                                         const void *from,
                                         troupe_operation *operation)
{
    const struct array *array = array_find(self, id, "troupe_array_scatter_start");
    struct passage passage = passage_of(array, root, range);

    actor_require_process(self, "troupe_array_scatter_start");
    actor_require(self, operation != NULL,
                  "troupe_array_scatter_start: no place for the operation");
    TROUPE_TRY(check_range(array, root < 0 ? NOBODY : root, range));
    actor_require(self, from || range.n_elements == 0 || root != array->index,
                  "troupe_array_scatter_start: no elements");
    return start_from_root(self, &passage, from, operation);
}

troupe_status troupe_array_scatter(troupe_actor *self,
                                   troupe_array id,
                                   int root,
                                   troupe_array_range range,
                                   const void *from)
{
    const struct array *array = array_find(self, id, "troupe_array_scatter");
    struct passage passage = passage_of(array, root, range);
    troupe_operation operation;

    TROUPE_TRY(agree_on_range(self, array, root < 0 ? NOBODY : root, range,
                              "troupe_array_scatter"));
    if (range.n_elements == 0)
        return TROUPE_OK;
    actor_require(self, from || root != array->index,
                  "troupe_array_scatter: no elements");
    TROUPE_TRY(start_from_root(self, &passage, from, &operation));
    return troupe_team_wait(self, array->team, operation);
}

/* ---- elements that lie otherwise ---------------------------------------------- */

troupe_status array_bring(troupe_actor *self,
                          troupe_team *team,
                          struct array *array,
                          const int64_t *firsts,
                          const void *mine)
{
    struct side to = side_of(array);
    struct span given = {firsts[array->index], firsts[array->index + 1]};
    struct span got = part_of(&to, array->index), own = overlap(given, got);
    troupe_exchange_lists lists = empty_lists(array);

    for (int i = 0; i < array->n_members; i++) {
        struct span out = overlap(given, part_of(&to, i));
        struct span in = overlap(got, (struct span){firsts[i], firsts[i + 1]});

        add_send(array, &lists, i, user_at(array, mine, given, out),
                 span_bytes(array, out));
        add_receive(array, &lists, i, at(&to, in), span_bytes(array, in));
    }
    if (own.first < own.end)
        copy_bytes(self, at(&to, own), user_at(array, mine, given, own),
                   span_bytes(array, own));
    return array_exchange(self, team, &lists);
}
