#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every kernel gives the same bits on 1, 2 and 3 ranks with 1, 2 and 3 threads each, on
# arrays of which every thread has a share.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tiny buffers are tried on sim

program=${TROUPE_BUILD_DIR:?}/bin/tests/mpi_kernel_threads
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

for n_ranks in 1 2 3; do
    for n_threads in 1 2 3; do
        TROUPE_WORKERS=$n_threads timeout 120 mpirun --bind-to none --oversubscribe \
            -n "$n_ranks" "$program" > "$work/all"
        grep '^fast' "$work/all" >> "$work/fast"
        grep -v '^fast' "$work/all" > "$work/now"
        [ -f "$work/first" ] || cp "$work/now" "$work/first"
        diff "$work/first" "$work/now" || {
            echo "$n_ranks ranks with $n_threads threads have other bits" >&2
            exit 1
        }
    done
done
n_hashes=$(sort -u "$work/first" | wc -l)
[ "$n_hashes" -ge 25 ] || { echo "only $n_hashes different hashes" >&2; exit 1; }
# What is free to differ does, or the test would see nothing.
[ "$(sort -u "$work/fast" | wc -l)" -gt 1 ] || { echo "FAST gives the same bits" >&2; exit 1; }
echo "$n_hashes hashes on 9 numbers of ranks and threads: the same"
