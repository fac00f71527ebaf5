#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The token comes home, on any number of ranks; what is wrong is said once.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # hello and wordcount do

ring=${TROUPE_BUILD_DIR:?}/bin/ring
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

on_ranks() { # on_ranks N ARGUMENT...
    local n=$1
    shift
    timeout 60 mpirun --bind-to none --oversubscribe -n "$n" "$ring" "$@"
}

check() { # check WHAT PATTERN OUTPUT
    if ! grep -qxE "$2" <<< "$3"; then
        printf '%s: FAILED, it printed: %s\n' "$1" "$3" >&2
        exit 1
    fi
    echo "$1: ok: $3"
}

check "one rank" '1000 actors on 1 ranks, 10000 hops: [0-9]+ ns per hop' "$(on_ranks 1)"
check "two ranks" '1000 actors on 2 ranks, 3000 hops: [0-9]+ ns per hop' "$(on_ranks 2 --laps 3)"
check "four ranks" '7 actors on 4 ranks, 35 hops: [0-9]+ ns per hop' \
    "$(on_ranks 4 --actors 7 --laps 5)"
check "one actor" '1 actors on 2 ranks, 10 hops: [0-9]+ ns per hop' "$(on_ranks 2 --actors 1)"
check "simulated" '1000 actors on 3 ranks, 1000 hops: [0-9]+ ns per hop' \
    "$(TROUPE_BACKEND=sim TROUPE_SIM_RANKS=3 timeout 60 "$ring" --laps 1)"

for wrong in "--actors 0" "--laps" "--laps x" "--loops 3"; do
    code=0
    # shellcheck disable=SC2086 # an option and its value
    error=$(on_ranks 2 $wrong 2>&1 > /dev/null) || code=$?
    if [ "$code" -ne 64 ] || [ "$(grep -c '^usage: ring' <<< "$error")" -ne 1 ]; then
        printf '%s: FAILED, exit code %d, %s\n' "$wrong" "$code" "$error" >&2
        exit 1
    fi
done
echo "wrong arguments: ok"
