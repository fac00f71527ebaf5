/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "support/check_main.h"
#include "unit/fiber/common.h"
#include <string.h>

enum { KIB = 1024 };

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void just_end(void *argument)
{
    (void)argument;
}

/* ---- sizes ----------------------------------------------------------------------- */

static size_t size_given(struct fiber_pool *pool, size_t stack_bytes)
{
    struct fiber *fiber = fiber_create(pool, stack_bytes, just_end, NULL);
    ck_assert_ptr_nonnull(fiber);
    size_t size = fiber_stack_size(fiber);
    ck_assert(fiber_resume(fiber));
    fiber_destroy(pool, fiber);
    return size;
}

START_TEST(sizes_are_rounded_up_to_a_class)
{
    struct fiber_pool *pool = fiber_pool_create(NULL);
    size_t least = 4 * page_bytes() > 16 * KIB ? 4 * page_bytes() : 16 * KIB;
    ck_assert_uint_eq(size_given(pool, 0), 256 * KIB);
    ck_assert_uint_eq(size_given(pool, 1), least);
    ck_assert_uint_eq(size_given(pool, 256 * KIB), 256 * KIB);
    ck_assert_uint_eq(size_given(pool, 256 * KIB + 1), 512 * KIB);
    ck_assert_uint_eq(size_given(pool, 5000 * KIB), 8192 * KIB);
    ck_assert_uint_eq(size_given(pool, (size_t)1 << 30), (size_t)1 << 30);
    ck_assert_ptr_null(fiber_create(pool, ((size_t)1 << 30) + 1, just_end, NULL));
    ck_assert_ptr_null(fiber_create(pool, SIZE_MAX, just_end, NULL));
    fiber_pool_destroy(pool);
}
END_TEST

START_TEST(the_default_size_may_be_set)
{
    struct fiber_options options = {.stack_bytes = 1000 * KIB};
    struct fiber_pool *pool = fiber_pool_create(&options);
    ck_assert_uint_eq(size_given(pool, 0), 1024 * KIB);
    ck_assert_uint_eq(size_given(pool, 200 * KIB), 256 * KIB);
    fiber_pool_destroy(pool);
}
END_TEST

/* Nearly all of it can be used, whatever the size and the guard. */
START_TEST(a_stack_holds_what_it_says)
{
    for (int guard = FIBER_GUARD_NONE; guard <= FIBER_GUARD_MADVISE; guard++) {
        struct fiber_pool *pool = pool_with_guard((enum fiber_guard_kind)guard);
        for (size_t size = 4 * page_bytes(); size <= 4096 * KIB; size *= 2) {
            for (int i = 0; i < 3; i++) {
                struct digger digger = {.n_bytes = (size - page_bytes()) / 2};
                digger_start(&digger, pool, size);
                ck_assert(fiber_resume(digger.fiber));
                fiber_destroy(pool, digger.fiber);
            }
        }
        fiber_pool_destroy(pool);
    }
}
END_TEST

/* ---- the pool -------------------------------------------------------------------- */

START_TEST(the_last_one_back_goes_out_first)
{
    struct fiber_pool *pool = pool_with_guard(FIBER_GUARD_MADVISE);
    struct fiber *first = fiber_create(pool, 0, just_end, NULL);
    struct fiber *second = fiber_create(pool, 0, just_end, NULL);
    struct fiber *small = fiber_create(pool, 1, just_end, NULL);
    fiber_destroy(pool, first);
    fiber_destroy(pool, second);
    fiber_destroy(pool, small);
    ck_assert_ptr_eq(fiber_create(pool, 0, just_end, NULL), second);
    ck_assert_ptr_eq(fiber_create(pool, 0, just_end, NULL), first);
    ck_assert_ptr_eq(fiber_create(pool, 1, just_end, NULL), small);
    fiber_destroy(pool, first);
    fiber_destroy(pool, second);
    fiber_destroy(pool, small);
    fiber_pool_destroy(pool);
}
END_TEST

enum { N_MANY = 1000 };

START_TEST(stacks_are_used_again)
{
    static struct fiber *fibers[N_MANY];
    struct fiber_pool *pool = fiber_pool_create(NULL);
    struct fiber_pool_counts counts;
    uint64_t mapped_bytes = 0;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < N_MANY; i++) {
            fibers[i] = fiber_create(pool, 0, just_end, NULL);
            ck_assert(fiber_resume(fibers[i]));
        }
        fiber_pool_count(pool, &counts);
        ck_assert_uint_eq(counts.n_live, N_MANY);
        ck_assert_uint_eq(counts.n_pooled, 0);
        ck_assert(round == 0 || counts.mapped_bytes == mapped_bytes);
        mapped_bytes = counts.mapped_bytes;
        for (int i = 0; i < N_MANY; i++)
            fiber_destroy(pool, fibers[i]);
        fiber_pool_count(pool, &counts);
        ck_assert_uint_eq(counts.n_live, 0);
        ck_assert_uint_eq(counts.n_pooled, N_MANY);
    }
    ck_assert_uint_ge(mapped_bytes, (uint64_t)N_MANY * 256 * KIB);
    ck_assert_uint_le(mapped_bytes, (uint64_t)(N_MANY + 64) * 256 * KIB);
    fiber_pool_destroy(pool);
}
END_TEST

