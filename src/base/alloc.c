/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "base/require.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * Counters of the process, like the heap they count. Relaxed: kernels allocate from
 * many threads, and nobody draws conclusions about other memory from these numbers.
 */
static _Atomic int64_t n_live;
static _Atomic uint64_t n_tries;
static _Atomic uint64_t fail_every;

static void *count_new(void *pointer)
{
    if (pointer)
        atomic_fetch_add_explicit(&n_live, 1, memory_order_relaxed);
    return pointer;
}

static bool must_fail(void)
{
    uint64_t n = atomic_load_explicit(&fail_every, memory_order_relaxed);
    if (LIKELY(n == 0))
        return false;
    return (atomic_fetch_add_explicit(&n_tries, 1, memory_order_relaxed) + 1) % n == 0;
}

/* Hostile builds fill what is new, so that nobody lives on zeros by luck. */
static void *spoil(void *pointer, size_t size_bytes)
{
#ifdef TROUPE_HOSTILE
    if (pointer)
        memset(pointer, 0xa5, size_bytes);
#else
    (void)size_bytes;
#endif
    return pointer;
}

/* malloc(0) may give NULL and realloc(p, 0) may free. */
static size_t at_least_one(size_t size_bytes)
{
    return size_bytes ? size_bytes : 1;
}

void *base_new_items(size_t n_items, size_t item_bytes, const char *what)
{
    void *pointer = NULL;
    if (n_items <= SIZE_MAX / at_least_one(item_bytes))
        pointer = calloc(at_least_one(n_items), at_least_one(item_bytes));
    if (UNLIKELY(!pointer))
        base_die_with(BASE_EXIT_FAILED, __FILE__, __LINE__,
                      "no memory for %s (%zu times %zu bytes)", what, n_items,
                      item_bytes);
    return count_new(pointer);
}

void *base_new_bytes(size_t size_bytes, const char *what)
{
    return base_new_items(1, size_bytes, what);
}

void *base_try_alloc(size_t size_bytes)
{
    if (UNLIKELY(must_fail()))
        return NULL;
    return spoil(count_new(malloc(at_least_one(size_bytes))), size_bytes);
}

void *base_try_alloc_aligned(size_t alignment, size_t size_bytes)
{
    base_assert(alignment > 0 && (alignment & (alignment - 1)) == 0);
    if (alignment < 16)
        alignment = 16;
    size_t rounded = (at_least_one(size_bytes) + alignment - 1) & ~(alignment - 1);
    if (UNLIKELY(must_fail() || rounded < size_bytes))
        return NULL;
    return spoil(count_new(aligned_alloc(alignment, rounded)), size_bytes);
}

void *base_try_realloc(void *pointer, size_t size_bytes)
{
    if (!pointer)
        return base_try_alloc(size_bytes);
    if (UNLIKELY(must_fail()))
        return NULL;
    return realloc(pointer, at_least_one(size_bytes));
}

void base_free(void *pointer)
{
    if (!pointer)
        return;
    atomic_fetch_sub_explicit(&n_live, 1, memory_order_relaxed);
    free(pointer);
}

/* ---- pages -------------------------------------------------------------------- */

enum { LARGE_PAGE_BYTES = 2 << 20 };

/* Whole large pages: what else is mapped there has nothing to do with ours. */
static size_t page_bytes(size_t size_bytes)
{
    return (size_bytes + LARGE_PAGE_BYTES - 1) & ~(size_t)(LARGE_PAGE_BYTES - 1);
}

void *base_try_map(size_t size_bytes)
{
    size_t n = page_bytes(size_bytes), slack;
    unsigned char *all;

    if (UNLIKELY(must_fail() || n < size_bytes || n > SIZE_MAX / 2))
        return NULL;
    all = mmap(NULL, n + LARGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    slack = -(uintptr_t)all & (LARGE_PAGE_BYTES - 1);
    if (slack > 0)
        munmap(all, slack);
    if (slack < LARGE_PAGE_BYTES)
        munmap(all + slack + n, LARGE_PAGE_BYTES - slack);
    (void)madvise(all + slack, n, MADV_HUGEPAGE);
    return count_new(all + slack);
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

void base_populate(void *pointer, size_t size_bytes)
{
    (void)madvise(pointer, page_bytes(size_bytes), MADV_POPULATE_WRITE);
}

void base_unmap(void *pointer, size_t size_bytes)
{
    if (!pointer)
        return;
    atomic_fetch_sub_explicit(&n_live, 1, memory_order_relaxed);
    munmap(pointer, page_bytes(size_bytes));
}

char *base_copy_text(const char *text)
{
    size_t size_bytes = strlen(text) + 1;
    return memcpy(base_new_bytes(size_bytes, "text"), text, size_bytes);
}

uint64_t base_alloc_fail_every(uint64_t n)
{
    atomic_store_explicit(&n_tries, 0, memory_order_relaxed);
    return atomic_exchange_explicit(&fail_every, n, memory_order_relaxed);
}

int64_t base_alloc_live(void)
{
    return atomic_load_explicit(&n_live, memory_order_relaxed);
}
