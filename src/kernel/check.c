/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/kernel.h"
#include "kernel/twin.h"
#include "team/team.h"
#include <string.h>

/*
 * TROUPE_CHECK=1: an operation is done, its arrays are put back, it is done again with
 * other tasks in another order, and once more on copies that are cut otherwise; each
 * time it must come to the same bits.
 */

/* What an operation writes to on this member: results and arrays, at one time. New
 * arrays of the first time wait here while those of the second are made. */
struct image {
    unsigned char *result;
    unsigned char *out[TROUPE_MOST_ARRAYS];
    struct array *made[TROUPE_MOST_ARRAYS];
    int n_made;
};

static size_t part_bytes(const struct array *array)
{
    return (size_t)array_mine_length(array) * array->element_bytes;
}

static void image_free(struct image *image)
{
    kernel_give(image->result);
    for (int i = 0; i < TROUPE_MOST_ARRAYS; i++)
        kernel_give(image->out[i]);
}

static bool
copy(struct kernel_run *run, unsigned char **to, const void *from, size_t size_bytes)
{
    *to = kernel_take(run, size_bytes);
    if (*to && size_bytes > 0)
        memcpy(*to, from, size_bytes);
    return *to != NULL;
}

static bool image_take(struct kernel_run *run,
                       const struct kernel_request *request,
                       struct image *image)
{
    bool is_whole = copy(run, &image->result, request->result, request->result_bytes);

    for (int i = 0; i < request->n_out; i++)
        is_whole &= copy(run, &image->out[i], request->out[i]->memory.bytes,
                         part_bytes(request->out[i]));
    return is_whole;
}

/* Either may be NULL where there is nothing. */
static void put(void *to, const void *from, size_t size_bytes)
{
    if (to && from && size_bytes > 0)
        memcpy(to, from, size_bytes);
}

/* size_bytes: they are the same. */
static size_t
find_first(const unsigned char *a, const unsigned char *b, size_t size_bytes)
{
    size_t at = 0;

    if (!a || !b)
        return size_bytes;
    while (at < size_bytes && a[at] == b[at])
        at++;
    return at;
}

static void image_put_back(const struct kernel_request *request,
                           const struct image *image)
{
    put(request->result, image->result, request->result_bytes);
    for (int i = 0; i < request->n_out; i++)
        put(request->out[i]->memory.bytes, image->out[i], part_bytes(request->out[i]));
}

enum { IS_RESULT = -1, IS_NOTHING = -2 };

/* The index of the first element of an array that is not as in `bytes`. */
static int64_t find_in_array(const struct array *array, const unsigned char *bytes)
{
    size_t n_bytes = part_bytes(array);
    size_t at = find_first(bytes, array->memory.bytes, n_bytes);

    return at < n_bytes ? array_mine_first(array) + (int64_t)(at / array->element_bytes)
                        : IS_NOTHING;
}

static int64_t find_in_made(const struct array *first, const struct array *second)
{
    if (first->length != second->length)
        return first->length < second->length ? first->length : second->length;
    return find_in_array(second, first->memory.bytes);
}

/* The array's element that differs, or that the result or nothing does. */
static int64_t find_difference(const struct kernel_run *run,
                               const struct kernel_request *request,
                               const struct image *image)
{
    int64_t at = IS_NOTHING;

    for (int i = 0; i < request->n_out && at == IS_NOTHING; i++)
        at = find_in_array(request->out[i], image->out[i]);
    for (int i = 0; i < image->n_made && at == IS_NOTHING; i++)
        at = find_in_made(image->made[i], run->made[i]);
    if (at != IS_NOTHING)
        return at;
    if (find_first(image->result, request->result, request->result_bytes) <
        request->result_bytes)
        return IS_RESULT;
    return IS_NOTHING;
}

static void made_put_aside(struct kernel_run *run, struct image *image)
{
    memcpy(image->made, run->made, sizeof image->made);
    image->n_made = run->n_made;
    run->n_made = 0;
}