START_TEST(no_memory_gives_null)
{
    struct fiber_pool *pool = fiber_pool_create(NULL);
    uint64_t before = base_alloc_fail_every(1);
    ck_assert_ptr_null(fiber_create(pool, 0, just_end, NULL));
    base_alloc_fail_every(0);
    struct fiber *fiber = fiber_create(pool, 0, just_end, NULL);
    ck_assert_ptr_nonnull(fiber);
    /* There is no room to remember a warm one: its pages go, the stack does not. */
    base_alloc_fail_every(1);
    fiber_destroy(pool, fiber);
    ck_assert_ptr_eq(fiber_create(pool, 0, just_end, NULL), fiber);
    base_alloc_fail_every(before);
    ck_assert(fiber_resume(fiber));
    fiber_destroy(pool, fiber);
    fiber_pool_destroy(pool);
}
END_TEST

/* ---- pages ----------------------------------------------------------------------- */

START_TEST(use_is_reported)
{
    struct fiber_pool *pool = pool_with_guard(FIBER_GUARD_MADVISE);
    struct fiber_pool_counts counts;
    struct digger digger = {0};
    digger.fiber = fiber_create(pool, 0, dig_and_park, &digger);
    ck_assert_uint_le(fiber_stack_used(digger.fiber), page_bytes());
    fiber_resume(digger.fiber);
    ck_assert_uint_le(fiber_stack_used(digger.fiber), 2 * page_bytes());
    fiber_destroy(pool, digger.fiber);

    digger.n_bytes = 100 * KIB;
    digger_start(&digger, pool, 0);
    size_t used = fiber_stack_used(digger.fiber);
    ck_assert(FIBER_ASAN || used >= 100 * KIB); /* which may have locals elsewhere */
    ck_assert(!PLAIN_BUILD || used <= 120 * KIB);
    ck_assert_uint_eq(used % page_bytes(), 0);
    fiber_pool_count(pool, &counts);
    ck_assert_uint_eq(counts.largest_stack_used, used);
    fiber_destroy(pool, digger.fiber);

    struct fiber *next = fiber_create(pool, 0, just_end, NULL);
    ck_assert_uint_eq(fiber_stack_used(next), used);
    fiber_destroy(pool, next);
    fiber_pool_destroy(pool);
}
END_TEST

/* The page that holds the canary is touched by us and not by the fiber. */
START_TEST(use_is_reported_without_the_canary)
{
    struct fiber_pool *pool = pool_with_guard(FIBER_GUARD_NONE);
    struct digger digger = {.n_bytes = 100};
    digger_start(&digger, pool, 0);
    ck_assert_uint_le(fiber_stack_used(digger.fiber), 2 * page_bytes());
    fiber_destroy(pool, digger.fiber);
    fiber_pool_destroy(pool);
}
END_TEST

enum { N_IDLE = 100000 };

static void park_forever(void *argument)
{
    struct fiber **fiber = argument;
    for (;;)
        fiber_park(*fiber);
}

START_TEST(an_idle_fiber_costs_one_page)
{
    static struct fiber *fibers[N_IDLE];
    if (!PLAIN_BUILD || is_under_valgrind() || page_bytes() != 4096)
        return;
    memset(fibers, 0xff, sizeof(fibers)); /* not to be counted */
    struct fiber_pool *pool = fiber_pool_create(NULL);
    size_t before = resident_bytes();
    for (int i = 0; i < N_IDLE; i++) {
        fibers[i] = fiber_create(pool, 0, park_forever, &fibers[i]);
        ck_assert_ptr_nonnull(fibers[i]);
        ck_assert(!fiber_resume(fibers[i]));
    }
    double each = (double)(resident_bytes() - before) / N_IDLE;
    ck_assert_double_ge(each, 4096 * 0.99);
    ck_assert_double_le(each, 4.1 * KIB);
    /* On and on: no second page. */
    for (int i = 0; i < N_IDLE; i++)
        ck_assert(!fiber_resume(fibers[i]));
    ck_assert_uint_le(resident_bytes() - before, (size_t)(4.1 * KIB * N_IDLE));
    for (int i = 0; i < N_IDLE; i++)
        fiber_destroy(pool, fibers[i]);
    fiber_pool_destroy(pool);
}
END_TEST

