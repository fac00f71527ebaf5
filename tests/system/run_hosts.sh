#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `troupe run` on two hosts, which are namespaces of this machine: the processes of one are
# killed, its link is cut, both at once.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77
work=$(mktemp -d)
mkdir "$work/tmp"
export TMPDIR=$work/tmp
holders=()
trap 'kill -KILL "${holders[@]}" 2> /dev/null || true; rm -rf "$work"' EXIT

for tool in unshare nsenter ip; do
    command -v "$tool" > /dev/null || exit 77
done
unshare --net --uts --pid --fork --mount-proc true 2> /dev/null || exit 77

troupe=${TROUPE_BUILD_DIR:?}/bin/troupe
victim=$TROUPE_BUILD_DIR/bin/tests/mpi_run_victim

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

# ---- two hosts ---------------------------------------------------------------------------

make_host() { # make_host NAME: the process that holds it, in $work/NAME
    unshare --net --uts --pid --fork --mount-proc bash -c \
        "hostname $1-$$; mount -t tmpfs memory /dev/shm; ip link set lo up
         while :; do sleep 1000 & wait \$!; done" &
    holders+=($!)
    for _ in $(seq 100); do
        [ ! -s "/proc/$!/task/$!/children" ] || break
        sleep 0.05
    done
    tr -d ' ' < "/proc/$!/task/$!/children" > "$work/$1"
    holders+=("$(cat "$work/$1")")
}

inside() { # inside NAME COMMAND...
    local holder
    holder=$(cat "$work/$1")
    shift
    nsenter -t "$holder" -n -u -p -m -- "$@"
}

make_host one
make_host two
ip link add "troupe$$" netns "$(cat "$work/one")" type veth peer name wire \
    netns "$(cat "$work/two")" 2> /dev/null || exit 77
inside one ip link set "troupe$$" name wire
for host in one two; do
    [ "$host" = one ] && address=10.99.0.1 || address=10.99.0.2
    inside "$host" ip address add "$address/24" dev wire
    inside "$host" ip link set wire up
done

# As ssh: to a host whose link is cut there is no way.
cat > "$work/agent" << END
#!/bin/sh
[ "\$1" != 10.99.0.2 ] || [ ! -e $work/cut ] || exit 255
[ "\$1" = 10.99.0.1 ] && holder=$(cat "$work/one") || holder=$(cat "$work/two")
shift
exec nsenter -t \$holder -n -u -m -p -- /bin/sh -c "\$*"
END
chmod +x "$work/agent"

# ---- a job on both -----------------------------------------------------------------------

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export TROUPE_TEST_VICTIM='sleep' TROUPE_TEST_VICTIM_TIMES=1
export TROUPE_TEST_VICTIM_FILE=$work/times

start() { # start OPTION...: its last rank, which is on the second host, sleeps
    rm -f "$work/times" "$work/journal"
    # The launcher must see both hosts' processes: only the network is the first host's.
    nsenter -t "$(cat "$work/one")" -n -u -- "$troupe" run --delay 0.05 \
        --hosts 10.99.0.1:2,10.99.0.2:2 --min-ranks 2 --agent "$work/agent" \
        --journal "$work/journal" "$@" "$victim" > "$work/out" 2> "$work/err" &
    supervisor=$!
    for _ in $(seq 1200); do
        [ ! -s "$work/times" ] || return 0
        sleep 0.05
    done
    fail 'the job did not start'
}

ends_well() { # ends_well RANKS: with so many in its last attempt
    local code=0
    wait "$supervisor" || code=$?
    [ "$code" -eq 0 ] || fail "exit code $code"
    grep -q 'all is well' "$work/out" || fail 'not all is well'
    grep '"launched"' "$work/journal" | tail -n 1 | grep -q "\"ranks\":$1," ||
        fail "the last attempt had not $1 ranks"
    cat "$work/err"
}

