#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What checkpoints cost a job that has none: messages with this build and with one that knows
# nothing of them (TROUPE_CHECKPOINTS=OFF), made for that. Counted, by callgrind and on
# simulated ranks, where each run is the same; and timed, where a percent is hard to tell.
# Called by bench/run.sh, which sets BENCH_BIN and BENCH_BUILD.
set -euo pipefail

n_messages=20000000 n_pairs=20
if [ "${1:-}" = --quick ]; then n_messages=2000000 n_pairs=10; fi

export TROUPE_PLACE=quiet
cd "$(dirname "${BASH_SOURCE[0]}")/.."
without=$BENCH_BUILD/without
log=$BENCH_BUILD/log/without.log
generator=()
if [ ! -f "$without/CMakeCache.txt" ] && command -v ninja > /dev/null; then generator=(-G Ninja); fi
# All that the other build was told but this.
mapfile -t same < <(sed -n 's/^\(CMAKE_BUILD_TYPE\|CMAKE_C_COMPILER\|CMAKE_C_FLAGS\|TROUPE_LTO\|TROUPE_ASSERT\):\([A-Z]*\)=\(.*\)$/-D\1:\2=\3/p' \
    "$BENCH_BUILD/CMakeCache.txt")
if ! { cmake -S . -B "$without" "${generator[@]}" "${same[@]}" -DTROUPE_CHECKPOINTS=OFF -DTROUPE_BUILD_TESTS=OFF &&
    cmake --build "$without" --parallel "$(nproc)" --target bench_messages; } > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    exit 1
fi

summarise() { # summarise KIND CASE UNIT < pairs
    "$BENCH_BIN/bench_summary" "$1" without "$2" "$3" 'a build without checkpoints'
}

# Instructions a message: the difference of a long run and a short one.
count() { # count PROGRAM RANKS
    local n number=()
    for n in 100000 200000; do
        TROUPE_BACKEND=sim TROUPE_SIM_RANKS=$2 valgrind --tool=callgrind \
            --callgrind-out-file=/dev/null "$1" "$n" > "$log" 2>&1 || { cat "$log" >&2; exit 1; }
        number+=("$(sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$log")")
    done
    awk "BEGIN { print (${number[1]} - ${number[0]}) / 100000 }"
}

rate() { # rate PROGRAM RANKS
    mpirun --bind-to core -n "$2" "$1" "$n_messages"
}

for ranks in 1 2; do
    name="one rank"
    if [ "$ranks" -eq 2 ]; then name="two ranks"; fi
    if command -v valgrind > /dev/null; then
        echo "$(count "$BENCH_BIN/bench_messages" "$ranks")" \
            "$(count "$without/bin/bench_messages" "$ranks")" |
            summarise cost "instructions a message, $name, simulated" instructions
    else
        echo "without: no valgrind, so that nothing is counted" >&2
    fi
    for ((i = 0; i < n_pairs; i++)); do
        echo "$(rate "$BENCH_BIN/bench_messages" "$ranks") $(rate "$without/bin/bench_messages" "$ranks")"
    done | summarise rate "messages, $name" 'million messages/s'
done
