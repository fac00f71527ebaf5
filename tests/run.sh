#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds everything and runs all checks and tests; `tests/run.sh --help` says how.
# shellcheck disable=SC2317 # stage() calls the functions by their names
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
    cat << 'TEXT'
usage: tests/run.sh [--quick | --full]
  (nothing)  what continuous integration runs; within half an hour on two cores
  --quick    build with gcc and run the tests, no more
  --full     also gcc with sanitizers, ThreadSanitizer on the unit tests, ten times the
             seeds and ten times the fuzzing, and with TROUPE_TEST_FULL the main suite
             and the unit tests with sanitizers; no test's limit is below 4 hours
Folders: build (gcc), build/asan (clang, ASan+UBSan, fuzzing), build/hostile (clang, tiny
buffers). Logs of the stages: build/log. Environment: JOBS (at once), FUZZ_SECONDS (for all
fuzzers together), TROUPE_TEST_SEEDS (of each sim test).
TEXT
}

mode=usual
case ${1:-} in
"") ;;
--quick) mode=quick ;;
--full) mode=full ;;
--help | -h)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 2
    ;;
esac

# Not TROUPE_*: of these the library warns when it does not know them.
jobs=${JOBS:-$(nproc)}
fuzz_seconds=${FUZZ_SECONDS:-90} # all but the store's share for what comes from elsewhere
seeds_percent=100
least_seconds=0 # each test its own limit
if [ "$mode" = full ]; then
    fuzz_seconds=${FUZZ_SECONDS:-600}
    seeds_percent=1000
    least_seconds=14400
    export TIDY_NODES=225000
fi

# ---- stages --------------------------------------------------------------------------

table=()
failed=()

stage() { # stage NAME COMMAND...: runs it, notes time and result, never ends the run
    local name=$1 begin=$SECONDS result=ok
    shift
    printf '\n==== %s\n' "$name"
    "$@" || result=FAILED
    note "$name" "$result" $((SECONDS - begin))
    divide $((SECONDS - begin)) < build/log/weights
}

note() { # note NAME RESULT SECONDS
    table+=("$(printf '%-28s %5d s  %s' "$1" "$3" "$2")")
    if [ "$2" != ok ]; then
        failed+=("$1")
        printf '==== %s: FAILED\n' "$1"
    fi
}

# ---- parts of the project ------------------------------------------------------------

# Each part has its minutes, and what all share, the builds and checks, has its own. A suite's
# time is divided in the ratio of its tests' seconds, each times the ranks that it keeps places
# for; that of fuzzing by its targets. A stage leaves lines "PART WEIGHT" in build/log/weights.
minutes=(foundation:8 kernels:5 placement:2 checkpoints:6 shared:9)

divide() { # divide SECONDS < weights: to build/log/parts
    awk -v seconds="$1" '{ weight[$1] += $2; all += $2 }
        END { for (part in weight) if (all > 0) print part, seconds * weight[part] / all }' \
        >> build/log/parts
}

all_share() {
    echo shared 1 > build/log/weights
}

tests_by_part() { # tests_by_part LOG: what ctest sums up for each label
    awk 'NR == FNR { if (/^[a-z]/) part[$1]; next }
        $1 in part && $2 == "=" { print $1, $3 }' tests/PARTS "$1" > build/log/weights
}

fuzzers_by_part() {
    awk 'NR == FNR { if (/^[a-z]/) for (i = 2; i <= NF; i++) part_of[$i] = $1; next }
        { print part_of[$1], 1 }' tests/PARTS \
        <(printf '%s\n' tests/fuzz/fuzz_*.c | sed 's/.*fuzz_//; s/[_.].*//')
}

# Beside the checks the fuzzers have one of so many processes at once, and all after them.
divide_fuzzing() { # divide_fuzzing SECONDS SECONDS_OF_CHECKS
    local beside=$(($1 < $2 ? $1 : $2)) checks
    checks=$((beside / (jobs + 1)))
    echo shared 1 | divide $((-checks))
    fuzzers_by_part | divide $((checks + $1 - beside))
}

print_parts() {
    local part
    for part in "${minutes[@]}"; do
        awk -v part="${part%:*}" -v minutes="${part#*:}" '$1 == part { seconds += $2 }
            END { printf "%-28s %5d s  of %d\n", part, seconds, minutes * 60 }' build/log/parts
    done
}

