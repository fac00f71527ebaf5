#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# ep, is and summary: verified, and the same figures on any number of ranks and threads and
# with each set of instructions; wrong arguments and files are said once. TROUPE_TEST_FULL=1:
# ep and is of classes A, B and C too.
set -euo pipefail

bin=${TROUPE_BUILD_DIR:?}/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
classes=(S) large_classes=() limit_s=120
if [ "${TROUPE_TEST_FULL:-0}" = 1 ]; then large_classes=(A B C) limit_s=3600; fi
if [ -n "${TROUPE_SANITIZE:-}" ]; then classes=() large_classes=(); fi # they take a minute there

fail() {
    printf '%s: FAILED\n' "$1" >&2
    shift
    printf '  %s\n' "$@" >&2
    exit 1
}

on() { # on RANKS WORKERS PROGRAM ARGUMENT...
    local n=$1 workers=$2
    shift 2
    TROUPE_WORKERS=$workers timeout "$limit_s" mpirun --bind-to none --oversubscribe -n "$n" "$@"
}

# All but what may differ.
figures() { sed -E 's/"(ranks|[a-z_]*seconds|million_keys_per_s)": [0-9.]+(, )?//g'; }

# ---- the same figures ------------------------------------------------------------------

hows=("1 1" "2 1" "3 2" "1 3" "7 1") # ranks and workers
if [ -n "${TROUPE_SANITIZE:-}" ]; then hows=("1 1" "3 2"); fi # launches of seconds

same() { # same PROGRAM ARGUMENT...: prints them
    local name
    name=$(basename "$1")
    local first='' now
    for how in "${hows[@]}"; do
        # shellcheck disable=SC2086 # two words
        now=$(on $how "$@" | figures)
        first=${first:-$now}
        [ "$now" = "$first" ] || fail "$name on $how" "$now" "$first"
    done
    echo "$first"
}

# Cheap enough for the builds by the other compiler, on simulated ranks.
for program in "ep S" "is S" "is W"; do
    for n_ranks in 1 5; do
        # shellcheck disable=SC2086 # a program and its argument
        if ! TROUPE_BACKEND=sim TROUPE_SIM_RANKS=$n_ranks "$bin"/$program --json > "$work/out" ||
            ! grep -q '"verified": true' "$work/out"; then
            fail "$program, $n_ranks simulated ranks" "$(cat "$work/out")"
        fi
    done
done
echo "ep and is, simulated: ok"
if [ "${TROUPE_TEST_HOSTILE:-0}" -ne 0 ]; then exit 0; fi # the rest is about real ranks

verify() { # verify CLASS
    same "$bin/ep" --json "$1" | grep -q '"verified": true' || fail "ep class $1"
    same "$bin/is" --json "$1" | grep -q '"verified": true' || fail "is class $1"
    echo "ep and is, class $1: ok"
}

for class in "${classes[@]}"; do verify "$class"; done
on 2 1 "$bin/is" W | grep -q '^verified, 51 of 51' || fail "is class W"
if [ -z "${TROUPE_SANITIZE:-}" ]; then
    on 2 1 "$bin/ep" W | grep -q '^verified' || fail "ep class W"
fi

awk 'BEGIN { print "n,x"; srand(1); for (i = 0; i < 20000; i++) printf "%d,%.17g\n", i, (rand() - 0.5) * 10 ^ int(rand() * 30 - 15) }' > "$work/table.csv"
for level in tree tree_dd exact; do
    wanted=$(same "$bin/summary" --json --column x --level $level "$work/table.csv")
    for isa in baseline v2 v3; do
        code=0
        now=$(TROUPE_ISA=$isa "$bin/summary" --json --column x --level $level "$work/table.csv" 2> "$work/err") || code=$?
        if [ "$code" -ne 0 ] && grep -q 'one that this processor has' "$work/err"; then continue; fi
        [ "$now" = "$wanted" ] || fail "TROUPE_ISA=$isa" "$now" "$wanted" "$(cat "$work/err")"
    done
done
TROUPE_CHECK=1 on 2 2 "$bin/summary" --column x "$work/table.csv" > /dev/null || fail "TROUPE_CHECK=1"
echo "summary: ok"

# A library that was linked with -ffast-math has the whole process take subnormals for
# zeros, as soon as it is loaded (crtfastm.o of gcc).
if [ -z "${TROUPE_SANITIZE:-}" ]; then
    echo 'int nothing_fast;' > "$work/fast.c"
    "${CC:-cc}" -shared -fPIC -ffast-math "$work/fast.c" -o "$work/fast.so"
    printf '%s\n' 1e-310 3e-310 -2e-310 4.9e-324 > "$work/subnormal.csv"
    for level in tree tree_dd exact; do
        # Between two elements the program itself reckons.
        wanted=$("$bin/summary" --json --quantiles 0,0.1,0.5,0.75,1 --level $level "$work/subnormal.csv")
        now=$(LD_PRELOAD="$work/fast.so" "$bin/summary" --json --quantiles 0,0.1,0.5,0.75,1 --level $level "$work/subnormal.csv")
        [ "$now" = "$wanted" ] || fail "beside a fast-math library" "$now" "$wanted"
        grep -q '"sum": 2.0' <<< "$wanted" || fail "the sum of subnormals" "$wanted"
        grep -Eq '"q0.5": 5.0[0-9]*e-311, "q0.75": 1.5[0-9]*e-310' <<< "$wanted" || fail "the quantiles of subnormals" "$wanted"
    done
    # On one of two ranks alone, and in threads that are born with its modes.
    cat > "$work/beside" << END
