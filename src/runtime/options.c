/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/environment.h"
#include "runtime/internal.h"
#include "runtime/place.h"
#include <string.h>

/* Environment variables go before options, options before defaults. */

enum {
    MAX_SIM_RANKS = 4096,
    MIN_SLOTS = 1024,
    DEFAULT_SIM_RANKS = 4,
    DEFAULT_SEED = 1
};
#define KIB ((int64_t)1 << 10)
#define MIB ((int64_t)1 << 20)

static troupe_status
read_int(const struct base_log *log, const char *name, int64_t max, int64_t *value)
{
    return base_env_int(log, name, 0, max, *value, value);
}

static troupe_status read_log(const struct base_log *log,
                              struct runtime_settings *settings)
{
    const char *word = "warning";
    troupe_status status = base_env_word(log, "TROUPE_LOG", word, &word);

    (void)base_log_level_parse(word, &settings->log_level);
    return status;
}

static troupe_status read_backend(const struct base_log *log,
                                  const troupe_options *options,
                                  struct runtime_settings *settings)
{
    const char *word = options->sim_ranks > 0 ? "sim" : "mpi";
    troupe_status status = base_env_word(log, "TROUPE_BACKEND", word, &word);

    settings->use_sim = strcmp(word, "sim") == 0;
    if (settings->use_sim && options->communicator) {
        log_error(log,
                  "TROUPE_BACKEND is sim, but the program brings an MPI of its own");
        settings->use_sim = false;
        return TROUPE_INVALID;
    }
    return status;
}

static troupe_status read_sim(const struct base_log *log,
                              const troupe_options *options,
                              struct runtime_settings *settings)
{
    int64_t n_ranks = options->sim_ranks > 0 ? options->sim_ranks : DEFAULT_SIM_RANKS;
    int64_t seed = (int64_t)options->sim_seed;
    const char *route = "direct";
    troupe_status ranks, seeds, trace, routes;

    ranks = base_env_int(log, "TROUPE_SIM_RANKS", 1, MAX_SIM_RANKS, n_ranks, &n_ranks);
    seeds = read_int(log, "TROUPE_SIM_SEED", INT64_MAX, &seed);
    trace = base_env_bool(log, "TROUPE_SIM_TRACE", false, &settings->has_sim_trace);
    routes = base_env_word(log, "TROUPE_SIM_ROUTE", route, &route);
    settings->has_two_hops = strcmp(route, "two_hops") == 0;
    settings->sim_ranks = (int)n_ranks;
    settings->sim_seed = seed ? (uint64_t)seed : DEFAULT_SEED;
    return ranks != TROUPE_OK    ? ranks
           : seeds != TROUPE_OK  ? seeds
           : routes != TROUPE_OK ? routes
                                 : trace;
}

static troupe_status read_slots(const struct base_log *log,
                                struct runtime_settings *settings)
{
    int64_t n_slots = 0;
    troupe_status status =
        read_int(log, "TROUPE_SLOTS", (int64_t)1 << ACTOR_SLOT_BITS, &n_slots);

    if (n_slots != 0 && (n_slots < MIN_SLOTS || (n_slots & (n_slots - 1)) != 0)) {
        base_env_report(log, "TROUPE_SLOTS",
                        "0, or a power of two from 1024 to 1048576");
        return TROUPE_INVALID;
    }
    settings->n_slots = (uint32_t)n_slots;
    return status;
}

static troupe_status read_sizes(const struct base_log *log,
                                struct runtime_settings *settings)
{
    int64_t budget = 0, spin_us = -1, stack_kib = 0, mail_mib = 0, turn_ms = 1000;
    bool has_pipes = true;
    troupe_status a, b, c, d, e, f;

    a = read_int(log, "TROUPE_RECEIVE_BUDGET", (int64_t)1 << 40, &budget);
    b = base_env_int(log, "TROUPE_SPIN_US", 0, 1000 * 1000, spin_us, &spin_us);
    c = base_env_int(log, "TROUPE_STACK_KIB", 16, (int64_t)1 << 20, stack_kib,
                     &stack_kib);
    d = base_env_int(log, "TROUPE_MAIL_LIMIT_MIB", 1, (int64_t)1 << 30, mail_mib,
                     &mail_mib);
    e = base_env_int(log, "TROUPE_HANDLER_TIMEOUT_MS", 0, 1000 * 1000 * 1000, turn_ms,
                     &turn_ms);
    f = base_env_bool(log, "TROUPE_PIPES", has_pipes, &has_pipes);
    settings->comm.without_pipes = !has_pipes;
    settings->handler_timeout_ns = turn_ms * 1000 * 1000;
    settings->comm.receive_budget_bytes = (uint64_t)budget;
    settings->comm.spin_ns = spin_us < 0 ? -1 : spin_us * 1000;
    settings->stack_bytes = (size_t)(stack_kib * KIB);
    settings->queued_limit_bytes = (uint64_t)(mail_mib * MIB);
    return a != TROUPE_OK   ? a
           : b != TROUPE_OK ? b
           : c != TROUPE_OK ? c
           : d != TROUPE_OK ? d
           : e != TROUPE_OK ? e
                            : f;
}

static troupe_status read_hostile(const struct base_log *log,
                                  struct runtime_settings *settings)
{
    int64_t fail_every = 0;
    troupe_status status =
        read_int(log, "TROUPE_TEST_FAIL_ALLOC", INT64_MAX, &fail_every);

#ifdef TROUPE_HOSTILE
    settings->fail_every = (uint64_t)fail_every;
#else
    (void)settings;
#endif
    return status;
}

troupe_status runtime_settings_read(const struct base_log *log,
                                    const troupe_options *options,
                                    struct runtime_settings *settings)
{
    troupe_status status[] = {
        read_log(log, settings),
        read_backend(log, options, settings),
        read_sim(log, options, settings),
        read_slots(log, settings),
        read_sizes(log, settings),
        read_hostile(log, settings),
        runtime_wish_read(log, &settings->wish),
        runtime_checkpoint_read(log, options, &settings->checkpoint),
        base_env_bool(log, "TROUPE_STATS", false, &settings->has_statistics),
    };

    for (size_t i = 0; i < ARRAY_LENGTH(status); i++)
        if (status[i] != TROUPE_OK)
            return status[i];
    return TROUPE_OK;
}

void runtime_strangers_report(const struct base_log *log)
{
    struct base_env_stranger stranger;
    size_t position = 0;

    while (base_env_unknown(&position, &stranger)) {
        if (stranger.nearest)
            log_warning(log, "unknown environment variable %s: did you mean %s?",
                        stranger.name, stranger.nearest);
        else
            log_warning(
                log,
                "unknown environment variable %s: 'troupe info' lists those there are",
                stranger.name);
    }
}
