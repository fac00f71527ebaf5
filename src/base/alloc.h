/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

/*
 * All memory of the library comes through here, so that a test can make the n-th
 * allocation fail. base_new*: small control structures, zeroed; ends the rank when
 * there is no memory, which spares a hundred error paths that nobody can test.
 * base_try_alloc: anything sized by the user or that grows with the load; NULL when
 * there is none. Any thread may call any of these.
 */

#include <stddef.h>
#include <stdint.h>

void *base_new_bytes(size_t size_bytes, const char *what);
void *base_new_items(size_t n_items, size_t item_bytes, const char *what);
#define base_new(type) ((type *)base_new_bytes(sizeof(type), #type))
#define base_new_array(type, n_items)                                                  \
    ((type *)base_new_items((size_t)(n_items), sizeof(type), #type " array"))

/* Not zeroed, aligned to 16. NULL on failure. size 0 gives a unique pointer. */
void *base_try_alloc(size_t size_bytes);
/* Aligned to `alignment` (a power of two); freed with base_free like the rest. */
void *base_try_alloc_aligned(size_t alignment, size_t size_bytes);
/* NULL on failure, the old block is then untouched. */
void *base_try_realloc(void *pointer, size_t size_bytes);
void base_free(void *pointer);
char *base_copy_text(const char *text); /* ends the rank when out of memory */

/* Zeroed pages that are nobody's cache yet: each comes to the NUMA node of the thread
 * that first writes to it. Large pages where there are any. NULL on failure. */
void *base_try_map(size_t size_bytes);
void base_unmap(void *pointer, size_t size_bytes); /* tolerates NULL */
/* Has all pages of a mapping there, so that who writes to it first does not wait for
 * them. It may fail, and then they come one by one. */
void base_populate(void *pointer, size_t size_bytes);

/*
 * Test hook: when n > 0 every n-th base_try_* call returns NULL. Hostile builds set it
 * from TROUPE_TEST_FAIL_ALLOC at start. Starts counting anew; returns the former value.
 */
uint64_t base_alloc_fail_every(uint64_t n);

/* Blocks handed out and not yet freed, for the audit. */
int64_t base_alloc_live(void);

#endif
