/* SPDX-License-Identifier: BSD-3-Clause */
#undef _FORTIFY_SOURCE /* its longjmp refuses to leave the stack of a fiber */
#include "base/alloc.h"
#include "base/random.h"
#include "support/check_main.h"
#include "unit/fiber/common.h"
#include <fenv.h>
#include <setjmp.h>

/* ---- coming and going ------------------------------------------------------------ */

struct counter {
    struct fiber *fiber;
    int n_rounds, n_done;
};

static void count_up(void *argument)
{
    struct counter *counter = argument;
    for (int i = 0; i < counter->n_rounds; i++) {
        counter->n_done++;
        fiber_park(counter->fiber);
    }
}

START_TEST(a_fiber_goes_on_where_it_parked)
{
    struct fiber_pool *pool = fiber_pool_create(NULL);
    struct counter counter = {.n_rounds = 1000};
    counter.fiber = fiber_create(pool, 0, count_up, &counter);
    ck_assert_int_eq(counter.n_done, 0);
    for (int i = 0; i < counter.n_rounds; i++) {
        ck_assert(!fiber_resume(counter.fiber));
        ck_assert_int_eq(counter.n_done, i + 1);
    }
    ck_assert(fiber_resume(counter.fiber));
    fiber_destroy(pool, counter.fiber);
    fiber_pool_destroy(pool);
}
END_TEST

static NOINLINE void end_below(struct counter *counter, int depth)
{
    volatile char block[100] = "";
    if (depth == 0)
        fiber_end(counter->fiber);
    if (depth > 0)
        end_below(counter, depth - 1);
    counter->n_done = 1 + block[0];
}

static void end_at_depth(void *argument)
{
    struct counter *counter = argument;
    end_below(counter, 50);
    counter->n_done = 1;
}

START_TEST(an_end_is_reached_from_any_depth)
{
    struct fiber_pool *pool = fiber_pool_create(NULL);
    for (int i = 0; i < 1000; i++) {
        struct counter counter = {0};
        counter.fiber = fiber_create(pool, 0, end_at_depth, &counter);
        ck_assert(fiber_resume(counter.fiber));
        ck_assert_int_eq(counter.n_done, 0);
        fiber_destroy(pool, counter.fiber);
    }
    fiber_pool_destroy(pool);
}
END_TEST

START_TEST(a_fiber_may_be_destroyed_where_it_stands)
{
    int64_t blocks_before = base_alloc_live();
    struct fiber_pool *pool = fiber_pool_create(NULL);
    struct fiber_pool_counts counts;
    for (int i = 0; i < 3000; i++) {
        struct digger parked = {.n_bytes = 2000};
        digger_start(&parked, pool, 0);
        struct fiber *not_begun = fiber_create(pool, 0, dig_and_park, &parked);
        fiber_destroy(pool, parked.fiber);
        fiber_destroy(pool, not_begun);
    }
    fiber_pool_count(pool, &counts);
    ck_assert_uint_eq(counts.n_live, 0);
    ck_assert_uint_eq(counts.n_pooled, 2);
    fiber_pool_destroy(pool);
    ck_assert_int_eq(base_alloc_live(), blocks_before);
}
END_TEST

static jmp_buf escape;

static void jump_out(void *argument)
{
    struct counter *counter = argument;
    fiber_park(counter->fiber);
    longjmp(escape, 1);
}

static NOINLINE void resume_until_jump(struct fiber *fiber)
{
    if (setjmp(escape) == 0) {
        fiber_resume(fiber);
        fiber_resume(fiber);
        ck_abort();
    }
}

/* As the simulator does when a rank dies inside a process. */
START_TEST(a_fiber_may_be_left_by_longjmp)
{
    struct fiber_pool *pool = fiber_pool_create(NULL);
    for (int i = 0; i < (FIBER_TSAN ? 0 : 100); i++) {
        struct counter left = {0}, other = {.n_rounds = 1};
        left.fiber = fiber_create(pool, 0, jump_out, &left);
        other.fiber = fiber_create(pool, 0, count_up, &other);
        ck_assert(!fiber_resume(other.fiber));
        resume_until_jump(left.fiber);
        fiber_destroy(pool, left.fiber);
        ck_assert(fiber_resume(other.fiber));
        fiber_destroy(pool, other.fiber);
    }
    fiber_pool_destroy(pool);
}
END_TEST

/* ---- thousands at once ----------------------------------------------------------- */

/* ThreadSanitizer is slow with fibers. */
enum {
    N_WALKERS = FIBER_TSAN ? 300 : 3000,
    N_STEPS = N_WALKERS * (FIBER_TSAN ? 10 : 70),
    N_LOCALS = 12
};

struct walker {
    struct fiber *fiber;
    uint64_t life; /* different in each life of each walker */
    struct base_random random;
    bool is_over, is_spoilt;
};

static uint64_t pattern(const struct walker *walker, unsigned depth, unsigned i)
{
    return (walker->life * 1000 + depth) * 1000 + i;
}

static struct walker walkers[N_WALKERS];
static struct walker *awake;

/* Every other time another goes on at once. */
static void rest(struct walker *walker)
{
    struct walker *next = &walkers[base_random_below(&walker->random, N_WALKERS)];
    if (base_random_below(&walker->random, 2) == 0 || !fiber_is_parked(next->fiber)) {
        fiber_park(walker->fiber);
        return;
    }
    awake = next;
    fiber_hand_over(walker->fiber, next->fiber);
}

static NOINLINE void walk(struct walker *walker, unsigned depth)
{
    volatile uint64_t locals[N_LOCALS];
    for (unsigned i = 0; i < N_LOCALS; i++)
        locals[i] = pattern(walker, depth, i);
    rest(walker);
    if (depth > 0)
        walk(walker, depth - 1);
    rest(walker);
    for (unsigned i = 0; i < N_LOCALS; i++)
        walker->is_spoilt |= locals[i] != pattern(walker, depth, i);
}

