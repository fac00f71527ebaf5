#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every kernel gives the same bits on 1, 2 and 3 ranks with 1, 2 and 3 threads each, on
# arrays of which every thread has a share, and with each set of instructions; and on 5, 7
# and 8 ranks with uneven parts, one of them empty, and with hostile numbers.
# TROUPE_TEST_SEED, else the clock, draws the cuts, how many threads 5, 7 and 8 ranks have,
# and a set of instructions for one of them; TROUPE_TEST_FULL=1: 1, 2 and 3 threads.
set -euo pipefail
export LC_ALL=C # for sort

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tiny buffers are tried on sim

program=${TROUPE_BUILD_DIR:?}/bin/tests/mpi_kernel_threads
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# What each line says by either compiler. Where an operation was added: the sum that a
# failure shows, if the lines of before are the same.
golden=1013470929
# Threads that look for work all the time take it from ranks without a core.
export OMP_WAIT_POLICY=passive

run() { # run RANKS THREADS [VARIABLE=VALUE]
    env TROUPE_WORKERS="$2" "${@:3}" timeout 120 mpirun --bind-to none --oversubscribe \
        -n "$1" "$program" > "$work/all"
    grep -v '^fast' "$work/all" > "$work/now"
}

expect() { # expect LINES WHO: that is what was said
    diff "$1" "$work/now" || { echo "$2: other bits" >&2; exit 1; }
}

compare() { # compare RANKS THREADS [VARIABLE=VALUE]
    run "$@"
    [ $# -gt 2 ] || grep '^fast' "$work/all" | sort > "$work/fast-$1-$2"
    expect "$work/tame" "ranks, threads: $*"
}

seed=${TROUPE_TEST_SEED:-$(date +%s)}
unset TROUPE_TEST_SEED
echo "TROUPE_TEST_SEED=$seed"
numbers=(1-1 1-2 1-3 2-1 3-1) isas=() absent=()
for number in 2-2-baseline 2-3-v2 3-2-v3 3-3-v4; do
    facts=$(TROUPE_ISA=${number##*-} "$TROUPE_BUILD_DIR/bin/troupe" info)
    case $facts in
    *'names none of these'*) absent+=("${number##*-}") numbers+=("${number%-*}") ;;
    *) isas+=("$number") ;;
    esac
done
# Each of 1, 2 and 3 threads once, and one with a set that need not be the best.
draw=$((seed / 3))
uneven=("5-$((draw % 3 + 1))" "7-$(((draw + 1) % 3 + 1))" "8-$(((draw + 2) % 3 + 1))")
if [ "${TROUPE_TEST_FULL:-0}" = 1 ]; then
    uneven=(5-1 5-2 5-3 7-1 7-2 7-3 8-1 8-2 8-3)
fi
forced=${isas[seed / 9 % ${#isas[@]}]##*-}
uneven[seed % ${#uneven[@]}]+=-$forced
# Ten times as long with a sanitizer, which looks at memory.
first=(1 1)
if [ -n "${TROUPE_SANITIZE:-}" ]; then first=(2 3) numbers=() uneven=() isas=(); fi
run "${first[@]}" TROUPE_TEST_SEED="$seed"
cp "$work/now" "$work/first"
grep -v '^hostile' "$work/first" > "$work/tame"
now=$(cksum < "$work/first" | cut -d ' ' -f 1)
[ "$now" = "$golden" ] || {
    cat "$work/first" >&2
    echo "ranks, threads: ${first[*]}: the sum of all lines is $now, not $golden" >&2
    exit 1
}
for number in "${uneven[@]}"; do
    IFS=- read -r n_ranks n_threads isa <<< "$number"
    run "$n_ranks" "$n_threads" TROUPE_TEST_SEED="$seed" TROUPE_ISA="$isa"
    expect "$work/first" "TROUPE_TEST_SEED=$seed with ranks-threads $number"
done
for number in "${numbers[@]}"; do
    compare "${number%-*}" "${number#*-}"
done
for number in "${isas[@]}"; do
    IFS=- read -r n_ranks n_threads isa <<< "$number"
    compare "$n_ranks" "$n_threads" "TROUPE_ISA=$isa"
done
n_hashes=$(sort -u "$work/first" | wc -l)
[ "$n_hashes" -ge 130 ] || { echo "only $n_hashes different hashes" >&2; exit 1; }
echo "$n_hashes hashes on $((${#numbers[@]} + ${#isas[@]})) numbers of ranks and threads, with sets of instructions ${isas[*]##*-}, not ${absent[*]:-any other}, and on ${uneven[*]} with uneven parts: the same"
[ -z "${TROUPE_SANITIZE:-}" ] || exit 0
# What is free to differ does, or the test would see nothing: each operation that has a
# FAST of its own (system.golden knows them), by ranks alone and by threads alone.
[ "$(wc -l < "$work/fast-1-1")" -eq 4 ] || { echo "not four operations by FAST" >&2; exit 1; }
for other in 2-1 3-1 1-2 1-3; do
    same=$(comm -12 "$work/fast-1-1" "$work/fast-$other")
    [ -z "$same" ] || { printf 'FAST gives the same bits (ranks-threads %s):\n%s\n' "$other" "$same" >&2; exit 1; }
done
