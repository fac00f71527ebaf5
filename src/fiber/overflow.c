/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "fiber/overflow.h"
#include "base/alloc.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The stack that overflowed has no room for a handler, nor may it be MINSIGSTKSZ: who
 * handled the signal before us may want more. */
enum { ALTERNATE_BYTES = 64 * 1024, LINE_BYTES = 400 };

/* Process-wide, as a signal's handler is; of the one thread that makes pools. */
static struct {
    struct base_list pools;
    bool is_ready;
    bool is_handling;
    struct sigaction before;
} watch;

/* ---- words: only what is safe in a handler ---- */

struct line {
    char text[LINE_BYTES];
    size_t length;
};

static void put_text(struct line *line, const char *text)
{
    while (*text && line->length < LINE_BYTES)
        line->text[line->length++] = *text++;
}

static void put_number(struct line *line, size_t number)
{
    char digits[24];
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    put_text(line, digits + at);
}

static void say(const struct fiber *fiber)
{
    const struct fiber_options *options = &fiber->slab->pool->options;
    struct line line = {.length = 0};

    put_text(&line, "troupe");
    if (options->name) {
        put_text(&line, "[");
        put_number(&line, (size_t)options->rank);
        put_text(&line, "]");
    }
    put_text(&line, " fatal: the stack");
    if (options->name) {
        put_text(&line, " of '");
        put_text(&line, options->name(fiber->argument));
        put_text(&line, "'");
    }
    put_text(&line, " (");
    put_number(&line, fiber_stack_size(fiber) / 1024);
    put_text(&line, " KiB) overflowed: ");
    put_text(&line, fiber_stack_advice(fiber));
    put_text(&line, "\n");
    (void)!write(STDERR_FILENO, line.text, line.length);
}

/* ---- the handler ---- */

static const struct fiber *find(const void *address)
{
    BASE_LIST_EACH(node, &watch.pools)
    {
        const struct fiber *fiber = fiber_guard_owner(
            CONTAINER_OF(node, struct fiber_pool, watch_link), address);

        if (fiber)
            return fiber;
    }
    return NULL;
}

/* False: nobody handled it before. */
static bool hand_on(int number, siginfo_t *info, void *context)
{
    if (watch.before.sa_flags & SA_SIGINFO)
        watch.before.sa_sigaction(number, info, context);
    else if (watch.before.sa_handler != SIG_DFL && watch.before.sa_handler != SIG_IGN)
        watch.before.sa_handler(number);
    else
        return false;
    return true;
}

/* Returning repeats the fault, with who was there before to take it. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    bool is_sent = info->si_code <= 0; /* by kill(): nothing would repeat it */
    const struct fiber *fiber = is_sent ? NULL : find(info->si_addr);
    int error = errno;

    if (fiber)
        say(fiber);
    if (fiber || !hand_on(number, info, context)) {
        sigaction(number, &watch.before, NULL);
        if (is_sent)
            raise(number);
    }
    errno = error;
}

/* ---- to and fro ---- */

static void handle(void)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};

    if (watch.is_handling)
        return;
    watch.is_handling = true;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &watch.before);
}

/* Unless somebody has come after us, who may hand on to us: then we stay, and must not
 * come a second time, or each of the two would hand on to the other. */
static void unhandle(void)
{
    struct sigaction now;

    if (sigaction(SIGSEGV, NULL, &now) != 0 || !(now.sa_flags & SA_SIGINFO) ||
        now.sa_sigaction != on_fault)
        return;
    sigaction(SIGSEGV, &watch.before, NULL);
    watch.is_handling = false;
}

static void *make_alternate(void)
{
    stack_t now;
    void *stack;

    if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE))
        return NULL; /* the thread has one */
    stack = base_try_alloc(ALTERNATE_BYTES);
    if (stack)
        (void)sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = ALTERNATE_BYTES}, NULL);
    return stack;
}

static void free_alternate(void *stack)
{
    stack_t now;

    if (stack && sigaltstack(NULL, &now) == 0 && now.ss_sp == stack)
        (void)sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    base_free(stack);
}

void fiber_overflow_watch(struct fiber_pool *pool)
{
    base_list_init(&pool->watch_link);
    if (FIBER_ASAN || FIBER_TSAN)
        return;
    if (!watch.is_ready)
        base_list_init(&watch.pools);
    watch.is_ready = true;
    if (base_list_is_empty(&watch.pools))
        handle();
    base_list_append(&watch.pools, &pool->watch_link);
    pool->alternate_stack = make_alternate();
}

void fiber_overflow_forget(struct fiber_pool *pool)
{
    if (FIBER_ASAN || FIBER_TSAN)
        return;
    base_list_remove(&pool->watch_link);
    free_alternate(pool->alternate_stack);
    if (base_list_is_empty(&watch.pools))
        unhandle();
}
