/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "support/scene.h"
#include "base/alloc.h"
#include "support/sim_job.h"
#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the process, like the tests that run in it. */
static uint64_t seed_now;

uint64_t scene_seed(void)
{
    return seed_now;
}

bool scene_is_hostile(void)
{
#ifdef TROUPE_HOSTILE
    return true;
#else
    return false;
#endif
}

void scene_fail(const char *file, int line, const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ck_abort_msg("%s:%d: %s; again: TROUPE_TEST_SEED=%llu %s", file, line, text,
                 (unsigned long long)seed_now, program_invocation_name);
}

/* Two hops need a third rank. */
static int n_ranks_of(const struct scene *scene)
{
    const char *route = getenv("TROUPE_SIM_ROUTE");
    bool has_two_hops = route && strcmp(route, "two_hops") == 0;

    return has_two_hops && scene->n_ranks == 2 && !scene->is_exact ? 3 : scene->n_ranks;
}

static int run(const struct scene *scene, uint64_t seed)
{
    const troupe_program program = {.main = scene->main};

    seed_now = seed;
    if (scene->seen)
        memset(scene->seen, 0, scene->seen_bytes);
    if (scene->begin)
        scene->begin();
    return sim_job_once(&program, n_ranks_of(scene), seed);
}

static void play_once(const struct scene *scene, uint64_t seed)
{
    int64_t n_live = base_alloc_live();
    int exit_code = run(scene, seed);

    if (exit_code != scene->exit_code)
        scene_fail(__FILE__, __LINE__, "'%s' on %d ranks ends with %d, not %d",
                   scene->main->name, n_ranks_of(scene), exit_code, scene->exit_code);
    if (!scene->may_leak)
        EXPECT_INT(base_alloc_live(), n_live);
    if (scene->check)
        scene->check();
}

static uint64_t number_in(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* Failures that are wanted need not be told. */
static void be_quiet(void)
{
    setenv("TROUPE_LOG", "error", 0);
}

void scene_play(const struct scene *scene)
{
    uint64_t first = number_in("TROUPE_TEST_SEED", 1);
    uint64_t last = number_in("TROUPE_TEST_SEED", number_in("TROUPE_TEST_SEEDS", 3));

    be_quiet();
    for (uint64_t seed = first; seed <= last; seed++)
        play_once(scene, seed);
}

void scene_play_seeds(bool (*play)(uint64_t seed), unsigned one_in)
{
    const uint64_t few = 10; /* may all miss it */
    uint64_t first = number_in("TROUPE_TEST_SEED", 1);
    uint64_t last = number_in("TROUPE_TEST_SEED", number_in("TROUPE_TEST_SEEDS", few));
    uint64_t n_seeds = last - first + 1, n_of_use = 0;

    be_quiet();
    for (seed_now = first; seed_now <= last; seed_now++)
        n_of_use += play(seed_now);
    ck_assert_msg(n_seeds < few || n_of_use * one_in >= n_seeds,
                  "%llu seeds of %llu are of use, not one in %u",
                  (unsigned long long)n_of_use, (unsigned long long)n_seeds, one_in);
}

static void run_in_child(void *argument)
{
    exit(run(argument, number_in("TROUPE_TEST_SEED", 1)));
}

void scene_listen(const struct scene *scene, struct child_end *end)
{
    struct scene copy = *scene;

    setenv("TROUPE_LOG", "warning", 1);
    child_run(run_in_child, &copy, end);
    ck_assert_msg(end->exit_code == scene->exit_code,
                  "exit code %d, signal %d, not exit code %d; it said:\n%s",
                  end->exit_code, end->signal_number, scene->exit_code, end->text);
}
