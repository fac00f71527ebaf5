#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A rank that is stopped, a handler and a process that do not come to an end: `troupe run`
# notices in time, the job goes on from its checkpoint, and no process, shared memory or
# session folder is left of the first attempt. TROUPE_TEST_CYCLES=N times, or with
# TROUPE_TEST_FULL=1 a hundred.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # what runs is not the library
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${TROUPE_BUILD_DIR:-$root/build}
n_cycles=2
if [ "${TROUPE_TEST_FULL:-0}" = 1 ] && [ -z "${TROUPE_SANITIZE:-}" ]; then n_cycles=100; fi
n_cycles=${TROUPE_TEST_CYCLES:-$n_cycles}

work=$(mktemp -d)
supervisor=
end() { # the ranks go with their supervisor
    if [ -n "$supervisor" ]; then kill -KILL "$supervisor" 2> /dev/null || true; fi
    rm -rf "$work"
}
trap end EXIT
fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" "$work/journal" >&2
    exit 1
}
# shellcheck source=tests/support/leftovers.sh
. "$root/tests/support/leftovers.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 TROUPE_PLACE=quiet
export TROUPE_TEST_HANG_WHEN=$work/when TROUPE_TEST_HANG_ONCE=$work/once

says() { # says FILE TEXT
    grep -qF -- "$2" "$work/$1" || fail "'$2' is not in the $1put"
}

event() { # event NAME: the last of it in the journal
    grep "\"event\":\"$1\"" "$work/journal" | tail -n 1
}
milliseconds() { # milliseconds TIME
    date -d "$1" +%s%3N
}

# The limit is after how long a hang is one, and a busy machine makes none. Then the ranks are
# asked for what they do, which a stopped one never says: another 5 s. As much again for a
# machine that is busy.
limit_s=4
bound_s=$((limit_s + 5 + limit_s + 5))

# From the moment before it hung to the end of all its processes.
in_time() { # in_time HOW
    local from to
    from=$(milliseconds "$(stat -c %y "$work/once")")
    to=$(milliseconds "$(grep '"cause":"hung"' "$work/journal" | sed 's/.*"time":"\([^"]*\)".*/\1/')")
    took=$((to - from))
    longest=$((took > longest ? took : longest))
    [ "$took" -lt $((bound_s * 1000)) ] || fail "$1: noticed after $took ms only"
    [ "$took" -gt $((limit_s * 1000 - 1500)) ] || fail "$1: noticed after $took ms already"
}

goes_on() { # goes_on HOW: from the newest checkpoint that was told of, or a newer one
    local newest from
    newest=$(sed '/"ended"/,$d' "$work/journal" | sed -n 's/.*"published","epoch":\([0-9]*\).*/\1/p' | tail -n 1)
    from=$(event launched | sed 's/.*"from_epoch":\([0-9]*\).*/\1/')
    [ "$from" -ge "${newest:-1}" ] || fail "$1: it went on from $from, not from ${newest:-any}"
}

hangs() { # hangs HOW LIMIT: once, behind a checkpoint, and then the job does well
    local code=0
    rm -rf "$work/when" "$work/once" "$work/journal" "$work/ck"
    mkdir -m 700 "$work/ck"
    : > "$work/journal"
    TROUPE_TEST_HANG=$1 "$build/bin/troupe" run -n 2 --delay 0.05 \
        --checkpoint "$work/ck" --every 0.2 --journal "$work/journal" "$2" "$limit_s" \
        "$build/bin/tests/mpi_run_hangs" > "$work/out" 2> "$work/err" &
    supervisor=$!
    until grep -q '"published"' "$work/journal" || ! kill -0 "$supervisor" 2> /dev/null; do
        sleep 0.02
    done
    remember_shared
    : > "$work/when"
    wait "$supervisor" || code=$?
    supervisor=
    [ "$code" -eq 0 ] || fail "$1: exit code $code"
    says out 'the sum is 44850' # of all below 300
    [ "$(grep -c '"launched"' "$work/journal")" -eq 2 ] || fail "$1: not two attempts"
    in_time "$1"
    goes_on "$1"
    clean "$1"
}

longest=0
ways=(stop handler process)
for ((i = 0; i < n_cycles; i++)); do
    way=${ways[i % 3]}
    case $way in
    stop)
        hangs stop --liveness
        says err 'rank 1 on'
        says err 'does not answer: it is stopped, or its host is gone'
        ;;
    *)
        hangs "$way" --progress
        says err 'rank 1: it does not come out of its turn'
        ;;
    esac
    ((i % 10 < 9)) || printf '%d cycles\n' $((i + 1))
done
printf '%d cycles of a rank that hangs, of which %d s are allowed: %s after %d ms at most, %s\n' \
    "$n_cycles" "$limit_s" "all were ended" "$longest" "went on, and left nothing"