is_noticed() { # that an attempt has ended
    SECONDS=0
    for _ in $(seq 400); do
        ! grep -q '"ended"' "$work/journal" || break
        sleep 0.1
    done
    [ "$SECONDS" -lt 30 ] || fail "noticed after $SECONDS s"
    echo "noticed after $SECONDS s"
}

victims() { # how many ranks are on the second host
    inside two sh -c 'ls -l /proc/[0-9]*/exe 2> /dev/null' | grep -c mpi_run_victim || true
}

segments() { # in shared memory, of ranks of a host
    inside two sh -c 'cd /dev/shm && ls'
    find /dev/shm -name "*.one-$$.*" -o -name "*.two-$$.*"
}

none_is_left() { # none_is_left WHAT
    [ -z "$(segments)" ] || fail "after $1 shared memory is left: $(segments)"
    [ -z "$(ls -A "$TMPDIR")" ] || fail "after $1 there is $(find "$TMPDIR" | head)"
}

start
[ -n "$(segments)" ] || fail 'no shared memory is used: nothing is tested'
inside two sh -c 'kill -KILL -1'
ends_well 4
none_is_left 'the death of a host'

# The last attempt, and a supervisor that was killed: the next one removes what is here.
start --restarts 0
inside two sh -c 'kill -KILL -1'
wait "$supervisor" && fail 'not given up'
none_is_left 'the last attempt'
start
kill -KILL "$supervisor"
wait "$supervisor" || true
for _ in $(seq 600); do
    [ "$(victims)" -gt 0 ] || break
    sleep 0.1
done
inside two sh -c 'rm -f /dev/shm/*' # there it cannot be known
start
inside two sh -c 'kill -KILL -1'
ends_well 4
none_is_left 'the death of a supervisor'

start
[ "$(victims)" -ge 2 ] || fail 'no rank is on the second host'
touch "$work/cut"
inside two ip link set wire down
is_noticed
ends_well 2
grep -q 'host 10.99.0.2 is left out: it does not answer' "$work/err" || fail 'not left out'
# What the supervisor cannot reach ends by itself.
for _ in $(seq 600); do
    [ "$(victims)" -gt 0 ] || break
    sleep 0.1
done
[ "$(victims)" -eq 0 ] || fail 'ranks are left on the host that was cut off'
inside two sh -c 'rm -f /dev/shm/*' # which could not be told
none_is_left 'the loss of a host'

# Both, and the other host goes on from a checkpoint.
rm "$work/cut" "$work/journal"
inside two ip link set wire up
mkdir -m 700 "$work/ck"
ledger=("$TROUPE_BUILD_DIR/bin/ledger" --transfers 20000)
"${ledger[@]}" > "$work/expected"
nsenter -t "$(cat "$work/one")" -n -u -- "$troupe" run --delay 0.05 \
    --hosts 10.99.0.1:2,10.99.0.2:2 --min-ranks 2 --agent "$work/agent" --every 0.3 \
    --checkpoint "$work/ck" --journal "$work/journal" -- "${ledger[@]}" --pause 0.02 \
    > "$work/out" 2> "$work/err" &
supervisor=$!
published() { # how often
    { cat "$work/journal" 2> /dev/null || true; } | sed -n '/"published"/p' | wc -l
}
for _ in $(seq 1200); do
    [ "$(published)" -lt 2 ] || break
    sleep 0.05
done
[ "$(published)" -ge 2 ] || fail 'no checkpoints'
touch "$work/cut"
inside two ip link set wire down
inside two sh -c 'kill -KILL -1' || true
is_noticed
code=0
wait "$supervisor" || code=$?
[ "$code" -eq 0 ] || fail "exit code $code"
grep -q 'attempt [0-9]* goes on from checkpoint' "$work/err" || fail 'not from a checkpoint'
grep '"launched"' "$work/journal" | tail -n 1 | grep -q '"ranks":2,' || fail 'not on 2 ranks'
cmp "$work/out" "$work/expected" || fail 'another result'
inside two sh -c 'rm -f /dev/shm/*'
none_is_left 'the loss of both'
echo ok