static void wander(void *argument)
{
    struct walker *walker = argument;
    walk(walker, base_random_below(&walker->random, 20));
    walker->is_over = true;
    if (base_random_below(&walker->random, 2))
        fiber_end(walker->fiber);
}

static void walker_start(struct walker *walker, struct fiber_pool *pool, uint64_t life)
{
    static const size_t sizes[] = {0, 16384, 65536, 300000};
    *walker = (struct walker){.life = life, .random = {life}};
    size_t size = sizes[base_random_below(&walker->random, ARRAY_LENGTH(sizes))];
    walker->fiber = fiber_create(pool, size, wander, walker);
    ck_assert_ptr_nonnull(walker->fiber);
}

static void walk_all(enum fiber_guard_kind guard)
{
    struct fiber_pool *pool = pool_with_guard(guard);
    struct base_random random = {1};
    uint64_t life = 0;
    for (int i = 0; i < N_WALKERS; i++)
        walker_start(&walkers[i], pool, life++);
    for (int i = 0; i < N_STEPS; i++) {
        awake = &walkers[base_random_below(&random, N_WALKERS)];
        bool has_ended = fiber_resume(awake->fiber);
        struct walker *walker = awake;
        ck_assert(has_ended == walker->is_over && !walker->is_spoilt);
        if (has_ended || base_random_below(&random, 100) == 0) {
            fiber_destroy(pool, walker->fiber);
            walker_start(walker, pool, life++);
        }
    }
    for (int i = 0; i < N_WALKERS; i++)
        fiber_destroy(pool, walkers[i].fiber);
    fiber_pool_destroy(pool);
}

START_TEST(thousands_keep_their_locals)
{
    walk_all(FIBER_GUARD_MADVISE);
}
END_TEST

START_TEST(thousands_keep_their_locals_with_mprotect)
{
    walk_all(FIBER_GUARD_MPROTECT);
}
END_TEST

START_TEST(thousands_keep_their_locals_without_guards)
{
    walk_all(FIBER_GUARD_NONE);
}
END_TEST

/* ---- what else is a fiber's own -------------------------------------------------- */

#ifdef __x86_64__
static void change_modes(void *argument)
{
    struct counter *counter = argument;
    fesetround(FE_UPWARD); /* both of them, MXCSR and the x87 control word */
    unsigned modes = _mm_getcsr();
    _mm_setcsr(modes | _MM_EXCEPT_INEXACT);
    fiber_park(counter->fiber);
    counter->n_done =
        fegetround() == FE_UPWARD && _mm_getcsr() == (modes | _MM_EXCEPT_OVERFLOW);
}
#endif

START_TEST(modes_are_the_fibers_and_flags_the_threads)
{
#ifdef __x86_64__
    struct fiber_pool *pool = fiber_pool_create(NULL);
    struct counter counter = {0};
    unsigned modes = _mm_getcsr() & ~(unsigned)_MM_EXCEPT_MASK;
    counter.fiber = fiber_create(pool, 0, change_modes, &counter);
    _mm_setcsr(modes);
    ck_assert(!fiber_resume(counter.fiber));
    ck_assert(is_under_valgrind() || _mm_getcsr() == (modes | _MM_EXCEPT_INEXACT));
    ck_assert_int_eq(fegetround(), FE_TONEAREST);
    _mm_setcsr(modes | _MM_EXCEPT_OVERFLOW);
    ck_assert(fiber_resume(counter.fiber));
    ck_assert(is_under_valgrind() || counter.n_done);
    ck_assert(is_under_valgrind() || _mm_getcsr() == (modes | _MM_EXCEPT_OVERFLOW));
    ck_assert_int_eq(fegetround(), FE_TONEAREST);
    fiber_destroy(pool, counter.fiber);
    fiber_pool_destroy(pool);
#endif
}
END_TEST

#if defined(__x86_64__) || defined(__aarch64__)
static void round_up(void *argument)
{
    struct counter *counter = argument;
    counter->n_done = fegetround() == FE_DOWNWARD;
    fesetround(FE_UPWARD);
    fiber_park(counter->fiber);
    counter->n_done += fegetround() == FE_UPWARD;
}
#endif

START_TEST(rounding_is_the_fibers_and_at_first_its_creators)
{
#if defined(__x86_64__) || defined(__aarch64__)
    struct fiber_pool *pool = fiber_pool_create(NULL);
    struct counter counter = {0};
    fesetround(FE_DOWNWARD);
    counter.fiber = fiber_create(pool, 0, round_up, &counter);
    fesetround(FE_TOWARDZERO);
    ck_assert(!fiber_resume(counter.fiber));
    ck_assert_int_eq(fegetround(), FE_TOWARDZERO);
    fesetround(FE_TONEAREST);
    ck_assert(fiber_resume(counter.fiber));
    ck_assert_int_eq(fegetround(), FE_TONEAREST);
    ck_assert(is_under_valgrind() || counter.n_done == 2);
    fiber_destroy(pool, counter.fiber);
    fiber_pool_destroy(pool);
#endif
}
END_TEST

CHECK_MAIN("fiber",
           a_fiber_goes_on_where_it_parked,
           an_end_is_reached_from_any_depth,
           a_fiber_may_be_destroyed_where_it_stands,
           a_fiber_may_be_left_by_longjmp,
           thousands_keep_their_locals,
           thousands_keep_their_locals_with_mprotect,
           thousands_keep_their_locals_without_guards,
           modes_are_the_fibers_and_flags_the_threads,
           rounding_is_the_fibers_and_at_first_its_creators)
