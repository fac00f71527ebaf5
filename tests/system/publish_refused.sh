#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A file system that fails a job at one system call of its checkpoints: strace has one call
# after the other give an error. The job comes to its end with the same bytes, what is
# published verifies, and after the next start nothing temporary is left.
# Some of the calls, chosen by TROUPE_TEST_SEED; with TROUPE_TEST_FULL=1 all, with all errors.
set -euo pipefail

# shellcheck source=tests/support/traced.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/traced.sh"

n_wanted=60 # calls that are tried
if [ -n "${TROUPE_SANITIZE:-}" ]; then n_wanted=15; fi
if [ "${TROUPE_TEST_FULL:-0}" = 1 ]; then n_wanted=1000000; fi

# The calls about the folder's files after the first checkpoint: before, one may refuse to
# start. The name of each, and the how manieth of its name.
awk -v folder="$folder" '
    { name = $2; sub(/\(.*/, "", name) }
    $2 !~ /\(/ { next }
    { n[name]++ }
    index($0, folder) && published && name != "close" { print name, n[name] }
    name ~ /^rename/ && /MANIFEST\.tmp/ { published++ }
' "$work/trace" > "$work/calls"
mapfile -t calls < "$work/calls"
[ "${#calls[@]}" -gt 50 ] || fail "only ${#calls[@]} calls"

# ---- failed, looked at, started again ------------------------------------------------

errors=(ENOSPC EDQUOT EIO EINTR EMFILE)
check() { # check CALL ORDINAL ERROR
    local code=0
    rm -rf "$folder"
    traced -e trace="$1" -e inject="$1:error=$3:when=$2" "${job[@]}" || code=$?
    grep -q INJECTED "$work/trace" || return 0 # the times of the job differ a little
    n_failed=$((n_failed + 1))
    [ "$code" -eq 0 ] || fail "$1 $2 $3: exit code $code"
    [ "$(cat "$work/out")" = "$expected" ] || fail "$1 $2 $3: another result"
    "$build/bin/troupe" checkpoint verify "$folder" > "$work/verified" 2>&1 || fail "$1 $2 $3: $(cat "$work/verified")"
    TROUPE_RESTART_FROM=newest "${job[@]}" > "$work/out" 2> "$work/err" || fail "$1 $2 $3: again: $?"
    [ "$(cat "$work/out")" = "$expected" ] || fail "$1 $2 $3: again another result"
    [ -z "$(find "$folder" -name '*.tmp' -o -name '.trash*')" ] || fail "$1 $2 $3: something is left"
}

step=$((${#calls[@]} / n_wanted + 1))
n_failed=0
for ((i = RANDOM % step; i < ${#calls[@]}; i += step)); do
    read -r name ordinal <<< "${calls[i]}"
    if [ "${TROUPE_TEST_FULL:-0}" = 1 ]; then
        for error in "${errors[@]}"; do check "$name" "$ordinal" "$error"; done
    else
        check "$name" "$ordinal" "${errors[i / step % 5]}"
    fi
done
[ "$n_failed" -gt 0 ] || fail "nothing was made to fail"
printf '%d failures at %d system calls, one a job: all end the same\n' "$n_failed" "${#calls[@]}"
