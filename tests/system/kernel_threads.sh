#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every kernel gives the same bits on 1, 2 and 3 ranks with 1, 2 and 3 threads each, on
# arrays of which every thread has a share, and with each set of instructions.
set -euo pipefail
export LC_ALL=C # for sort

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tiny buffers are tried on sim

program=${TROUPE_BUILD_DIR:?}/bin/tests/mpi_kernel_threads
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

compare() { # compare RANKS THREADS [ISA]
    TROUPE_WORKERS=$2 TROUPE_ISA=${3:-} timeout 120 mpirun --bind-to none --oversubscribe \
        -n "$1" "$program" > "$work/all"
    [ -n "${3:-}" ] || grep '^fast' "$work/all" | sort > "$work/fast-$1-$2"
    grep -v '^fast' "$work/all" > "$work/now"
    [ -f "$work/first" ] || cp "$work/now" "$work/first"
    diff "$work/first" "$work/now" || {
        echo "$1 ranks with $2 threads ${3:+and $3 }have other bits" >&2
        exit 1
    }
}

numbers=(1-1 1-2 1-3 2-1 3-1 2-2 2-3 3-2 3-3) isas=(baseline v2 v3 v4)
# Ten times as long with a sanitizer, which looks at memory.
if [ -n "${TROUPE_SANITIZE:-}" ]; then numbers=(1-1 2-3) isas=(); fi
for number in "${numbers[@]}"; do
    compare "${number%-*}" "${number#*-}"
done
for isa in "${isas[@]}"; do
    facts=$(TROUPE_ISA=$isa "$TROUPE_BUILD_DIR/bin/troupe" info)
    case $facts in
    *'names none of these'*) ;; # this processor has no such
    *) compare 2 2 "$isa" ;;
    esac
done
n_hashes=$(sort -u "$work/first" | wc -l)
[ "$n_hashes" -ge 30 ] || { echo "only $n_hashes different hashes" >&2; exit 1; }
echo "$n_hashes hashes on ${#numbers[@]} numbers of ranks and threads, and by ${#isas[@]} sets of instructions: the same"
[ -z "${TROUPE_SANITIZE:-}" ] || exit 0
# What is free to differ does, or the test would see nothing: each operation that has a
# FAST of its own (system.golden knows them), by ranks alone and by threads alone.
[ "$(wc -l < "$work/fast-1-1")" -eq 4 ] || { echo "not four operations by FAST" >&2; exit 1; }
for other in 2-1 3-1 1-2 1-3; do
    same=$(comm -12 "$work/fast-1-1" "$work/fast-$other")
    [ -z "$same" ] || { printf 'FAST gives the same bits (ranks-threads %s):\n%s\n' "$other" "$same" >&2; exit 1; }
done
