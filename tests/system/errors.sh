#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What a job says when environment or launcher are wrong, and its exit codes; the
# statistics. On real ranks, and on sim where that is the same.
set -euo pipefail

# It is the same text; sim.comm_audit and sim.runtime_statistics have the tables.
[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77

build=${TROUPE_BUILD_DIR:?}
program=$build/bin/hello
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in ${!TROUPE_@}; do
    case $name in
    TROUPE_BUILD_DIR | TROUPE_SOURCE_DIR | TROUPE_SANITIZE | TROUPE_TEST_*) ;;
    *) unset "$name" ;;
    esac
done

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

run() { # run EXIT_CODE COMMAND...: into $work/out and $work/err
    local expected=$1 code=0
    shift
    timeout 60 "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$expected" ] || fail "$*: exit code $code, not $expected"
}

on_ranks() { # on_ranks N [NAME=VALUE...]: mpirun with the program on N ranks
    local n=$1
    shift
    env "$@" mpirun --bind-to none --oversubscribe -n "$n" "$program"
}
export -f on_ranks
export program

says() { # says TIMES TEXT: so many lines of the errors have it
    local n
    n=$(grep -cF -- "$2" "$work/err" || true)
    [ "$n" -eq "$1" ] || fail "'$2' is said $n times, not $1"
}

good() { # good: the result was printed
    grep -q '^pi is 3.14159' "$work/out" || fail 'no result'
}

# ---- as it should be -------------------------------------------------------------------

run 0 "$program"
good
run 0 bash -c 'on_ranks 2'
good
[ ! -s "$work/err" ] || fail 'something was said'
run 0 env TROUPE_BACKEND=sim TROUPE_SIM_RANKS=5 "$program"
good

# ---- a wrong environment ---------------------------------------------------------------

refused() { # refused NAME VALUE ALLOWED
    run 78 env "$1=$2" "$program"
    says 1 "troupe[0] error: the environment variable $1 is \"$2\"; allowed: $3"
}

refused TROUPE_LOG loud 'error|warning|info|debug|trace'
refused TROUPE_STATS yes '0 or 1'
refused TROUPE_SLOTS 1000 '0, or a power of two from 1024 to 1048576'
refused TROUPE_SLOTS 2097152 'a whole number from 0 to 1048576'
refused TROUPE_BACKEND mpl 'mpi|sim'
refused TROUPE_STACK_KIB 1 'a whole number from 16 to 1048576'
refused TROUPE_SPIN_US 1e3 'a whole number from 0 to 1000000'
run 78 env TROUPE_BACKEND=sim TROUPE_SIM_RANKS=0 "$program"
says 1 'troupe error: the environment variable TROUPE_SIM_RANKS is "0"; allowed: a whole'

# All ranks have it: one of them says so.
run 78 bash -c 'on_ranks 2 TROUPE_LOG=loud'
says 1 'troupe[0] error: the environment variable TROUPE_LOG is "loud"'

# One rank has what another has not.
run 78 mpirun --bind-to none --oversubscribe -n 1 "$program" : -n 1 env TROUPE_LOG=loud "$program"
says 1 'troupe[1] error: the environment variable TROUPE_LOG is "loud"'
run 78 mpirun --bind-to none --oversubscribe -n 1 "$program" : -n 1 env TROUPE_SLOTS=4096 "$program"
says 1 'the ranks do not run the same program: ranks 0 and 1 differ (exit code 78)'
says 1 'rank 0 has 1024 slots for actors'
says 1 'rank 1 has 4096 slots for actors'
# As where mpirun was not told to export it: the others would never go on together.
run 78 mpirun --bind-to none --oversubscribe -n 1 env TROUPE_CHECKPOINT="$work/saved" "$program" : -n 1 "$program"
says 1 'rank 0 has a folder for checkpoints (TROUPE_CHECKPOINT)'
says 1 'rank 1 has no folder for checkpoints (TROUPE_CHECKPOINT)'

