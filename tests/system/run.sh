#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `troupe run`: what it makes of exit codes, crashes and signals, and what is left of a job
# afterwards; hung.sh has hangs. First with launchers that are short scripts, then with mpirun.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # what runs is not the library

troupe=${TROUPE_BUILD_DIR:?}/bin/troupe
victim=$TROUPE_BUILD_DIR/bin/tests/mpi_run_victim
work=$(mktemp -d)
export TROUPE_PLACE=quiet
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

# shellcheck source=tests/support/leftovers.sh
. "${TROUPE_SOURCE_DIR:?}/tests/support/leftovers.sh"

run() { # run EXIT_CODE ARGUMENT...: into $work/out and $work/err
    local expected=$1 code=0
    shift
    timeout 100 "$troupe" run --delay 0.05 --journal "$work/journal" "$@" \
        > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$expected" ] || fail "run $*: exit code $code, not $expected"
}

says() { # says FILE TEXT
    grep -qF -- "$2" "$work/$1" || fail "'$2' is not in the $1put"
}

json() { # json EXPRESSION of "it"
    command -v python3 > /dev/null || return 0
    python3 -c "import json, sys; it = json.load(open(sys.argv[1])); assert $1, it" \
        "$work/out" || fail "not so: $1"
}

launcher() { # launcher LINE...: what $work/launcher does
    printf '%s\n' '#!/bin/sh' "echo >> $work/launches" "$@" > "$work/launcher"
    chmod +x "$work/launcher"
    : > "$work/launches"
}

launched() { # launched N
    [ "$(wc -l < "$work/launches")" -eq "$1" ] || fail "not launched $1 times"
}

# ---- use ---------------------------------------------------------------------------------

"$troupe" run --help > "$work/out" 2> "$work/err" || fail 'no help'
says out 'usage: troupe run [OPTION...] [--] PROGRAM'
run 64
says err 'run needs a program'
run 64 -n 0 true
run 64 -n many true
says err "-n needs a whole number up to 1000000, not 'many'"
run 64 --livenes 3 true
says err "did you mean '--liveness'?"
run 64 --liveness
says err '--liveness needs a value'
run 64 --from 12x --checkpoint "$work/ck" true
run 64 --every 5 true
run 64 --spare 1 true
says err '--spare, --min-ranks and --agent need --hosts'
run 64 --hosts a:x true
says err 'a:x: not hosts such as a:4,b:4'
run 64 --hosts a:2,b:2 -n 5 true
says err 'room for fewer ranks than that'
run 0 --dry-run --hosts a:2,b:2,c:3 --spare 1 true
says out 'mpirun -n 4 '
says out '--host a:2,b:2 '
run 64 "$work/no-such-program"
says err "$work/no-such-program: No such file"
run 64 "$work"
says err "$work: Is a directory"
run 64 /dev/null
says err '/dev/null: not a regular file'
run 64 ./no-such-program
: > "$work/plain"
run 64 "$work/plain"
says err "$work/plain: Permission denied"
run 64 -- no-such-program
says err 'no-such-program: in no folder of PATH'
mkdir "$work/folders" "$work/folders/tool"
PATH=$work/folders:$PATH run 64 tool
says err 'tool: in no folder of PATH'
launcher 'exit 64' # where it looks for it is its own affair
run 64 --launcher "$work/launcher" --launcher-option --wdir --launcher-option / bin/sh
launched 1
run 64 --hosts localhost --agent false --launcher "$work/launcher" ./elsewhere
launched 2
run 78 --launcher "$work/no-such-launcher" true
says err 'cannot start'
run 0 --dry-run -n 3 --launcher-option --tag-output -- /bin/echo "it's"
says out 'mpirun -n 3 '
says out "--tag-output /bin/echo 'it'\\''s'"
mkdir -m 777 "$work/open"
chmod 777 "$work/open"
run 78 --checkpoint "$work/open" /bin/true
says err 'all the world may write there'
run 78 --checkpoint "$work/open" --allow-world-writable --job ../x true
says err '../x: not a good name for a job'
run 78 --checkpoint "$(printf '%01000d' 0)" true
says err '0000: too long a path'
launcher 'exit 64' # it gets so far
run 64 --checkpoint "$work/open" --allow-world-writable --launcher "$work/launcher" true
TROUPE_CHECKPOINT_WORLD_WRITABLE=1 run 64 --checkpoint "$work/open" --launcher "$work/launcher" true
TROUPE_CHECKPOINT_WORLD_WRITABLE=yes run 78 --checkpoint "$work/open" true
says err 'TROUPE_CHECKPOINT_WORLD_WRITABLE'
run 0 --dry-run --checkpoint "$work/open" --allow-world-writable true
says out 'TROUPE_CHECKPOINT_WORLD_WRITABLE=1'