#!/bin/sh
[ "\$OMPI_COMM_WORLD_RANK" != 1 ] || export LD_PRELOAD="$work/fast.so"
exec "\$@"
END
    chmod +x "$work/beside"
    awk 'BEGIN { for (i = 0; i < 20000; i++) printf "%de-320\n", i * 7919 % 10007 - 5000 }' > "$work/subnormal.csv"
    for level in tree tree_dd exact; do
        wanted=$("$bin/summary" --json --level $level "$work/subnormal.csv" | figures)
        now=$(on 2 2 "$work/beside" "$bin/summary" --json --level $level "$work/subnormal.csv" | figures)
        [ "$now" = "$wanted" ] || fail "beside a fast-math library on one rank of two" "$now" "$wanted"
    done
    echo "beside a fast-math library: ok"
fi

# ---- where there is no histogram, and somebody looks on --------------------------------

printf '7\n7\n7\n' > "$work/equal.csv"
on 2 1 "$bin/summary" --json "$work/equal.csv" > "$work/out" 2> "$work/err"
grep -q '"bins": \[\]}' "$work/out" || fail "equal numbers have no bins" "$(cat "$work/out")"
[ ! -s "$work/err" ] || fail "progress without a terminal" "$(cat "$work/err")"
on 2 1 env TROUPE_PROGRESS=1 "$bin/summary" --json --missing "$work/table.csv" --column x > /dev/null 2> "$work/err"
for what in "1 of 9: reading" "2 of 9: leaving out" "7 of 9: quantile 0.5" "9 of 9: histogram"; do
    grep -q "summary: step $what" "$work/err" || fail "progress" "no '$what'" "$(cat "$work/err")"
done
says_of() { # says_of NUMBERS LINE ARGUMENT...
    printf '%b' "$1" > "$work/few.csv"
    TROUPE_BACKEND=sim "$bin/summary" "${@:3}" "$work/few.csv" > "$work/out"
    grep -qxF -- "$2" "$work/out" || fail "of $1" "$2" "$(cat "$work/out")"
}
says_of '7\n7\n' "no histogram: all numbers are equal"
says_of '0\n4.9e-324\n' "no histogram: the numbers are too near together"
says_of '-1e308\n1e308\n' "no histogram: the numbers are too far apart"
says_of '-1e308\n1e308\n' "0.5       0"
says_of '-5e307\n5e307\n' "       -3e+307 0" # the third of ten
says_of '1\ninf\n' "no histogram: not all numbers are finite"
says_of '1\n3\n' "greatest  3, element 1 (from 0)"
says_of '1\nnan\n3\n' "greatest  3, element 1 of those that are there (from 0)" --missing
says_of '7\n7\n' "count     2" --bins 0
! grep -q histogram "$work/out" || fail "no bins are asked for" "$(cat "$work/out")"
# Under a terminal of its own, as script makes it; else as if there were one.
shows() { # shows PATTERN COMMAND...: it draws that, and takes it away
    local pattern=$1
    shift
    if command -v script > /dev/null; then
        TERM=dumb timeout 60 script -qec "$*" /dev/null < /dev/null > "$work/out"
    else
        TROUPE_PROGRESS=1 timeout 60 "$@" > "$work/out" 2>&1
    fi
    tr '\r' '\n' < "$work/out" > "$work/pieces"
    if ! grep -qE "^$pattern" "$work/pieces" || ! grep -q $'^\033\\[K' "$work/pieces"; then
        fail "progress: $*" "$(cat -v "$work/pieces")"
    fi
}

