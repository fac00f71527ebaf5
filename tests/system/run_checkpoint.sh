#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `troupe run` and checkpoints: whatever is killed or asked to stop, and when, the job ends
# with the bits of one that nothing happened to.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tiny limits make it slow, and no other

troupe=${TROUPE_BUILD_DIR:?}/bin/troupe
job=("$TROUPE_BUILD_DIR/bin/tests/mpi_checkpoint" 150 20) # steps, each so many ms
work=$(mktemp -d)
mkdir "$work/tmp"
export TMPDIR=$work/tmp
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
export TROUPE_CHECKPOINT_PACK=always # killed.sh has the usual
mark=TROUPE_TEST_MARK=$$.$RANDOM
export "${mark?}"

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" "$work/journal" >&2
    exit 1
}

start() { # start RANKS [OPTION…]: a supervisor beside us
    local n_ranks=$1
    shift
    "$troupe" run -n "$n_ranks" --every 0.5 "$@" --checkpoint "$work/ck" --job toy \
        --journal "$work/journal" "${job[@]}" > "$work/out" 2> "$work/err" &
    supervisor=$!
}

ends() { # ends EXIT_CODE
    local code=0
    wait "$supervisor" 2> /dev/null || code=$?
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
}

published() { # how many, in all attempts
    { cat "$work/journal" 2> /dev/null || true; } | sed -n '/"published"/p' | wc -l
}

wait_for_another() { # a checkpoint more than now
    local before
    before=$(published)
    for _ in $(seq 1200); do
        [ "$(published)" -le "${before:-0}" ] || return 0
        sleep 0.05
    done
    fail 'no checkpoint came'
}

a_rank() { # the process of one
    local environment process
    grep -lzxF "$mark" /proc/[0-9]*/environ 2> /dev/null | while read -r environment; do
        process=$(dirname "$environment")
        case $(readlink "$process/exe") in
        */mpi_checkpoint) printf '%s\n' "${process#/proc/}" ;;
        esac
    done | tail -n 1
}

has_value() { # and goes on from a checkpoint
    grep -qxF "$value" "$work/out" || fail "not '$value'"
    grep -q '^restored at [1-9]' "$work/out" || fail 'not from a checkpoint'
}

value=$(mpirun --bind-to none -n 2 "${job[@]}")

# A rank dies, twice.
start 2
wait_for_another
kill -KILL "$(a_rank)"
wait_for_another
kill -KILL "$(a_rank)"
ends 0
has_value
[ "$(grep -c '"launched"' "$work/journal")" -eq 3 ] || fail 'not three attempts'

# Asked to stop it takes a checkpoint first; the next one goes on, with another rank.
rm -rf "$work/ck" "$work/journal"
start 2
wait_for_another
n_before=$(published)
kill -TERM "$supervisor"
ends 75
[ "$(published)" -gt "$n_before" ] || fail 'it did not save before it stopped'
start 3
ends 0
has_value

# The supervisor dies.
rm -rf "$work/ck" "$work/journal"
start 2
wait_for_another
kill -KILL "$supervisor"
ends 137
start 2
ends 0
has_value

# The folder is gone for a while: the job goes on, and one line says why there are none.
rm -rf "$work/ck" "$work/journal"
start 2
wait_for_another
mv "$work/ck/toy" "$work/ck/away"
for _ in $(seq 1200); do
    [ "$(grep -c '"given up"' "$work/journal")" -lt 2 ] || break
    sleep 0.05
done
mv "$work/ck/away" "$work/ck/toy"
ends 0
grep -qxF "$value" "$work/out" || fail "not '$value'"
[ "$(grep -c '"given up"' "$work/journal")" -ge 2 ] || fail 'not given up twice'
[ "$(grep -c '^troupe run: a checkpoint was given up' "$work/err")" -eq 1 ] ||
    fail 'it does not say once why there are no checkpoints'

# On a terminal a line of progress: never wider than that, and gone before the job speaks.
if command -v script > /dev/null; then
    rm -rf "$work/ck" "$work/journal"
    cat > "$work/talker" << 'END'
