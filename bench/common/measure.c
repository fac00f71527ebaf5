/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "common/measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double bench_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void bench_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void bench_pairs_init(struct bench_pairs *pairs, size_t capacity)
{
    *pairs = (struct bench_pairs){.capacity = capacity};
    pairs->ours = calloc(capacity, sizeof *pairs->ours);
    pairs->peer = calloc(capacity, sizeof *pairs->peer);
    if (!pairs->ours || !pairs->peer)
        bench_die("no memory for %zu samples", capacity);
}

void bench_pairs_fini(struct bench_pairs *pairs)
{
    free(pairs->ours);
    free(pairs->peer);
    *pairs = (struct bench_pairs){0};
}

void bench_pairs_add(struct bench_pairs *pairs, double ours, double peer)
{
    if (pairs->n == pairs->capacity)
        return;
    pairs->ours[pairs->n] = ours;
    pairs->peer[pairs->n] = peer;
    pairs->n++;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double bench_median(double *values, size_t n)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/*
 * The largest k such that fewer than k of n fair coins show heads with at most 2.5 %:
 * the k-th smallest and the k-th largest value then enclose the median with at least 95
 * %. 0 if there are too few values for that.
 */
static size_t interval_rank(size_t n)
{
    double term = 1, sum = 0;
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        term /= 2;
    while (k < n / 2 && sum + term <= 0.025) {
        sum += term;
        term *= (double)(n - k) / (double)(k + 1);
        k++;
    }
    return k;
}

static double median_of_copy(const double *values, size_t n)
{
    double *copy = malloc((n + 1) * sizeof *copy);
    if (!copy)
        bench_die("no memory for %zu samples", n);
    memcpy(copy, values, n * sizeof *copy);
    double median = bench_median(copy, n);
    free(copy);
    return median;
}

struct bench_summary bench_summarise(const struct bench_pairs *pairs, bool is_rate)
{
    size_t n = pairs->n;
    struct bench_summary summary = {.n = n};
    if (n == 0)
        return summary;
    double *ratios = calloc(n, sizeof *ratios);
    if (!ratios)
        bench_die("no memory for %zu samples", n);
    for (size_t i = 0; i < n; i++)
        ratios[i] =
            is_rate ? pairs->ours[i] / pairs->peer[i] : pairs->peer[i] / pairs->ours[i];
    summary.ratio = bench_median(ratios, n);
    size_t k = interval_rank(n);
    summary.ci_low = ratios[k > 0 ? k - 1 : 0];
    summary.ci_high = ratios[k > 0 ? n - k : n - 1];
    free(ratios);
    summary.ours = median_of_copy(pairs->ours, n);
    summary.peer = median_of_copy(pairs->peer, n);
    return summary;
}

void bench_print(const struct bench_case *which, const struct bench_pairs *pairs)
{
    struct bench_summary s = bench_summarise(pairs, which->is_rate);
    printf("{\"bench\": \"%s\", \"case\": \"%s\", \"unit\": \"%s\", \"ours\": %.6g, "
           "\"peer\": %.6g, \"peer_name\": \"%s\", \"ratio\": %.4g, \"samples\": %zu, "
           "\"ci_low\": %.4g, \"ci_high\": %.4g}\n",
           which->bench, which->name, which->unit, s.ours, s.peer, which->peer_name,
           s.ratio, s.n, s.ci_low, s.ci_high);
    fflush(stdout);
}

struct bench_options bench_parse(int argc, char **argv)
{
    struct bench_options options = {.argc = argc - 1, .argv = argv + 1};
    if (options.argc > 0 && strcmp(options.argv[0], "--quick") == 0) {
        options.is_quick = true;
        options.argc--;
        options.argv++;
    }
    return options;
}

bool bench_wants(const struct bench_options *options, const char *case_name)
{
    return options->argc == 0 || strstr(case_name, options->argv[0]) != NULL;
}