if [ -z "${TROUPE_SANITIZE:-}" ]; then
    bar='\[#*\.*\] +[0-9]+ %  [0-9]+ of'
    shows "ep $bar 17 M pairs" "$bin/ep" S
    shows "is $bar 84 M keys" env TROUPE_CHECK=1 "$bin/is" A # for long enough
    shows "cg: iteration [0-9]+, residual [0-9.e+-]+, to go to [0-9.e+-]+" "$bin/cg" --poisson 72
    [ ! -x "$bin/heat" ] || shows "heat: step [0-9]+ of 4000" "$bin/heat" --demo 300x200 --steps 4000

    # In a log lines that stay, each half minute by a clock a thousand times as fast.
    fast_clock=(env LD_PRELOAD="$bin/../lib/libtroupe_test_fast_clock.so")
    says() { # says PATTERN COMMAND...
        local pattern=$1
        shift
        timeout 60 "${fast_clock[@]}" "$@" > /dev/null 2> "$work/err"
        if ! grep -qxE "$pattern" "$work/err" || grep -q $'\r' "$work/err"; then
            fail "progress in a log: $*" "$(cat -v "$work/err")"
        fi
    }
    says "ep: +[0-9]+ %  [0-9]+ of 17 M pairs  [0-9]+ M pairs/s  [0-9]+:[0-9]{2} left" "$bin/ep" S
    says "cg: iteration [0-9]+, residual [0-9.e+-]+, to go to [0-9.e+-]+" "$bin/cg" --poisson 72
    [ ! -x "$bin/heat" ] || says "heat: step [0-9]+ of 4000" "$bin/heat" --demo 200x100 --steps 4000
    timeout 60 "${fast_clock[@]}" TROUPE_PROGRESS=0 "$bin/ep" S > /dev/null 2> "$work/err"
    ! grep -q '^ep:' "$work/err" || fail "progress in a log in spite of 0" "$(cat "$work/err")"
fi
echo "no histogram, and progress: ok"

# ---- what is wrong -----------------------------------------------------------------------

expect() { # expect CODE WORDS COMMAND...
    local wanted=$1 words=$2 code=0
    shift 2
    "$@" > "$work/out" 2> "$work/err" || code=$?
    if [ "$code" -ne "$wanted" ] || [ "$(grep -cF -- "$words" "$work/err")" -ne 1 ]; then
        fail "$*" "exit code $code, expected $wanted and '$words'" "$(cat "$work/err")"
    fi
}

# Launching takes half a second: most of it is tried on simulated ranks.
simulated=(env TROUPE_BACKEND=sim TROUPE_SIM_RANKS=2)
expect 64 "ep: there is no class or option Z" on 2 1 "$bin/ep" Z
expect 64 "ep: more than one class: W" "${simulated[@]}" "$bin/ep" S W
expect 64 "is: there is no class or option --jason" "${simulated[@]}" "$bin/is" --jason
for program in "ep S" "is S" "summary --column x $work/table.csv"; do
    code=0
    # shellcheck disable=SC2086 # a program and its argument
    "$bin"/$program > /dev/full 2> "$work/err" || code=$?
    if [ "$code" -ne 2 ] || ! grep -q 'cannot write the result' "$work/err"; then
        fail "$program > /dev/full" "exit code $code" "$(cat "$work/err")"
    fi
done
# A pipe that nobody reads any more, and help that cannot be written.
mkfifo "$work/pipe"
exec 3<> "$work/pipe"
exec 4> "$work/pipe" 3<&-
for command in "ep S" "is S" "summary --column x $work/table.csv" "cg --poisson 4" "heat --demo 8x8 --steps 2"; do
    program=$bin/${command%% *}
    if [ ! -x "$program" ]; then continue; fi
    # shellcheck disable=SC2086 # a program and its arguments
    expect 2 "Broken pipe" bash -c '"$@" >&4' -- "${simulated[@]}" "$bin"/$command
    expect 2 "cannot write the result: No space left" bash -c '"$@" > /dev/full' -- "${simulated[@]}" "$program" --help
    "${simulated[@]}" "$program" -h > "$work/out"
    grep -q '^usage: ' "$work/out" || fail "$program -h"
done
exec 4>&-
expect 64 "summary: --level wants tree, tree_dd or exact" "${simulated[@]}" "$bin/summary" --level best "$work/table.csv"
for separator in '"' 1 e . ab ''; do
    expect 64 "summary: --separator wants 'tab', or" "${simulated[@]}" "$bin/summary" --separator "$separator" "$work/table.csv"
done
expect 64 "summary: unknown option --foo" "${simulated[@]}" "$bin/summary" --foo "$work/table.csv"
expect 64 "summary: no FILE is given" "${simulated[@]}" "$bin/summary"
expect 2 "No such file or directory" on 2 1 "$bin/summary" "$work/missing.csv"
expect 2 "there is no column" "${simulated[@]}" "$bin/summary" --column y "$work/table.csv"
printf '1\n2\nthree\n4\n' > "$work/words.csv"
expect 2 "$work/words.csv:3:" "${simulated[@]}" "$bin/summary" "$work/words.csv"
on 2 1 "$bin/summary" --missing "$work/words.csv" > "$work/out"
TROUPE_CHECK=1 "${simulated[@]}" "$bin/summary" --missing "$work/words.csv" | cmp - "$work/out" || fail "TROUPE_CHECK=1 and --missing"
grep -qx 'missing   1' "$work/out" || fail "--missing" "$(cat "$work/out")"
: > "$work/empty.csv"
"${simulated[@]}" "$bin/summary" "$work/empty.csv" | grep -qx 'count     0' || fail "an empty file"
echo "wrong arguments and files: ok"

# ---- the large classes -------------------------------------------------------------------

hows=("1 1" "2 1")
for class in "${large_classes[@]}"; do verify "$class"; done
