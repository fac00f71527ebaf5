#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A file system that fails a job at one system call of its checkpoints: strace has one call
# after the other give an error. The job comes to its end with the same bytes, what is
# published verifies, and after the next start nothing temporary is left.
# Some of the calls, chosen by TROUPE_TEST_SEED; with TROUPE_TEST_FULL=1 all, with all errors.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tests/sim has the rare paths
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${TROUPE_BUILD_DIR:-$root/build}
n_wanted=60 # calls that are tried
if [ -n "${TROUPE_SANITIZE:-}" ]; then n_wanted=15; fi
if [ "${TROUPE_TEST_FULL:-0}" = 1 ]; then n_wanted=1000000; fi
seed=${TROUPE_TEST_SEED:-$RANDOM}
RANDOM=$seed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The leak detector is a tracer itself, and two there cannot be.
traced() { # traced ARGUMENT...: of strace; its words are the program's, who may be killed
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -o "$work/trace" "$@" \
        > "$work/out" 2> "$work/err"
}
killed_at() { # killed_at CALL ORDINAL COMMAND...: by its name, the so-manieth of that name
    local code=0
    { traced -e trace="$1" -e inject="$1:signal=KILL:when=$2" "${@:3}"; } 2> "$work/shell" || code=$?
    [ "$code" -eq 137 ]
}
if ! command -v strace > /dev/null || ! traced true ||
    ! killed_at mkdir 1 mkdir "$work/never" || [ -e "$work/never" ]; then
    echo "skipped: there is no strace, or it may not trace, or not kill"
    exit 77
fi

fail() {
    printf 'FAILED with TROUPE_TEST_SEED=%s: %s\n' "$seed" "$1" >&2
    tail -n 3 "$work/trace" >&2
    tail -n 100 "$work/out" "$work/err" >&2
    find "$folder" >&2
    exit 1
}

# ---- a job ---------------------------------------------------------------------------

job=("$build/bin/ledger" --accounts 40 --transfers 600 --pause 0.02)
export TROUPE_BACKEND=sim TROUPE_SIM_RANKS=4 # in one process, which goes as a whole
unset TROUPE_CHECKPOINT
expected=$("${job[@]}")
folder=$work/ck
export TROUPE_CHECKPOINT=$folder TROUPE_CHECKPOINT_EVERY=0.06 TROUPE_LOG=info
traced -y "${job[@]}" || fail "the undisturbed job: exit code $?"
[ "$(cat "$work/out")" = "$expected" ] || fail "with checkpoints another result"

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