enum { N_LARGE = 30, LARGE_BYTES = 8192 * KIB };

/* Even where the kernel is eager to give huge pages. */
START_TEST(a_large_stack_costs_no_more)
{
    static struct fiber *fibers[N_LARGE];
    if (!PLAIN_BUILD || is_under_valgrind() || page_bytes() != 4096)
        return;
    struct fiber_pool *pool = fiber_pool_create(NULL);
    size_t before = resident_bytes();
    for (int i = 0; i < N_LARGE; i++) {
        fibers[i] = fiber_create(pool, LARGE_BYTES, park_forever, &fibers[i]);
        ck_assert(!fiber_resume(fibers[i]));
    }
    /* The kernel's own count is some pages behind. */
    ck_assert_uint_le(resident_bytes() - before, N_LARGE * 4 * KIB + 1024 * KIB);
    for (int i = 0; i < N_LARGE; i++)
        fiber_destroy(pool, fibers[i]);
    fiber_pool_destroy(pool);
}
END_TEST

enum { N_DIGGERS = 64, MAX_WARM = 1 << 20 };

static void start_all(struct digger *diggers, struct fiber_pool *pool)
{
    for (int i = 0; i < N_DIGGERS; i++) {
        diggers[i].n_bytes = 200 * KIB;
        digger_start(&diggers[i], pool, 512 * KIB);
    }
}

static void destroy_all(struct digger *diggers, struct fiber_pool *pool)
{
    for (int i = 0; i < N_DIGGERS; i++)
        fiber_destroy(pool, diggers[i].fiber);
}

START_TEST(idle_stacks_give_their_pages_back)
{
    struct digger diggers[N_DIGGERS];
    for (int guard = FIBER_GUARD_NONE; guard <= FIBER_GUARD_MADVISE; guard++) {
        struct fiber_pool_rules rules = {.best_guard = (enum fiber_guard_kind)guard,
                                         .max_warm_bytes = MAX_WARM};
        struct fiber_pool *pool = fiber_pool_create_with(NULL, &rules);
        struct fiber_pool_counts counts;
        size_t before = resident_bytes();
        for (int round = 0; round < 3; round++) {
            start_all(diggers, pool);
            if (PLAIN_BUILD)
                ck_assert_uint_ge(resident_bytes() - before, N_DIGGERS * 200 * KIB);
            destroy_all(diggers, pool);
            if (PLAIN_BUILD && !is_under_valgrind())
                ck_assert_uint_le(resident_bytes(), before + MAX_WARM + 512 * KIB);
            fiber_pool_count(pool, &counts);
            ck_assert_uint_eq(counts.n_pooled, N_DIGGERS);
        }
        fiber_pool_destroy(pool);
    }
}
END_TEST

/* What is too much goes from those sizes that have most, not from the one just used. */
START_TEST(all_sizes_share_one_limit)
{
    struct digger diggers[N_DIGGERS], late[N_DIGGERS];
    struct fiber_pool_rules rules = {.max_warm_bytes = MAX_WARM};
    struct fiber_pool *pool = fiber_pool_create_with(NULL, &rules);
    for (int i = 0; i < N_DIGGERS; i++) {
        diggers[i] = late[i] = (struct digger){.n_bytes = 10000};
        digger_start(&diggers[i], pool, 256 * KIB);
        digger_start(&late[i], pool, 64 * KIB);
    }
    destroy_all(diggers, pool);
    ck_assert_uint_le(pool->warm_bytes, MAX_WARM);
    destroy_all(late, pool);
    ck_assert_uint_le(pool->warm_bytes, MAX_WARM);
    uint32_t n_warm_sizes = 0;
    for (int i = 0; i < FIBER_STACK_N_CLASSES; i++)
        n_warm_sizes += pool->classes[i].n_warm > 0;
    ck_assert_uint_eq(n_warm_sizes, 2);
    fiber_pool_destroy(pool);
}
END_TEST

CHECK_MAIN("stack",
           sizes_are_rounded_up_to_a_class,
           the_default_size_may_be_set,
           a_stack_holds_what_it_says,
           the_last_one_back_goes_out_first,
           stacks_are_used_again,
           no_memory_gives_null,
           use_is_reported,
           use_is_reported_without_the_canary,
           an_idle_fiber_costs_one_page,
           a_large_stack_costs_no_more,
           idle_stacks_give_their_pages_back,
           all_sizes_share_one_limit)
