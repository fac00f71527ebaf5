/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Summarises pairs that a script measured: lines "ours peer" on standard input, one
 * JSON line on standard output.
 *
 *   bench_summary cost|rate BENCH CASE UNIT PEER_NAME
 */
#include "common/measure.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PAIRS = 1000 };

int main(int argc, char **argv)
{
    if (argc != 6)
        bench_die("usage: bench_summary cost|rate BENCH CASE UNIT PEER_NAME");
    struct bench_case which = {.is_rate = strcmp(argv[1], "rate") == 0,
                               .bench = argv[2],
                               .name = argv[3],
                               .unit = argv[4],
                               .peer_name = argv[5]};
    struct bench_pairs pairs;
    bench_pairs_init(&pairs, MAX_PAIRS);
    double ours, peer;
    while (scanf("%lf %lf", &ours, &peer) == 2)
        bench_pairs_add(&pairs, ours, peer);
    if (pairs.n == 0)
        bench_die("%s: no pairs of numbers", which.name);
    bench_print(&which, &pairs);
    bench_pairs_fini(&pairs);
    return 0;
}
