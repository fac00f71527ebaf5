#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A rank is killed; started again, on as many ranks or others, the job ends with the value of
# a run that nothing happened to. What cannot be gone on from is refused, and left alone.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tests/sim has the rare paths

toy=${TROUPE_BUILD_DIR:?}/bin/tests/mpi_checkpoint
troupe=$TROUPE_BUILD_DIR/bin/troupe
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" >&2
    exit 1
}

on_ranks() { # on_ranks N ARGUMENT...: into $work/out
    local n=$1
    shift
    timeout 120 mpirun --bind-to none --oversubscribe -n "$n" "$toy" "$@" > "$work/out" 2>&1
}

says() {
    grep -qF -- "$1" "$work/out" || fail "it does not say '$1'"
}

# ---- killed, and started again -------------------------------------------------------

steps=(1000 1)
slow=(1000 20) # for who is killed: the machine may be busy
on_ranks 2 1000 0 || fail "undisturbed: exit code $?"
value=$(grep '^value' "$work/out")

export TROUPE_CHECKPOINT=$work/ckpt TROUPE_CHECKPOINT_EVERY=0.2 TROUPE_LOG=info
newest() {
    find "$work/ckpt" -name MANIFEST 2> "$work/gone" | sort | tail -n 1 # some go meanwhile
}
kill_one() { # kill_one N: a rank of a job of N, when a checkpoint later than the last is there
    local before victim mpirun_pid code=0
    before=$(newest || true)
    mpirun --bind-to none --oversubscribe -n "$1" "$toy" "${slow[@]}" > "$work/out" 2>&1 &
    mpirun_pid=$!
    for _ in $(seq 1200); do
        [ "$(newest || true)" = "$before" ] || break
        sleep 0.05
    done
    [ "$(newest || true)" != "$before" ] || fail "no checkpoint came"
    victim=$(pgrep -P "$mpirun_pid" | tail -n 1)
    kill -KILL "$victim" || fail "there was nobody to kill"
    wait "$mpirun_pid" || code=$?
    [ "$code" -ne 0 ] || fail "mpirun says that all is well"
}

kill_one 2
kill_one 3
says 'goes on from checkpoint'
on_ranks 2 "${steps[@]}" || fail "the last attempt: exit code $?"
says 'restored at'
says "$value"
[ "$(find "$work/ckpt" -name MANIFEST | wc -l)" -le 2 ] || fail "more than two checkpoints are kept"
[ -z "$(find "$work/ckpt" -name '*.tmp')" ] || fail "something unfinished was left"
"$troupe" checkpoint verify "$work/ckpt/mpi_checkpoint" > "$work/out" 2>&1 || fail "not sound"
echo "killed and restarted: ok"

# ---- damaged within ------------------------------------------------------------------

rm -rf "$work/ckpt"
kill_one 2
kill_one 2
damaged=$(dirname "$(newest)")/part-000000
byte=$(od -An -tu1 -j 80 -N 1 "$damaged")
printf '%b' "\\x$(printf '%02x' $((byte ^ 255)))" |
    dd of="$damaged" bs=1 seek=80 conv=notrunc status=none
code=0
on_ranks 2 "${steps[@]}" || code=$?
[ "$code" -eq 74 ] || fail "a damaged block: exit code $code, not 74"
says 'no restart: damaged: '
! grep -q 'audit:' "$work/out" || fail 'what has not run is audited'
older=$(sed -n 's/.*set TROUPE_RESTART_FROM=\([0-9]*\) to go on.*/\1/p' "$work/out" | head -n 1)
[ -n "$older" ] || fail 'it does not name the older one'
TROUPE_RESTART_FROM=$older on_ranks 2 "${steps[@]}" || fail "from $older: exit code $?"
says "goes on from checkpoint $older"
says "$value"

# What a rank had loaded before another refused is no leak.
toy=$TROUPE_BUILD_DIR/bin/ledger
on_ranks 2 --transfers 5000 --pause 0.02 || fail "ledger: exit code $?"
damaged=$(find "$work/ckpt/ledger" -name part-000001 | sort | tail -n 1)
printf '    ' | dd of="$damaged" bs=1 seek=$(($(stat -c %s "$damaged") - 3000)) conv=notrunc \
    status=none
code=0
TROUPE_RESTART_FROM=newest on_ranks 2 --transfers 5000 || code=$?
[ "$code" -eq 74 ] || fail "a damaged block: exit code $code, not 74"
says 'block'
! grep -q 'audit:' "$work/out" || fail 'what has not run is audited'
toy=$TROUPE_BUILD_DIR/bin/tests/mpi_checkpoint
echo "damaged within: ok"

