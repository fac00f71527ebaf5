#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Programs of which every n-th allocation fails, for many n: the result is the undisturbed
# one, or the program ends by itself and says that there was no memory. Needs a hostile build.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -ne 0 ] || exit 77

bin=${TROUPE_BUILD_DIR:?}/bin
export TROUPE_BACKEND=sim TROUPE_SIM_RANKS=3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
n_whole=0 n_ended=0

fail() { # fail WHAT
    printf '%s: FAILED\n' "$1" >&2
    cat "$folder/said" >&2
    exit 1
}

# Whatever ends by a signal, or not at all, has not ended by itself.
run_with() { # run_with N PROGRAM ARGUMENT...
    local n=$1 code=0
    shift
    TROUPE_TEST_FAIL_ALLOC=$n timeout 60 "$bin/$1" "${@:2}" \
        > "$folder/out" 2> "$folder/said" || code=$?
    if [ "$code" -eq 0 ]; then
        cmp "$folder/out" "$folder/wanted" || fail "$* with every $n-th: another result"
        n_whole=$((n_whole + 1))
        return
    fi
    [ "$code" -lt 124 ] || fail "$* with every $n-th: exit code $code"
    grep -qi memory "$folder/said" || fail "$* with every $n-th: no reason"
    n_ended=$((n_ended + 1))
}

check() { # check PROGRAM ARGUMENT...
    n_whole=0 n_ended=0
    timeout 60 "$bin/$1" "${@:2}" > "$folder/wanted" 2> "$folder/said" || fail "$*"
    for n in $(seq 1 40) 47 60 76 97 123 200 400 1000 3000 10000; do
        run_with "$n" "$@"
    done
    # It must have come to both.
    [ "$n_whole" -gt 0 ] || fail "$*: never came through"
    [ "$n_ended" -gt 0 ] || fail "$*: never was without memory"
    echo "$*: ok, $n_whole times whole, $n_ended times ended"
}

seq 1 3000 > "$folder/numbers.csv"
check hello
check wordcount --top 5 /usr/include/linux
check cg --poisson 8 --json
check ledger --transfers 300 --accounts 20
check summary "$folder/numbers.csv"