run 0 bash -c 'on_ranks 3 TROUPE_FOO=1 TROUPE_SLOT=1'
good
says 1 'unknown environment variable TROUPE_FOO'
says 1 'troupe[0] warning: unknown environment variable TROUPE_SLOT: did you mean TROUPE_SLOTS?'

# ---- a wrong launcher ------------------------------------------------------------------

# As under an mpirun of another MPI, where each process finds itself alone.
run 78 env OMPI_COMM_WORLD_SIZE=4 "$program"
says 1 'MPI knows of 1 rank, but OMPI_COMM_WORLD_SIZE=4'

# ---- a stack that overflows ------------------------------------------------------------

if [ -z "${TROUPE_SANITIZE:-}" ]; then # sanitizers have words of their own
    victim=$build/bin/tests/mpi_run_victim
    run 139 env TROUPE_TEST_VICTIM=dig TROUPE_BACKEND=sim TROUPE_SIM_RANKS=3 "$victim"
    says 1 "troupe[2] fatal: the stack of 'main_process' (8192 KiB) overflowed: give it more by .stack_size"
    run 139 env TROUPE_TEST_VICTIM=dig mpirun --bind-to none --oversubscribe -n 2 "$victim"
    says 1 "troupe[1] fatal: the stack of 'main_process' (8192 KiB) overflowed: give it more by .stack_size"
fi

# ---- who keeps its rank ----------------------------------------------------------------

says_like() { # says_like TIMES PATTERN: so many lines of the errors match it
    local n
    n=$(grep -c -- "$2" "$work/err" || true)
    [ "$n" -eq "$1" ] || fail "'$2' is said $n times, not $1"
}

# A busy machine makes these 200 ms longer, but no other turn as long.
kept=' kept its rank for \(0\.[2-9]\|[1-9][0-9]*\.[0-9]\) s'
advice='; nothing else ran meanwhile: let it do less at a time, or call troupe_yield (limit: TROUPE_HANDLER_TIMEOUT_MS)$'
slow() { # slow N NAME=VALUE
    run 0 env TROUPE_TEST_VICTIM=slow "$2" mpirun --bind-to none --oversubscribe -n "$1" "$build/bin/tests/mpi_run_victim"
}
for last in 0 1; do
    slow $((last + 1)) TROUPE_HANDLER_TIMEOUT_MS=10
    says_like 2 "^troupe\[$last\] warning: worker [0-9.]* on rank $last$kept, last with 'work'$advice"
    says_like 2 "^troupe\[$last\] warning: the process of rank $last.*$kept$advice"
    says_like 4 "$kept"
done
slow 1 TROUPE_HANDLER_TIMEOUT_MS=0
says 0 'kept its rank'

# ---- statistics ------------------------------------------------------------------------

table() { # table N: N rows in each of two tables, and the audit
    local n
    n=$(awk '/^rank /{ inside = 1; next } /^ *[0-9]+ /{ if (inside) rows++ } END { print rows + 0 }' "$work/err")
    [ "$n" -eq $((2 * $1)) ] || fail "$n rows of statistics"
    says 1 'audit: all well'
}

run 0 bash -c 'on_ranks 3 TROUPE_STATS=1'
good
table 3
run 0 env TROUPE_STATS=1 TROUPE_BACKEND=sim TROUPE_SIM_RANKS=9 "$program"
good
table 9

trace() { # trace SEED: the hash of a run
    run 0 env TROUPE_SIM_TRACE=1 TROUPE_BACKEND=sim TROUPE_SIM_RANKS=4 "TROUPE_SIM_SEED=$1" "$program"
    sed -n 's/.*trace \([0-9a-f]*\),.*/\1/p' "$work/err"
}
first=$(trace 7)
[ -n "$first" ] || fail 'no trace'
[ "$first" = "$(trace 7)" ] || fail 'one seed, two runs'
[ "$first" != "$(trace 8)" ] || fail 'two seeds, one run'

# ---- standard output fails -------------------------------------------------------------

code=0
"$program" > /dev/full 2> "$work/err" || code=$?
[ "$code" -eq 1 ] || fail "a full disk gives $code"
says 1 'TROUPE_IO'
echo ok