# ---- USR1 ----------------------------------------------------------------------------

rm -rf "$work/ckpt"
export TROUPE_CHECKPOINT_EVERY=1000
mpirun --bind-to none --oversubscribe -n 2 "$toy" 1000 3 > "$work/out" 2>&1 &
job=$!
listens() { # listens PROCESS: it catches USR1, and the job has begun
    local caught
    caught=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' "/proc/$1/status" 2> /dev/null) || return 1
    [ -d "$work/ckpt/mpi_checkpoint/attempt-00000001" ] && ((0x0$caught & 0x200))
}
for _ in $(seq 1200); do
    victim=$(pgrep -P "$job" | tail -n 1 || true)
    ! listens "${victim:-none}" || break
    sleep 0.05
done
kill -USR1 "$victim"
wait "$job" || fail "with USR1: exit code $?"
says 'checkpoint 1 published'
says "$value"
echo "USR1: ok"

# ---- refused -------------------------------------------------------------------------

refused() { # refused EXIT_CODE TEXT: leaves all as it is
    local code=0
    find "$work/ckpt" -name 'part-*' -o -name MANIFEST -o -name COMPLETED | sort | xargs cksum > "$work/before"
    on_ranks 1 "${steps[@]}" || code=$?
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
    says "$2"
    ! grep -q 'audit:' "$work/out" || fail 'what has not run is audited'
    find "$work/ckpt" -name 'part-*' -o -name MANIFEST -o -name COMPLETED | sort | xargs cksum > "$work/after"
    cmp -s "$work/before" "$work/after" || fail "checkpoints have changed"
}

refused 78 'is completed'
TROUPE_RESTART_FROM=newest on_ranks 2 "${steps[@]}" || fail "on from the end: exit code $?"
TROUPE_RESTART_FROM=77 refused 74 'there is no checkpoint 77'
refused 78 'is completed' # still
lock=$work/ckpt/mpi_checkpoint/supervisor
(flock 9 && exec sleep 60) 9>> "$lock" &
while flock -n "$lock" true; do sleep 0.05; done
TROUPE_RESTART_FROM=newest refused 75 'somebody else works on this job'
kill $! # and the lock goes
wait $! || true
rm "$work/ckpt/mpi_checkpoint/COMPLETED" # as if it had died at the very end
TROUPE_RESTART_FROM=soon refused 78 'newest, none, EPOCH or EPOCH.ATTEMPT'
TROUPE_CHECKPOINT=$work/no/such refused 74 "$work/no: No such file"
[ ! -e "$work/no" ] || fail 'it is made all the same'
TROUPE_CHECKPOINT=$work/new TROUPE_RESTART_FROM=newest on_ranks 1 1 0 || fail "new: exit code $?"
says "no checkpoint in $work/new/mpi_checkpoint: the job begins at its start"
TROUPE_CHECKPOINT=/dev/null refused 74 'cannot be used'
TROUPE_CHECKPOINT_JOB=a/b refused 78 "job 'a/b'"
chmod o+w "$work/ckpt"
refused 78 'all the world may write'
TROUPE_CHECKPOINT_WORLD_WRITABLE=1 TROUPE_RESTART_FROM=77 refused 74 'there is no checkpoint 77'
chmod o-w "$work/ckpt"
chmod o+w "$work/ckpt/mpi_checkpoint"
refused 78 "$work/ckpt/mpi_checkpoint: chmod o-w it"
chmod o-w "$work/ckpt/mpi_checkpoint"
mkdir "$work/ckpt/mpi_checkpoint/attempt-4294967295"
refused 74 'no number is left for an attempt'
rmdir "$work/ckpt/mpi_checkpoint/attempt-4294967295"
manifest=$(newest)
mv "$manifest" "$work/manifest"
ln -s MANIFEST "$manifest" # to itself: nobody can read it
code=0
on_ranks 1 "${steps[@]}" || code=$?
[ "$code" -eq 74 ] || fail "unreadable: exit code $code, not 74"
says 'the manifest cannot be read: Too many levels'
mv "$work/manifest" "$manifest"
part=$(find "$work/ckpt" -name part-000000)
printf x | dd of="$part" bs=1 seek=20 conv=notrunc status=none
refused 74 'passed over'
echo "refused: ok"
