#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every kernel gives the same bits on 1, 2 and 3 ranks with 1, 2 and 3 threads each, on
# arrays of which every thread has a share, and with each set of instructions.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tiny buffers are tried on sim

program=${TROUPE_BUILD_DIR:?}/bin/tests/mpi_kernel_threads
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

compare() { # compare RANKS THREADS [ISA]
    TROUPE_WORKERS=$2 TROUPE_ISA=${3:-} timeout 120 mpirun --bind-to none --oversubscribe \
        -n "$1" "$program" > "$work/all"
    grep '^fast' "$work/all" >> "$work/fast"
    grep -v '^fast' "$work/all" > "$work/now"
    [ -f "$work/first" ] || cp "$work/now" "$work/first"
    diff "$work/first" "$work/now" || {
        echo "$1 ranks with $2 threads ${3:+and $3 }have other bits" >&2
        exit 1
    }
}

for n_ranks in 1 2 3; do
    for n_threads in 1 2 3; do
        compare "$n_ranks" "$n_threads"
    done
done
for isa in baseline v2 v3 v4; do
    facts=$(TROUPE_ISA=$isa "$TROUPE_BUILD_DIR/bin/troupe" info)
    case $facts in
    *'names none of these'*) ;; # this processor has no such
    *) compare 2 2 "$isa" ;;
    esac
done
n_hashes=$(sort -u "$work/first" | wc -l)
[ "$n_hashes" -ge 30 ] || { echo "only $n_hashes different hashes" >&2; exit 1; }
# What is free to differ does, or the test would see nothing.
[ "$(sort -u "$work/fast" | wc -l)" -gt 1 ] || { echo "FAST gives the same bits" >&2; exit 1; }
echo "$n_hashes hashes on 9 numbers of ranks and threads, and by each set of instructions: the same"