# ---- what the stages do --------------------------------------------------------------

# A build's output is of interest only when it fails.
quietly() { # quietly LOG COMMAND...
    local log=build/log/$1.log
    shift
    "$@" > "$log" 2>&1 && return
    grep -E -A 12 'error|FAILED|Error' "$log" | head -n 120 || tail -n 60 "$log"
    echo "(all of it: $log)"
    return 1
}

configure_and_build() { # configure_and_build FOLDER OPTION...
    local folder=$1 generator=()
    shift
    # A build folder keeps the generator it was made with.
    if [ ! -f "$folder/CMakeCache.txt" ] && command -v ninja > /dev/null; then
        generator=(-G Ninja)
    fi
    if command -v ccache > /dev/null; then set -- "$@" -DCMAKE_C_COMPILER_LAUNCHER=ccache; fi
    # Said each time, as a build folder keeps what it was told last.
    cmake -S . -B "$folder" "${generator[@]}" "-DTROUPE_TEST_TIMEOUT_S=$least_seconds" "$@" &&
        cmake --build "$folder" --parallel "$jobs" -- "$(keep_going "$folder")"
}

# All errors at once rather than the first.
keep_going() {
    if [ -f "$1/build.ninja" ] || { [ ! -f "$1/Makefile" ] && command -v ninja > /dev/null; }; then
        echo -k0
    else
        echo -k
    fi
}

build() { # build FOLDER OPTION...
    all_share
    quietly "build-$(basename "$1")" configure_and_build "$@"
}

# SEEDS: how many of the seeds that a sim test asks for, in percent.
suite() { # suite FOLDER SEEDS OPTION...
    local folder=$1
    export SEEDS_PERCENT=$(($2 * seeds_percent / 100))
    shift 2
    # One more than cores: launching is mostly waiting.
    ctest --test-dir "$folder" --no-tests=error --output-on-failure \
        --parallel $((jobs + 1)) "$@"
}

# The suite's lines only where a test failed; the full ones are those of the last stage.
quiet_suite() { # quiet_suite NAME FOLDER SEEDS OPTION...
    local log=build/log/suite-$1.log result=0
    shift
    suite "$@" > "$log" 2>&1 || result=$?
    tests_by_part "$log"
    if [ "$result" -ne 0 ]; then
        grep -v ' Passed ' "$log" | sed '/^[0-9]*% tests passed/,$d' | head -n 300
        echo "(all of it: $log)"
    fi
    sed -n '/^[0-9]*% tests passed/p; /^The following tests FAILED/,$p' "$log"
    return "$result"
}

check() { # check NAME...
    local name result=0
    all_share
    for name; do bash "tests/checks/$name.sh" || result=1; done
    return "$result"
}