# A folder that is not there is made, and that is said; not when it is mistyped further up,
# nor when it is to have a checkpoint.
run 74 --checkpoint "$work/no/such" true
says err "$work/no: No such file"
run 74 --dry-run --checkpoint "$work/no/such/" true
run 74 --from 3 --checkpoint "$work/no" true
says err "$work/no: no such checkpoint"
run 74 --dry-run --from 3 --checkpoint "$work/no" true
[ ! -e "$work/no" ] || fail 'it is made all the same'
run 64 --checkpoint "$work/no" --launcher "$work/launcher" true
says err "$work/no: not there yet: it is made, and the job begins at its start"
run 64 --checkpoint "$work/no" --launcher "$work/launcher" true
! grep -q 'begins at its start' "$work/err" || fail 'it says so again'
run 64 --checkpoint "$work/no" --from newest --launcher "$work/launcher" true
says err "no checkpoint in $work/no/true: the job begins at its start"

# ---- exit codes --------------------------------------------------------------------------

for code in 64 71 78; do
    launcher "exit $code"
    run "$code" --launcher "$work/launcher" true
    launched 1
    says err "refused"
done
launcher 'exit 75'
run 75 --launcher "$work/launcher" true
launched 1
launcher 'exit 74'
run 74 --launcher "$work/launcher" true
launched 1
# 0 is no success when no rank has said so; a crash loop ends after exactly R restarts.
for ending in 'exit 0' 'exit 3' 'kill -SEGV $$'; do
    launcher "$ending"
    run 70 --restarts 3 --launcher "$work/launcher" true
    launched 4
    says err 'too many restarts'
done
launcher 'exit 0'
run 70 --restarts 0 --json --launcher "$work/launcher" true
launched 1
json 'it["exit_code"] == 70 and it["attempts"][0]["cause"] == "not completed"'
grep -q '"event":"ended","attempt":4,"cause":"crashed","exit_code":139' "$work/journal" ||
    fail 'the journal has not the crash'
clean 'exit codes'

# ---- which checkpoint --------------------------------------------------------------------

job=$work/ck/story
mkdir -m 700 "$work/ck"
"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$job" 4
launcher "echo \$TROUPE_RESTART_FROM >> $work/from; exit 74"
: > "$work/from"
run 70 --restarts 9 --checkpoint "$work/ck" --job story --launcher "$work/launcher" true
says err 'no older checkpoint is left'
[ "$(paste -sd, "$work/from")" = 4.0,3.0,2.0,1.0 ] ||
    fail "not from there: $(paste -sd, "$work/from")"
# A launcher that cannot start is no fault of a checkpoint that nobody has read.
rm -r "$job"
"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$job" 4
launcher "echo \$TROUPE_RESTART_FROM >> $work/from; exit 1"
: > "$work/from"
run 70 --restarts 2 --checkpoint "$work/ck" --job story --launcher "$work/launcher" true
says err 'too many restarts'
[ "$(paste -sd, "$work/from")" = 4.0,4.0,4.0 ] ||
    fail "not from there: $(paste -sd, "$work/from")"
rm -r "$job"
"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$job" 4
truncate -s 100 "$job/ckpt-000000000004.0000/part-000001"
: > "$work/from"
run 70 --restarts 0 --checkpoint "$work/ck" --job story --launcher "$work/launcher" true
says err 'checkpoint 4.0 is passed over'
run 70 --restarts 0 --from 2 --checkpoint "$work/ck" --job story \
    --launcher "$work/launcher" true
says err 'goes on from checkpoint 2'
run 70 --restarts 0 --from none --checkpoint "$work/ck" --job story \
    --launcher "$work/launcher" true
! grep -q 'from checkpoint' "$work/err" || fail 'it says to go on from one'
[ "$(paste -sd, "$work/from")" = 3.0,2.0,none ] ||
    fail "not from there: $(paste -sd, "$work/from")"
run 74 --from 77 --checkpoint "$work/ck" --job story --launcher "$work/launcher" true
says err 'no such checkpoint'
rm -r "$job"
"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$job" 1
truncate -s 100 "$job/ckpt-000000000001.0000/part-000001"
run 74 --checkpoint "$work/ck" --job story --launcher "$work/launcher" true
says err 'no checkpoint verifies'

# ---- signals -----------------------------------------------------------------------------

# wait_for TEXT [FILE]: until it is there.
wait_for() {
    for _ in $(seq 1200); do
        ! grep -qF -- "$1" "${2:-$work/journal}" 2> /dev/null || return 0
        sleep 0.05
    done
    fail "no '$1' came"
}

start() { # start ARGUMENT...: a supervisor beside us, $supervisor
    rm -f "$work/journal"
    "$troupe" run --delay 0.05 --journal "$work/journal" "$@" > "$work/out" \
        2> "$work/err" &
    supervisor=$!
}

ends() { # ends EXIT_CODE
    local code=0
    wait "$supervisor" || code=$?
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
}

# The folder of checkpoints cannot be used just when the job has died.
launcher "! mkdir '$work/once' 2> /dev/null || { mv '$job' '$job.away' && exit 1; }" 'exit 64'
start --restarts 20 --checkpoint "$work/ck" --job story --launcher "$work/launcher" \
    --from none true
