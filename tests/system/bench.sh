#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# bench/run.sh --check counts a bar as missed whose case was not run, and nothing is said of
# runs of is and ep that were not verified. Stubs stand for the build and the programs.
set -euo pipefail

# It is the same scripts.
if [ -n "${TROUPE_SANITIZE:-}" ] || [ "${TROUPE_TEST_HOSTILE:-0}" -ne 0 ]; then exit 77; fi

source=${TROUPE_SOURCE_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/build/bin"
export TROUPE_BUILD_DIR=$work/build PATH=$work/bin:$PATH STUB_LINES=$work/lines STUB_VERIFIED=true

stub() { # stub FILE < script
    { echo '#!/usr/bin/env bash' && cat; } > "$1"
    chmod +x "$1"
}
stub "$work/bin/cmake" <<< 'exit 0'
stub "$work/bin/mpirun" << 'BASH'
case $* in
*/bin/bench_*) cat "$STUB_LINES" ;;
*) echo "{\"verified\": $STUB_VERIFIED, \"ranking_seconds\": 2.5, \"seconds\": 1.5}" ;;
esac
BASH
stub "$work/build/bin/bench_summary" << 'BASH'
cat > /dev/null
echo "{\"bench\": \"$2\", \"case\": \"$3\", \"ratio\": 99, \"peer_name\": \"$5\"}"
BASH

# What a benchmark says that reaches its bars.
lines_of() { # lines_of BENCH
    awk -F '|' -v bench="$1" '
        $1 == bench && $5 != "full" {
            printf "{\"bench\": \"%s\", \"case\": \"%s\", \"ratio\": 99, \"peer_name\": \"%s\"}\n", $1, $2, $3
        }' "$source/bench/bars.txt"
}

expect() { # expect CODE NOT_RUN WORDS ARGUMENT...: of bench/run.sh --check
    local wanted=$1 n_wanted=$2 words=$3 code=0
    shift 3
    bash "$source/bench/run.sh" --check "$@" > "$work/out" 2> "$work/err" || code=$?
    if [ "$code" -ne "$wanted" ] || [ "$(grep -c 'NOT RUN' "$work/err")" -ne "$n_wanted" ] ||
        ! grep -q -- "$words" "$work/err"; then
        printf '%s\n' "$*: exit code $code, expected $wanted, NOT RUN $n_wanted times and '$words'" >&2
        cat "$work/err" >&2
        exit 1
    fi
}

lines_of local > "$work/lines"
expect 0 0 "spawn and end of a process .* met" local
sed -i 1d "$work/lines"
expect 1 1 "^local .*stream to a handler actor .* NOT RUN .*jump_fcontext" local
: > "$work/lines"
expect 1 "$(lines_of local | wc -l)" "^benchmark " local
echo "cases that were not run: ok"

# --quick has other classes of is and ep, for which there are no bars.
lines_of kernels > "$work/lines"
expect 0 0 "is class A, 2 ranks .* met" kernels
expect 0 0 "is class W, 2 ranks" --quick kernels
sed -i 1d "$work/lines"
expect 1 1 "TREE sum, 1 thread .* NOT RUN" --quick kernels
echo "cases that --quick leaves out: ok"

lines_of kernels > "$work/lines"
STUB_VERIFIED=false expect 1 2 "is class A, 2 ranks, was not verified" kernels
grep -q 'bench: failed: kernels' "$work/err"
if grep -q 'class' "$work/out"; then
    echo "a figure of a run that was not verified" >&2
    exit 1
fi
echo "runs that are not verified: ok"
