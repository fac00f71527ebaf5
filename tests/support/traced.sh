# SPDX-License-Identifier: BSD-3-Clause
# A job that takes checkpoints, under strace: source it. It gives $work, a folder; $build; $seed;
# the command ${job[@]}, what it prints, $expected, and its checkpoints' $folder; fail(), traced()
# and killed_at(); and in $work/trace the system calls of a run that nothing disturbs.
# Skips where nothing can be traced.
# shellcheck shell=bash

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tests/sim has the rare paths
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${TROUPE_BUILD_DIR:-$root/build}
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
# The job takes 0.25 s of simulated time: no checkpoint is due where it prints its result, which
# one that goes on from there would not print again.
export TROUPE_CHECKPOINT=$folder TROUPE_CHECKPOINT_EVERY=0.07 TROUPE_LOG=info
traced -y "${job[@]}" || fail "the undisturbed job: exit code $?"
[ "$(cat "$work/out")" = "$expected" ] || fail "with checkpoints another result"
