/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "base/alloc.h"
#include "support/check_main.h"
#include "support/child.h"
#include "unit/fiber/common.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { KIB = 1024, STACK_BYTES = 64 * KIB };

/* Without the page of the guard. */
static size_t room(void)
{
    return STACK_BYTES - (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- pages without rights -------------------------------------------------------- */

/* Writes everything from here down to `end`. */
static NOINLINE unsigned dig_down_to(const char *end)
{
    volatile unsigned char block[256];
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (unsigned char)i;
    const char *here = __builtin_frame_address(0);
    return (here > end ? dig_down_to(end) : 0) + block[(uintptr_t)end % sizeof(block)];
}

static void dig_too_deep(void *argument)
{
    struct digger *digger = argument;
    digger->result = dig_down_to(fiber_stack_low(digger->fiber) - KIB);
    fiber_park(digger->fiber);
}

static void overflow(struct fiber_pool *pool)
{
    /* The second of its slab, so that below it there is memory to run into. */
    struct digger digger = {0};
    if (!fiber_create(pool, STACK_BYTES, dig_too_deep, &digger))
        return;
    digger.fiber = fiber_create(pool, STACK_BYTES, dig_too_deep, &digger);
    fiber_resume(digger.fiber);
}

static void overflow_with(void *argument)
{
    enum fiber_guard_kind *guard = argument;
    signal(SIGSEGV, SIG_DFL); /* AddressSanitizer has a handler */
    overflow(pool_with_guard(*guard));
}

/* The guard outlasts the loss of the pages. */
static void overflow_when_cold(void *argument)
{
    enum fiber_guard_kind *guard = argument;
    struct fiber_pool_rules rules = {.best_guard = *guard};
    signal(SIGSEGV, SIG_DFL);
    struct fiber_pool *pool = fiber_pool_create_with(NULL, &rules);
    for (int i = 0; i < 3; i++) {
        struct digger one = {.n_bytes = 1000}, other = {.n_bytes = 1000};
        digger_start(&one, pool, STACK_BYTES);
        digger_start(&other, pool, STACK_BYTES);
        fiber_destroy(pool, one.fiber);
        fiber_destroy(pool, other.fiber);
    }
    overflow(pool);
}

static void expect_fault(enum fiber_guard_kind guard)
{
    struct child_end end;
    child_run(overflow_with, &guard, &end);
    ck_assert_int_eq(end.signal_number, SIGSEGV);
    child_run(overflow_when_cold, &guard, &end);
    ck_assert_int_eq(end.signal_number, SIGSEGV);
}

static enum fiber_guard_kind kind_got(enum fiber_guard_kind asked)
{
    struct fiber_pool *pool = pool_with_guard(asked);
    struct fiber_pool_counts counts;
    struct digger digger = {.n_bytes = 100};
    digger_start(&digger, pool, 0);
    fiber_pool_count(pool, &counts);
    fiber_destroy(pool, digger.fiber);
    fiber_pool_destroy(pool);
    ck_assert_uint_eq(counts.n_guarded_by_madvise + counts.n_guarded_by_mprotect +
                          counts.n_unguarded,
                      1);
    if (counts.n_guarded_by_madvise)
        return FIBER_GUARD_MADVISE;
    return counts.n_guarded_by_mprotect ? FIBER_GUARD_MPROTECT : FIBER_GUARD_NONE;
}

/* Whether the kernel is 6.13 or newer, by trying. */
static bool kernel_has_guards(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool has = madvise(page, 4096, 102) == 0;
    munmap(page, 4096);
    return has;
}

START_TEST(an_overflow_hits_the_guard_of_madvise)
{
    ck_assert_int_eq(kind_got(FIBER_GUARD_MADVISE),
                     kernel_has_guards() ? FIBER_GUARD_MADVISE : FIBER_GUARD_MPROTECT);
    expect_fault(FIBER_GUARD_MADVISE);
}
END_TEST

START_TEST(an_overflow_hits_the_guard_of_mprotect)
{
    ck_assert_int_eq(kind_got(FIBER_GUARD_MPROTECT), FIBER_GUARD_MPROTECT);
    expect_fault(FIBER_GUARD_MPROTECT);
}
END_TEST

/* ---- canaries -------------------------------------------------------------------- */

START_TEST(an_overflow_kills_the_canary)
{
    enum fiber_guard_kind none = FIBER_GUARD_NONE;
    struct child_end end;
    ck_assert_int_eq(kind_got(none), none);
    child_run(overflow_with, &none, &end);
    ck_assert_int_eq(end.signal_number, SIGABRT);
    ck_assert_ptr_nonnull(
        strstr(end.text, "the stack of 'a fiber' (64 KiB) overflowed"));
    child_run(overflow_when_cold, &none, &end);
    ck_assert_int_eq(end.signal_number, SIGABRT);
    ck_assert_ptr_nonnull(
        strstr(end.text, "the stack of 'a fiber' (64 KiB) overflowed"));
}
END_TEST

struct writer {
    struct fiber *fiber;
    uint64_t *place;
};

static void write_and_park(void *argument)
{
    struct writer *writer = argument;
    *writer->place = 0;
    fiber_park(writer->fiber);
}

static void kill_one_word(void *argument)
{
    ptrdiff_t *offset = argument;
    struct fiber_pool *pool = pool_with_guard(FIBER_GUARD_NONE);
    struct writer writer;
    writer.fiber = fiber_create(pool, STACK_BYTES, write_and_park, &writer);
    writer.place = (uint64_t *)(void *)fiber_stack_low(writer.fiber) + *offset;
    fiber_resume(writer.fiber);
}

/* Big frames leave holes: each word counts, and the one above is the stack's. */
START_TEST(each_word_of_the_canary_counts)
{
    struct child_end end;
    ptrdiff_t offset = -FIBER_CANARY_WORDS;
    for (; offset < 0; offset++) {
        child_run(kill_one_word, &offset, &end);
        ck_assert_int_eq(end.signal_number, SIGABRT);
    }
    child_run(kill_one_word, &offset, &end);
    ck_assert_int_eq(end.exit_code, 0);
}
END_TEST

/* ---- where mappings run out ------------------------------------------------------ */

static uint64_t n_mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    uint64_t n = 0;
    for (int c; (c = getc(file)) != EOF;)
        n += c == '\n';
    fclose(file);
    return n;
}

enum { N_FIBERS = 500, N_SPARE = 200 };

START_TEST(guards_leave_mappings_to_others)
{
    static struct digger diggers[N_FIBERS];
    uint64_t before = n_mappings();
    struct fiber_pool_rules rules = {.best_guard = FIBER_GUARD_MPROTECT,
                                     .max_mappings = 2 * (before + N_SPARE),
                                     .max_warm_bytes = 64 << 20};
    struct fiber_pool *pool = fiber_pool_create_with(NULL, &rules);
    struct fiber_pool_counts counts;
    for (int i = 0; i < N_FIBERS; i++) {
        diggers[i].n_bytes = room() / 8;
        digger_start(&diggers[i], pool, STACK_BYTES);
    }
    fiber_pool_count(pool, &counts);
    ck_assert_uint_eq(counts.n_guarded_by_madvise, 0);
    ck_assert_uint_ge(counts.n_guarded_by_mprotect, N_SPARE / 8);
    ck_assert_uint_le(counts.n_guarded_by_mprotect, N_SPARE / 2);
    ck_assert_uint_eq(counts.n_guarded_by_mprotect + counts.n_unguarded, N_FIBERS);
    ck_assert(!PLAIN_BUILD || is_under_valgrind() ||
              n_mappings() <= before + N_SPARE + 8);
    for (int i = 0; i < N_FIBERS; i++) {
        ck_assert(fiber_resume(diggers[i].fiber));
        fiber_destroy(pool, diggers[i].fiber);
    }
    fiber_pool_destroy(pool);
}
END_TEST

/* Address space for some hundred stacks only. */
static void exhaust(void *argument)
{
    struct rlimit limit = {(size_t)64 << 20, (size_t)64 << 20};
    struct fiber_pool *pool = fiber_pool_create(NULL);
    static struct digger diggers[N_FIBERS];
    bool *ok = argument;
    setrlimit(RLIMIT_AS, &limit);
    int n = 0;
    for (; n < N_FIBERS; n++) {
        diggers[n].n_bytes = 1000;
        diggers[n].fiber = fiber_create(pool, 0, dig_and_park, &diggers[n]);
        if (!diggers[n].fiber)
            break;
        fiber_resume(diggers[n].fiber);
    }
    int64_t n_blocks = base_alloc_live();
    *ok = n > 64 && n < N_FIBERS;
    *ok = !fiber_create(pool, 0, dig_and_park, NULL) && *ok;
    *ok = base_alloc_live() == n_blocks && *ok;
    for (int i = 0; i < n; i++)
        *ok = fiber_resume(diggers[i].fiber) && *ok;
    _exit(*ok ? 0 : 1);
}

START_TEST(an_end_of_address_space_gives_null)
{
    struct child_end end;
    bool ok = false;
    if (!PLAIN_BUILD || is_under_valgrind())
        return;
    child_run(exhaust, &ok, &end);
    ck_assert_int_eq(end.exit_code, 0);
}
END_TEST

CHECK_MAIN("guard",
           an_overflow_hits_the_guard_of_madvise,
           an_overflow_hits_the_guard_of_mprotect,
           an_overflow_kills_the_canary,
           each_word_of_the_canary_counts,
           guards_leave_mappings_to_others,
           an_end_of_address_space_gives_null)