# Each fuzzer gets its share of the time. New inputs stay in the build folder; what finds a
# fault is kept and named, to be put into tests/fuzz/corpus with the repair.
fuzz() {
    local programs=(build/asan/bin/tests/fuzz_*) program name share result=0
    [ -x "${programs[0]}" ] || { echo "no fuzz programs yet"; return 0; }
    share=$((fuzz_seconds / ${#programs[@]}))
    for program in "${programs[@]}"; do
        name=$(basename "$program")
        mkdir -p "build/fuzz/$name" "build/fuzz/faults"
        local inputs=("build/fuzz/$name")
        if [ -d "tests/fuzz/corpus/$name" ]; then inputs+=("tests/fuzz/corpus/$name"); fi
        LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0" \
            UBSAN_OPTIONS=print_stacktrace=1 \
            "$program" -max_total_time=$((share > 0 ? share : 1)) -timeout=10 -rss_limit_mb=2048 \
            -print_final_stats=0 -verbosity=0 -artifact_prefix="build/fuzz/faults/$name-" \
            "${inputs[@]}" || { result=1; echo "$name: see build/fuzz/faults"; }
    done
    return "$result"
}

timed_fuzz() {
    local begin=$SECONDS result=0
    fuzz || result=$?
    echo $((SECONDS - begin)) > build/log/fuzz.seconds
    return "$result"
}

fuzz_took() {
    cat build/log/fuzz.seconds 2> /dev/null || echo 0
}

quickstart() {
    echo foundation 1 > build/log/weights
    quietly quickstart bash jobs/quickstart.sh
}

# What a report says needs functions and lines; a debugger wants -g.
asan_options=(-DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -gline-tables-only"
    "-DTROUPE_SANITIZE=address,undefined" -DTROUPE_FUZZ=ON -DTROUPE_BUILD_BENCH=OFF -DTROUPE_WERROR=ON)

quick_stages() {
    stage "build, gcc" build build
}

# Everything above comm once more with records that go over an intermediate rank.
two_hops() { # two_hops FOLDER
    TROUPE_SIM_ROUTE=two_hops quiet_suite two-hops "$1" 50 --label-regex sim --exclude-regex 'sim\.comm'
}

usual_stages() {
    local fuzz_process begin seconds
    stage "build, gcc" build build -DTROUPE_WERROR=ON
    stage "quickstart" quickstart
    stage "build, clang, sanitizers" build build/asan "${asan_options[@]}"
    stage "build, clang, hostile" build build/hostile -DCMAKE_C_COMPILER=clang \
        -DTROUPE_HOSTILE=ON -DTROUPE_ASSERT=ON -DTROUPE_BUILD_BENCH=OFF -DTROUPE_WERROR=ON
    # Beside the checks, which do not mind losing time to it; the tests after them might.
    begin=$SECONDS
    timed_fuzz > build/log/fuzz.log 2>&1 &
    fuzz_process=$!
    stage "checks of the text" check format licence layers labels headers sizes readme shellcheck
    stage "cppcheck" check cppcheck
    stage "clang-tidy" check tidy
    seconds=$((SECONDS - begin))
    printf '\n==== fuzzing, beside the checks\n'
    if wait "$fuzz_process"; then
        note fuzzing ok "$(fuzz_took)"
    else
        tail -n 60 build/log/fuzz.log
        note fuzzing FAILED "$(fuzz_took)"
    fi
    divide_fuzzing "$(fuzz_took)" "$seconds"
    stage "tests, sanitizers" quiet_suite asan build/asan 10
    stage "tests, hostile build" quiet_suite hostile build/hostile 25
    stage "tests over two hops" two_hops build/hostile
}

full_unit_tests() { # full_unit_tests FOLDER
    TROUPE_TEST_FULL=1 quiet_suite unit-full "$1" 10 --label-regex unit
}

full_stages() {
    usual_stages
    stage "unit tests in full, sanitizers" full_unit_tests build/asan
    stage "build, gcc, sanitizers" build build/asan-gcc -DTROUPE_SANITIZE=address,undefined \
        -DTROUPE_BUILD_BENCH=OFF "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g"
    stage "tests, gcc, sanitizers" quiet_suite asan-gcc build/asan-gcc 10
    stage "build, ThreadSanitizer" build build/tsan -DTROUPE_SANITIZE=thread \
        -DCMAKE_C_COMPILER=clang -DTROUPE_BUILD_BENCH=OFF "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g"
    stage "tests, ThreadSanitizer" quiet_suite tsan build/tsan 10 --label-regex unit
}

# ---- the run -------------------------------------------------------------------------

# Without the checks' tools the rest still runs; the stages that need them say so and fail.
if [ "$mode" = quick ] || ! bash jobs/packages.sh test; then bash jobs/packages.sh build; fi
mkdir -p build/log
rm -f build/log/parts build/log/fuzz.seconds
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

"${mode}_stages"

# In full only now: with sanitizers its gigabytes and hundreds of launches are too many.
if [ "$mode" = full ]; then export TROUPE_TEST_FULL=1; fi

main_suite() {
    local result=0
    suite build 100 | tee build/log/suite.log || result=$?
    tests_by_part build/log/suite.log
    return "$result"
}
stage "tests, main suite" main_suite

printf '\n==== stages\n'
printf '%s\n' "${table[@]}"
printf '%-28s %5d s\n' "all" "$SECONDS"
printf '\n==== parts\n'
print_parts
if [ "${#failed[@]}" -gt 0 ]; then
    printf 'FAILED:'
    printf ' [%s]' "${failed[@]}"
    printf '\n'
fi

# Last, what ctest says about the main suite.
printf '\n'
sed -n '/^[0-9]*% tests passed/,$p' build/log/suite.log
[ "${#failed[@]}" -eq 0 ]