/* Instead of those of the second time. */
static void made_put_back(struct kernel_run *run, const struct image *image)
{
    kernel_made_free(run);
    memcpy(run->made, image->made, sizeof image->made);
    run->n_made = image->n_made;
}

static void
complain(const struct kernel_run *run, const char *name, const char *when, int64_t at)
{
    const struct base_log *log = &run->here->home->rank->log;

    if (at == IS_RESULT)
        log_error(log, "TROUPE_CHECK: the result of %s has other bits when %s", name,
                  when);
    else
        log_error(log,
                  "TROUPE_CHECK: what %s writes has other bits when %s, first at index "
                  "%lld",
                  name, when, (long long)at);
}

/* With what the first time came to; the same status on all members. */
static troupe_status compare(struct kernel_run *run,
                             const struct kernel_request *request,
                             const struct image *first,
                             const char *when)
{
    const char *name =
        request->kernel ? request->kernel->name : request->operation->name;
    int64_t at = find_difference(run, request, first);

    if (at != IS_NOTHING)
        complain(run, name, when, at);
    return array_agree(run->self, run->team,
                       at == IS_NOTHING ? TROUPE_OK : TROUPE_FAILED, 0);
}

/* ---- each time ---------------------------------------------------------------- */

static troupe_status do_first(struct kernel_run *run,
                              const struct kernel_request *request,
                              struct image *first)
{
    bool has_memory;

    TROUPE_TRY(request->operation->perform(run, request, TROUPE_OK));
    has_memory = image_take(run, request, first);
    made_put_aside(run, first);
    run->is_again = true;
    return array_agree(run->self, run->team, has_memory ? TROUPE_OK : TROUPE_NO_MEMORY,
                       0);
}

static troupe_status do_in_other_order(struct kernel_run *run,
                                       const struct kernel_request *request,
                                       const struct image *before,
                                       const struct image *first)
{
    image_put_back(request, before);
    TROUPE_TRY(request->operation->perform(run, request, TROUPE_OK));
    return compare(run, request, first, "it is done again in another order");
}

static troupe_status do_with_twins(struct kernel_run *run,
                                   const struct kernel_request *request,
                                   const struct image *before,
                                   struct kernel_twins *twins)
{
    TROUPE_TRY(kernel_twins_make(run, request, before->out, twins));
    TROUPE_TRY(request->operation->perform(run, &twins->request, TROUPE_OK));
    return kernel_twins_bring_back(run, request, twins);
}

static troupe_status do_on_other_cuts(struct kernel_run *run,
                                      const struct kernel_request *request,
                                      const struct image *before,
                                      const struct image *first)
{
    struct kernel_twins twins = {.n = 0};
    troupe_status status;

    if (request->operation->is_bound_to_cut)
        return TROUPE_OK;
    kernel_made_free(run);
    put(request->result, before->result, request->result_bytes);
    status = do_with_twins(run, request, before, &twins);
    kernel_twins_free(run, &twins);
    TROUPE_TRY(status);
    return compare(run, request, first, "its arrays are cut otherwise");
}

troupe_status kernel_check(struct kernel_run *run,
                           const struct kernel_request *request,
                           troupe_status mine)
{
    struct image before = {.result = NULL}, first = {.result = NULL};

    if (mine == TROUPE_OK && !image_take(run, request, &before))
        mine = TROUPE_NO_MEMORY;
    mine = array_agree(run->self, run->team, mine, run->fingerprint);
    if (mine == TROUPE_OK)
        mine = do_first(run, request, &first);
    if (mine == TROUPE_OK)
        mine = do_in_other_order(run, request, &before, &first);
    if (mine == TROUPE_OK)
        mine = do_on_other_cuts(run, request, &before, &first);
    if (run->is_again)
        made_put_back(run, &first);
    if (run->is_again && mine != TROUPE_OK)
        image_put_back(request, &before); /* as if it had not been done */
    image_free(&before);
    image_free(&first);
    return mine;
}
