#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A rank that is stopped, and a handler that does not come to an end: `troupe run` notices
# in time and starts the job again, and no process, shared memory or session folder is left
# of the first attempt. TROUPE_TEST_CYCLES=N times, or with
# TROUPE_TEST_FULL=1 a hundred.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # what runs is not the library
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${TROUPE_BUILD_DIR:-$root/build}
n_cycles=2
if [ "${TROUPE_TEST_FULL:-0}" = 1 ] && [ -z "${TROUPE_SANITIZE:-}" ]; then n_cycles=100; fi
n_cycles=${TROUPE_TEST_CYCLES:-$n_cycles}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}
# shellcheck source=tests/support/leftovers.sh
. "$root/tests/support/leftovers.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 TROUPE_PLACE=quiet
export TROUPE_TEST_VICTIM_FILE=$work/times TROUPE_TEST_VICTIM_TIMES=1

says() { # says FILE TEXT
    grep -qF -- "$2" "$work/$1" || fail "'$2' is not in the $1put"
}

hangs() { # hangs HOW LIMIT: once, and then the job does well; a busy machine is no hang
    local begin=$SECONDS code=0
    rm -f "$work/times"
    TROUPE_TEST_VICTIM=$1 timeout 100 "$build/bin/troupe" run -n 2 --delay 0.05 \
        --journal "$work/journal" "$2" 4 "$build/bin/tests/mpi_run_victim" \
        > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq 0 ] || fail "$1: exit code $code"
    says out 'all is well'
    [ "$(wc -c < "$work/times")" -eq 2 ] || fail "$1: not two attempts"
    clean "$1"
    longest=$((SECONDS - begin > longest ? SECONDS - begin : longest))
}

longest=0
for ((i = 0; i < n_cycles; i++)); do
    if ((i % 2 == 0)); then
        hangs stop --liveness
        says err 'rank 1 on'
        says err 'does not answer: it is stopped, or its host is gone'
        says err 'the process of rank 0 waits for a barrier'
    else
        hangs endless --progress
        says err 'rank 1: it does not come out of its turn'
    fi
    ((i % 10 < 9)) || printf '%d cycles\n' $((i + 1))
done
printf '%d cycles of a rank that hangs for 4 s: all were noticed and nothing is left; %s\n' \
    "$n_cycles" "the longest took $longest s"
