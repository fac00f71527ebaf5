#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What the second rank gains in is and ep: their own seconds, in turns. Called by
# bench/run.sh, which sets BENCH_BIN.
set -euo pipefail

is_class=A ep_class=W n_turns=20
if [ "${1:-}" = --quick ]; then is_class=W ep_class=S n_turns=10; fi

seconds() { # seconds N FIELD PROGRAM CLASS: of a run that was verified
    local text
    if ! text=$(mpirun --bind-to core -n "$1" "$BENCH_BIN/$3" --json "$4") ||
        ! grep -q '"verified": true' <<< "$text"; then
        echo "bench: $3 class $4, $1 ranks, was not verified: $text" >&2
        return 1
    fi
    grep -o "\"$2\": *[0-9.]*" <<< "$text" | grep -o '[0-9.]*$'
}

in_turns() { # in_turns FIELD PROGRAM CLASS: the seconds of 2 ranks and of 1
    local turn two one
    for ((turn = 0; turn < n_turns; turn++)); do
        two=$(seconds 2 "$@") || return 1
        one=$(seconds 1 "$@") || return 1
        echo "$two $one"
    done
}

# All turns before the summary: a figure of fewer would look like any other.
pairs=$(in_turns ranking_seconds is "$is_class")
"$BENCH_BIN/bench_summary" cost kernels "is class $is_class, 2 ranks" s "1 rank" <<< "$pairs"
pairs=$(in_turns seconds ep "$ep_class")
"$BENCH_BIN/bench_summary" cost kernels "ep class $ep_class, 2 ranks" s "1 rank" <<< "$pairs"
