#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# jobs/quickstart.sh claims only what it has shown. What it builds and runs is played by
# scripts, so that a rank may be there to be killed or not, and be missed or not.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # what runs is not the library

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" >&2
    exit 1
}

plays() { # plays FILE LINE...
    printf '%s\n' '#!/bin/sh' "${@:2}" > "$work/$1"
    chmod +x "$work/$1"
}

mkdir -p "$work/jobs" "$work/path" "$work/build/bin" "$work/apps/wordcount"
cp "${TROUPE_SOURCE_DIR:?}/jobs/quickstart.sh" "$work/jobs"
: > "$work/apps/wordcount/main.c"
plays jobs/packages.sh
plays path/cmake
plays path/mpirun
plays build/bin/ledger 'echo "the sum"'

# As `troupe run`: makes a checkpoint, has a launcher with a rank (or none), and says what
# it is told to; another attempt if the rank was killed.
supervisor() { # supervisor RANK SAYS
    # shellcheck disable=SC2016 # that is for the script
    plays build/bin/troupe 'while [ "$1" != --checkpoint ]; do shift; done' \
        'mkdir -p "$2/ledger/ckpt-1" && : > "$2/ledger/ckpt-1/MANIFEST"' \
        "sh -c '$1'" "echo '$2' >&2" 'echo "the sum"'
}

starts() { # starts EXIT_CODE
    local code=0
    PATH=$work/path:$PATH timeout 60 bash "$work/jobs/quickstart.sh" > "$work/out" 2>&1 ||
        code=$?
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
}

rank='sleep 20; :'
supervisor "$rank" 'troupe run: attempt 2 goes on from checkpoint 1'
starts 0
grep -q 'has got SIGKILL' "$work/out" || fail 'no rank is killed'
grep -q 'the same to the last bit' "$work/out" || fail 'it does not say what it has shown'
supervisor "$rank" 'troupe run: attempt 2 begins anew'
starts 1
! grep -q 'the same to the last bit' "$work/out" || fail 'it claims what it has not shown'
supervisor : 'troupe run: completed'
starts 1
grep -q 'no rank could be found' "$work/out" || fail 'it does not say that none was killed'
! grep -q 'the same to the last bit' "$work/out" || fail 'it claims what it has not shown'
echo ok
