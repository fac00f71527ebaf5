/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "support/check_main.h"
#include "support/child.h"
#include "unit/fiber/common.h"
#include <signal.h>
#include <string.h>

/* Words before the signal of a stack that overflowed, and only before that. Sanitizers
 * have handlers of their own, and there is nothing to test. */

enum { KIB = 1024, STACK_BYTES = 64 * KIB, HANDLED = 7 };

static const char words[] =
    "troupe[3] fatal: the stack of 'mole' (64 KiB) overflowed: give it more by "
    ".stack_size, or all by TROUPE_STACK_KIB\n";

enum fault { OVERFLOW, ELSEWHERE, SENT };

struct plan {
    enum fiber_guard_kind guard;
    enum fault fault;
    int earlier_flags; /* of a handler that was there before; < 0: none was */
};

static const char *name_of(const void *argument)
{
    (void)argument;
    return "mole";
}

static void fail_so(void *argument)
{
    const struct plan *plan = argument;
    volatile unsigned result = 0;

    if (plan->fault == OVERFLOW)
        result = dig(2 * (size_t)STACK_BYTES);
    else if (plan->fault == SENT)
        (void)kill(getpid(), SIGSEGV);
    else
        *(volatile int *)(uintptr_t)(result + 16) = 1;
}

static void handle(int number)
{
    _exit(number == SIGSEGV ? HANDLED : 1);
}

static void handle_more(int number, siginfo_t *info, void *context)
{
    _exit(number == SIGSEGV && info && context ? HANDLED : 1);
}

static void handle_earlier(int flags)
{
    struct sigaction action = {.sa_flags = flags};

    if (flags & SA_SIGINFO)
        action.sa_sigaction = handle_more;
    else
        action.sa_handler = handle;
    sigaction(SIGSEGV, &action, NULL);
}

/* The last of several pools, and not the first stack of its slab. */
static void run_plan(void *argument)
{
    struct plan *plan = argument;
    const struct fiber_options options = {
        .stack_bytes = STACK_BYTES, .name = name_of, .rank = 3};
    const struct fiber_pool_rules rules = {.best_guard = plan->guard};

    if (plan->earlier_flags >= 0)
        handle_earlier(plan->earlier_flags);
    fiber_pool_destroy(fiber_pool_create(NULL));
    (void)fiber_pool_create(NULL);
    struct fiber_pool *pool = fiber_pool_create_with(&options, &rules);
    (void)fiber_create(pool, STACK_BYTES, fail_so, plan);
    fiber_resume(fiber_create(pool, STACK_BYTES, fail_so, plan));
}

static void
expect(enum fiber_guard_kind guard, enum fault fault, int earlier_flags, bool says)
{
    struct plan plan = {guard, fault, earlier_flags};
    struct child_end end;

    if (!PLAIN_BUILD)
        return;
    child_run(run_plan, &plan, &end);
    ck_assert_str_eq(end.text, says ? words : "");
    if (earlier_flags < 0)
        ck_assert_int_eq(end.signal_number, SIGSEGV);
    else
        ck_assert_int_eq(end.exit_code, HANDLED);
}

START_TEST(an_overflow_is_named)
{
    expect(FIBER_GUARD_MADVISE, OVERFLOW, -1, true);
    expect(FIBER_GUARD_MPROTECT, OVERFLOW, -1, true);
}
END_TEST

START_TEST(other_faults_are_not)
{
    expect(FIBER_GUARD_MPROTECT, ELSEWHERE, -1, false);
    expect(FIBER_GUARD_MPROTECT, SENT, -1, false);
}
END_TEST

START_TEST(who_was_there_before_is_asked)
{
    expect(FIBER_GUARD_MPROTECT, OVERFLOW, SA_ONSTACK, true);
    expect(FIBER_GUARD_MPROTECT, OVERFLOW, SA_ONSTACK | SA_SIGINFO, true);
    expect(FIBER_GUARD_MPROTECT, ELSEWHERE, 0, false);
    expect(FIBER_GUARD_MPROTECT, ELSEWHERE, SA_SIGINFO, false);
    expect(FIBER_GUARD_MPROTECT, SENT, 0, false);
}
END_TEST

static struct sigaction handed_to;

static void hand_on(int number, siginfo_t *info, void *context)
{
    if (handed_to.sa_flags & SA_SIGINFO)
        handed_to.sa_sigaction(number, info, context);
    else
        _exit(HANDLED);
}

/* Somebody who hands on to us came after us, and stays over our end and beginning. */
static void come_again(void *argument)
{
    struct sigaction action = {.sa_sigaction = hand_on, .sa_flags = SA_SIGINFO};
    struct fiber_pool *pool;

    (void)argument;
    handle_earlier(0);
    pool = fiber_pool_create(NULL);
    sigaction(SIGSEGV, &action, &handed_to);
    fiber_pool_destroy(pool);
    (void)fiber_pool_create(NULL);
    (void)kill(getpid(), SIGSEGV);
}

START_TEST(no_two_hand_on_to_each_other)
{
    struct child_end end;

    if (!PLAIN_BUILD)
        return;
    child_run(come_again, NULL, &end);
    ck_assert_int_eq(end.exit_code, HANDLED);
}
END_TEST

/* As if we had never been there; or whoever came after us stays. */
START_TEST(nothing_is_left)
{
    struct fiber_pool *first = fiber_pool_create(NULL), *second;
    struct sigaction now;
    stack_t stack;

    second = fiber_pool_create(NULL);
    fiber_pool_destroy(first);
    fiber_pool_destroy(second);
    ck_assert_int_eq(sigaction(SIGSEGV, NULL, &now), 0);
    ck_assert_int_eq(sigaltstack(NULL, &stack), 0);
    if (PLAIN_BUILD) {
        ck_assert(now.sa_handler == SIG_DFL);
        ck_assert_int_eq(stack.ss_flags, SS_DISABLE);
    }
    first = fiber_pool_create(NULL);
    handle_earlier(0);
    fiber_pool_destroy(first);
    ck_assert_int_eq(sigaction(SIGSEGV, NULL, &now), 0);
    ck_assert(now.sa_handler == handle);
}
END_TEST

CHECK_MAIN("overflow",
           an_overflow_is_named,
           other_faults_are_not,
           who_was_there_before_is_asked,
           no_two_hand_on_to_each_other,
           nothing_is_left)