wait_for "$job: No such file" "$work/err"
mv "$job.away" "$job"
ends 64
launched 2
rm -r "$job"

launcher 'exec sleep 100'
set -m # else the shell has what runs beside it ignore INT
for signal in TERM INT HUP; do
    start --launcher "$work/launcher" true
    wait_for launched
    kill -s "$signal" "$supervisor"
    ends $((128 + $(kill -l "$signal")))
    clean "$signal"
done
set +m
# Whoever ignores a signal has it ignored: nohup, and shells what runs beside them.
trap '' HUP INT
start --launcher "$work/launcher" true
trap - HUP INT
wait_for launched
kill -s HUP "$supervisor"
kill -s INT "$supervisor"
kill -s TERM "$supervisor"
ends 143
[ "$(grep -c '"event":"signal"' "$work/journal")" -eq 1 ] || fail 'an ignored signal is heard'
clean 'ignored signals'
# One that does not listen, with a child of its own that has left its group.
launcher "trap '' TERM" 'setsid sleep 100 &' 'while :; do sleep 1; done'
start --launcher "$work/launcher" --launch 1 --restarts 0 true
ends 70
says err '0 of 1 ranks said hello'
clean 'a deaf launcher'

# ---- mpirun ------------------------------------------------------------------------------

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
export TROUPE_TEST_VICTIM_FILE=$work/times TROUPE_TEST_VICTIM_TIMES=1

goes_wrong() { # goes_wrong HOW ARGUMENT...: once, and then well
    local how=$1
    shift
    rm -f "$TROUPE_TEST_VICTIM_FILE"
    TROUPE_TEST_VICTIM=$how run 0 -n 2 "$@" "$victim"
    says out 'all is well'
    [ "$(wc -c < "$TROUPE_TEST_VICTIM_FILE")" -eq 2 ] || fail "$how: not two attempts"
    clean "$how"
}

TROUPE_TEST_VICTIM='' run 0 -n 2 "$victim"
[ "$(cat "$work/out")" = 'all is well' ] || fail 'not all is well'
[ ! -s "$work/err" ] || fail 'a good job is worth no word'
goes_wrong kill
says err 'crashed: rank 1 on '
# This host needs no agent and answers by definition, under each of its names.
for host in localhost 127.0.0.1 "$(hostname)"; do
    goes_wrong kill --hosts "$host:2" --agent false
done
TROUPE_TEST_VICTIM_CODE=0 goes_wrong exit
goes_wrong fail
TROUPE_TEST_VICTIM=say TROUPE_TEST_VICTIM_CODE=2 run 2 -n 2 "$victim"
says err 'attempt 1 refused (exit code 2)'
TROUPE_TEST_VICTIM=say TROUPE_TEST_VICTIM_CODE=1 run 1 -n 2 "$victim"
says err 'attempt 1 refused (exit code 1)'
rm -f "$TROUPE_TEST_VICTIM_FILE"
TROUPE_TEST_VICTIM=deadlock run 71 -n 2 "$victim"
says err 'refused'
clean deadlock

# Who watches is killed: nobody is left, and the next one takes away what was.
for whom in supervisor launcher; do
    rm -f "$TROUPE_TEST_VICTIM_FILE"
    TROUPE_TEST_VICTIM='sleep' start -n 2 "$victim"
    wait_for . "$TROUPE_TEST_VICTIM_FILE"
    if [ "$whom" = supervisor ]; then
        kill -KILL "$supervisor"
        ends 137
    else
        kill -KILL "$(sed -n 's/.*"launched".*"process":\([0-9]*\).*/\1/p' "$work/journal")"
        ends 0
        says out 'all is well'
    fi
    none_survive "the death of the $whom"
    TROUPE_TEST_VICTIM='' run 0 -n 2 "$victim"
    clean "the death of the $whom"
done

# ---- a checkpoint, please ----------------------------------------------------------------

rm -f "$TROUPE_TEST_VICTIM_FILE"
TROUPE_TEST_VICTIM='sleep' start -n 2 --checkpoint "$work/ck" --job now "$victim"
wait_for '"runs"'
code=0
"$troupe" checkpoint now "$work/ck" > "$work/out" 2> "$work/err2" || code=$?
[ "$code" -eq 75 ] || fail "checkpoint now: exit code $code"
grep -q 'this job takes no checkpoints' "$work/err2" || fail 'checkpoint now: not why'
code=0 # its words have files of their own: the first one's ranks still write
"$troupe" run --checkpoint "$work/ck" --job now "$victim" > "$work/out2" 2> "$work/err2" || code=$?
[ "$code" -eq 75 ] || fail "a second supervisor: exit code $code"
grep -q "another 'troupe run', or mpirun, works on this job" "$work/err2" ||
    fail 'a second supervisor: not why'
kill -TERM "$supervisor"
ends 143
code=0
"$troupe" checkpoint now "$work/ck/now" > "$work/out" 2> "$work/err2" || code=$?
[ "$code" -eq 74 ] || fail "checkpoint now without a supervisor: exit code $code"
clean 'checkpoint now'
echo ok
