/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/twin.h"

/* ---- other cuts --------------------------------------------------------------- */

/*
 * From the middle of one part to the middle of the next: parts stay about as long, but
 * the second half of each but the last goes to the next member, and what stays begins
 * elsewhere in its part. Where the last member has all, the others get their shares.
 */
static void choose_cuts(const struct array *array, int64_t *cuts)
{
    int n = array->n_members;
    bool has_last_all = array->cuts[n - 1] == 0;

    cuts[0] = 0;
    cuts[n] = array->n_blocks;
    for (int i = 1; i < n; i++)
        cuts[i] = has_last_all
                      ? array->n_blocks - array_share(array->n_blocks, n, n - i)
                      : array->cuts[i - 1] + (array->cuts[i] - array->cuts[i - 1]) / 2;
}

static troupe_status make_array(struct kernel_run *run,
                                const struct array *array,
                                const int64_t *cuts,
                                struct array **copy)
{
    const troupe_array_options options = {.element = array->element,
                                          .element_bytes = array->element_bytes,
                                          .length = array->length,
                                          .block_length = array->block_length,
                                          .cuts = cuts};

    return array_create(run->self, run->team, &options, copy);
}

static void free_array(struct kernel_run *run, struct array *copy)
{
    (void)run;
    array_destroy(copy);
}

static const struct kernel_twin_kind arrays = {make_array, free_array};

static const struct kernel_twin_kind *kind_of(const struct kernel_request *request)
{
    const struct kernel_twin_kind *kind = request->operation->twin_kind;

    return kind ? kind : &arrays;
}

/* ---- elements ----------------------------------------------------------------- */

/* From the parts of an array to those of another with its length. */
static troupe_status move(struct kernel_run *run,
                          const struct array *from,
                          const void *mine,
                          struct array *to)
{
    size_t n = (size_t)from->n_members + 1;
    int64_t *firsts = kernel_need(run, n * sizeof *firsts);
    troupe_status status;

    for (int i = 0; i <= from->n_members; i++)
        firsts[i] = array_block_first(from, from->cuts[i]);
    status = array_bring(run->self, run->team, to, firsts, mine);
    kernel_give(firsts);
    return array_agree(run->self, run->team, status, 0);
}

/* ---- the request -------------------------------------------------------------- */

/* NULL: there is none yet. */
static struct array *find_copy(const struct kernel_twins *twins,
                               const struct array *array)
{
    for (int i = 0; i < twins->n; i++)
        if (twins->of[i] == array)
            return twins->copies[i];
    return NULL;
}

static troupe_status add_copy(struct kernel_run *run,
                              const struct array *array,
                              const void *mine,
                              struct kernel_twins *twins)
{
    size_t n = (size_t)array->n_members + 1;
    int64_t *cuts = kernel_need(run, n * sizeof *cuts);
    struct array *copy;
    troupe_status status;

    choose_cuts(array, cuts);
    status = kind_of(&twins->request)->make(run, array, cuts, &copy);
    kernel_give(cuts);
    if (status != TROUPE_OK)
        return status;
    twins->of[twins->n] = array;
    twins->copies[twins->n++] = copy;
    return move(run, array, mine, copy);
}

troupe_status kernel_twins_make(struct kernel_run *run,
                                const struct kernel_request *request,
                                unsigned char *const *out,
                                struct kernel_twins *twins)
{
    twins->request = *request;
    for (int i = 0; i < request->n_out; i++) {
        TROUPE_TRY(add_copy(run, request->out[i], out[i], twins));
        twins->request.out[i] = find_copy(twins, request->out[i]);
    }
    for (int i = 0; i < request->n_in; i++) {
        if (!find_copy(twins, request->in[i]))
            TROUPE_TRY(
                add_copy(run, request->in[i], request->in[i]->memory.bytes, twins));
        twins->request.in[i] = find_copy(twins, request->in[i]);
    }
    return TROUPE_OK;
}

troupe_status kernel_twins_bring_back(struct kernel_run *run,
                                      const struct kernel_request *request,
                                      const struct kernel_twins *twins)
{
    for (int i = 0; i < request->n_out; i++) {
        const struct array *copy = twins->request.out[i];

        TROUPE_TRY(move(run, copy, copy->memory.bytes, request->out[i]));
    }
    return TROUPE_OK;
}

void kernel_twins_free(struct kernel_run *run, struct kernel_twins *twins)
{
    while (twins->n > 0)
        kind_of(&twins->request)->free(run, twins->copies[--twins->n]);
}
