/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

/*
 * What all benchmarks share: a clock, pairs of samples and their summary.
 *
 * A sample is a pair: one block of our work and, right beside it, one of the peer's.
 * The ratio of a case is the median of the pairs' ratios, because the two of a pair
 * meet the same state of the machine while distant blocks may not; `ours` and `peer`
 * are the medians of either side alone. The interval is that of the order statistics
 * around the median: it holds the true median with at least 95 %, whatever the
 * distribution.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds of a monotonic clock. */
double bench_now_s(void);

/* What one JSON line is about. */
struct bench_case {
    const char *bench; /* the program, without bench_ */
    const char *name;
    const char *unit;
    const char *peer_name;
    bool is_rate; /* more is better; else the samples are costs */
};

struct bench_pairs {
    double *ours, *peer;
    size_t n, capacity;
};

/* Ends the program when there is no memory. */
void bench_pairs_init(struct bench_pairs *pairs, size_t capacity);
void bench_pairs_fini(struct bench_pairs *pairs);
/* Beyond the capacity nothing is added. */
void bench_pairs_add(struct bench_pairs *pairs, double ours, double peer);

struct bench_summary {
    double ours, peer, ratio, ci_low, ci_high;
    size_t n;
};

struct bench_summary bench_summarise(const struct bench_pairs *pairs, bool is_rate);

/* One JSON object on a line of its own, on standard output. */
void bench_print(const struct bench_case *which, const struct bench_pairs *pairs);

/* The median; sorts the values. 0 of none. */
double bench_median(double *values, size_t n);

/* Options of every program; what is left in argv is the program's own. */
struct bench_options {
    bool is_quick;
    int argc; /* without the name of the program */
    char **argv;
};
struct bench_options bench_parse(int argc, char **argv);
/* Whether a case is to run: all do, or those with the first argument in their names. */
bool bench_wants(const struct bench_options *options, const char *case_name);

/* Says what went wrong and ends the program; under MPI the launcher ends the others. */
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