#!/bin/sh
(while sleep 0.3; do echo "said beside it"; done) &
mpirun "$@"
code=$?
kill $!
exit $code
END
    chmod +x "$work/talker"
    words="stty cols 50; '$troupe' run -n 2 --launcher '$work/talker' --checkpoint '$work/ck'
        --job toy --every 0.5 ${job[*]}"
    SHELL=/bin/sh script -qefc "${words//$'\n'/ }" "$work/typed" > "$work/out" < /dev/null ||
        fail 'on a terminal'
    tr -d '\n' < "$work/typed" | tr '\r' '\n' > "$work/lines"
    # Each piece between carriage returns that is progress, and what comes after it.
    awk -v clear="$(printf '\033[K')" '
        $0 == "" { next }
        shown && index($0, clear) != 1 { print "not taken away before: " $0; bad = 1 }
        { sub(/^\033\[K/, "") }
        { shown = $0 ~ /^attempt [0-9]+ runs, / }
        shown && length($0) > 49 { print "too wide: " $0; bad = 1 }
        { n_shown += shown; n_cut += shown && length($0) == 49 }
        $0 == "said beside it" { n_said++ }
        END { if (n_shown < 2 || !n_cut || n_said < 3) { print "not shown"; bad = 1 }
              exit bad }' "$work/lines" > "$work/faults" ||
        fail "on a terminal: $(cat "$work/faults" "$work/lines")"
    grep -qF "$value" "$work/typed" || fail "on a terminal: not '$value'"
fi

# Somebody asks.
rm -rf "$work/ck" "$work/journal"
start 2
wait_for_another
"$troupe" checkpoint now "$work/ck" > "$work/now" || fail 'checkpoint now'
grep -q '^checkpoint [0-9]* published: ' "$work/now" || fail 'it does not say what it made'
"$troupe" checkpoint now --json "$work/ck" > "$work/now" || fail 'checkpoint now --json'
grep -qE '^\{"exit_code":0,"text":"checkpoint ([0-9]+) published: .*","epoch":\1,"attempt":1,"size_bytes":[1-9][0-9]*,"frozen_ms":[0-9]+,"waited_ms":[0-9]+\}$' \
    "$work/now" || fail "it does not say to a program what it made: $(cat "$work/now")"
ends 0

# What is completed is not gone on from unasked.
start 2
ends 78
grep -q 'this job is completed: --from none' "$work/err" || fail 'it does not say that it is completed'
start 2 --from 77
ends 74
completed=("${job[@]}")
job=("$TROUPE_BUILD_DIR/bin/ledger")
good() { # those that a restart may take, the newest first
    "$troupe" checkpoint verify "$work/ck/toy" | sed -n 's/ .* good$//p; s/ good$//p'
}
good > "$work/before"
[ "$(wc -l < "$work/before")" -ge 2 ] || fail "fewer than two good: $(cat "$work/before")"
for from in newest "$(sed -n '$s/\..*//p' "$work/before")"; do
    start 2 --from "$from"
    ends 78
    grep -q "this is 'ledger'" "$work/err" || fail 'it does not say that the program is another'
    good | cmp - "$work/before" || fail "refused from $from, and some are void"
done
job=("${completed[@]}")
start 2 # still, whatever was refused since
ends 78
# One that has run has voided what it went past, however it ends.
printf '#!/bin/sh\nmpirun "$@"\nexit 1\n' > "$work/ends_1"
chmod +x "$work/ends_1"
start 2 --from "$from" --launcher "$work/ends_1" --every 1000
ends 1
good > "$work/after"
sed 1q "$work/before" | grep -qxFf - "$work/after" &&
    fail "what was gone past can be gone on from: $(cat "$work/after")"
start 2 --from none
ends 0
grep -qxF "$value" "$work/out" || fail "begun anew: not '$value'"
! grep -q '^restored' "$work/out" || fail 'not begun anew'
echo ok
