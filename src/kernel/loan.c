/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/loan.h"
#include "base/alloc.h"
#include "kernel/kernel.h"
#include <string.h>

enum {
    TRIES = 64,
    FEW_BYTES = 1 << 20,   /* for which a large page is too much */
    SPARE_BYTES = 16 << 20 /* at most, that the next operation finds */
};

struct loan {
    struct base_list node; /* in here->loans */
    const troupe_actor *owner;
    void (*fini)(void *bytes); /* may be NULL */
    unsigned char bytes[] __attribute__((aligned(16)));
};

static void loan_end(struct loan *loan)
{
    if (loan->fini)
        loan->fini(loan->bytes);
    base_list_remove(&loan->node);
    base_free(loan);
}

static void *
lend(const troupe_actor *owner, size_t size_bytes, void (*fini)(void *bytes))
{
    struct loan *loan = NULL;

    if (size_bytes <= SIZE_MAX - sizeof *loan)
        loan = base_try_alloc(sizeof *loan + size_bytes);
    if (!loan)
        return NULL;
    loan->owner = owner;
    loan->fini = fini;
    base_list_init(&loan->node);
    base_list_append(&kernel_of(owner->home->rank)->loans, &loan->node);
    return loan->bytes;
}

void *kernel_lend(const troupe_actor *owner, size_t size_bytes)
{
    return lend(owner, size_bytes, NULL);
}

void *kernel_take(struct kernel_run *run, size_t size_bytes)
{
    return lend(run->self, size_bytes, NULL);
}

void *kernel_need(struct kernel_run *run, size_t size_bytes)
{
    void *bytes;
    int n_tries = 0;

    while (!(bytes = lend(run->self, size_bytes, NULL)))
        base_require_memory(++n_tries < TRIES,
                            "no memory to take part in an operation on arrays");
    memset(bytes, 0, size_bytes);
    return bytes;
}

void kernel_give(void *bytes)
{
    if (bytes)
        loan_end(CONTAINER_OF(bytes, struct loan, bytes));
}

void kernel_loans_end(struct kernel_rank *here, const troupe_actor *owner)
{
    struct base_list *node = here->loans.next;

    while (node != &here->loans) {
        struct loan *loan = CONTAINER_OF(node, struct loan, node);

        node = node->next;
        if (!owner || loan->owner == owner)
            loan_end(loan);
    }
}

/* ---- what is more than bytes -------------------------------------------------- */

static void fini_carrier(void *bytes)
{
    numeric_carrier_fini(bytes);
}

struct numeric_carrier *kernel_take_carrier(struct kernel_run *run,
                                            const struct numeric_tree *tree,
                                            int64_t begin,
                                            troupe_status *mine)
{
    struct numeric_carrier *carrier = kernel_need(run, sizeof *carrier);
    troupe_status status = numeric_carrier_init(carrier, tree, begin);

    base_assert(status == TROUPE_OK || status == TROUPE_NO_MEMORY);
    if (*mine == TROUPE_OK)
        *mine = status;
    CONTAINER_OF(carrier, struct loan, bytes)->fini = fini_carrier;
    return carrier;
}

/* An operation that is done again and again would have the system clear large pages
 * each time, which takes longer than clearing what is in a cache. */
static void fini_pages(void *bytes)
{
    struct kernel_pages *pages = bytes, *spare = &pages->here->spare;

    if (pages->size_bytes <= SPARE_BYTES && pages->size_bytes > spare->size_bytes) {
        struct kernel_pages smaller = *spare;

        *spare = *pages;
        *pages = smaller;
    }
    base_unmap(pages->bytes, pages->size_bytes);
}

/* Zeroed pages of at least so many bytes; none: no memory. */
static struct kernel_pages find_pages(struct kernel_rank *here, size_t size_bytes)
{
    struct kernel_pages pages = here->spare;

    if (pages.size_bytes >= size_bytes) {
        here->spare = (struct kernel_pages){0};
        memset(pages.bytes, 0, size_bytes);
        return pages;
    }
    return (struct kernel_pages){base_try_map(size_bytes), size_bytes, here};
}

void kernel_spare_end(struct kernel_rank *here)
{
    base_unmap(here->spare.bytes, here->spare.size_bytes);
    here->spare = (struct kernel_pages){0};
}

struct kernel_pages *kernel_take_pages(struct kernel_run *run, size_t size_bytes)
{
    struct kernel_pages *pages;

    if (size_bytes < FEW_BYTES) {
        pages = lend(run->self, sizeof *pages + size_bytes, NULL);
        if (pages)
            *pages = (struct kernel_pages){memset(pages + 1, 0, size_bytes), size_bytes,
                                           run->here};
        return pages;
    }
    pages = lend(run->self, sizeof *pages, fini_pages);
    if (!pages)
        return NULL;
    *pages = find_pages(run->here, size_bytes);
    if (pages->bytes)
        return pages;
    kernel_give(pages);
    return NULL;
}
