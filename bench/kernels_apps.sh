#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What the second rank gains in is and ep: their own seconds, in turns. Called by
# bench/run.sh, which sets BENCH_BIN.
set -euo pipefail

is_class=A ep_class=W n_turns=20
if [ "${1:-}" = --quick ]; then is_class=W ep_class=S n_turns=10; fi

seconds() { # seconds N FIELD PROGRAM CLASS
    mpirun --bind-to core -n "$1" "$BENCH_BIN/$3" --json "$4" |
        grep -o "\"$2\": *[0-9.]*" | grep -o '[0-9.]*$'
}

for ((turn = 0; turn < n_turns; turn++)); do
    echo "$(seconds 2 ranking_seconds is $is_class) $(seconds 1 ranking_seconds is $is_class)"
done | "$BENCH_BIN/bench_summary" cost kernels "is class $is_class, 2 ranks" s "1 rank"
for ((turn = 0; turn < n_turns; turn++)); do
    echo "$(seconds 2 seconds ep $ep_class) $(seconds 1 seconds ep $ep_class)"
done | "$BENCH_BIN/bench_summary" cost kernels "ep class $ep_class, 2 ranks" s "1 rank"
