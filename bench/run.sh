#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds and runs the benchmarks; `bench/run.sh --help` says how.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

all=(pingpong stream histogram bulk local memory wordcount kernels levels cg checkpoint without)

usage() {
    cat << TEXT
usage: bench/run.sh [--quick] [--check] [NAME...]
  NAME       one of: ${all[*]}; all if none is given
  --quick    fewer and smaller samples
  --check    exit code 1 if a bar is missed, or its case not run
One JSON object per line on standard output, a table with the bars of bench/bars.txt on
standard error. A ratio above 1 means that ours is better. Use an idle machine.
TEXT
}

# ---- options -------------------------------------------------------------------------

quick=() names=() is_check=false
for argument; do
    case $argument in
    --quick) quick=(--quick) ;;
    --check) is_check=true ;;
    --help | -h)
        usage
        exit 0
        ;;
    *)
        if [[ " ${all[*]} " != *" $argument "* ]]; then
            usage >&2
            exit 2
        fi
        names+=("$argument")
        ;;
    esac
done
if [ "${#names[@]}" -eq 0 ]; then names=("${all[@]}"); fi

say() { printf 'bench: %s\n' "$*" >&2; }

# ---- build ---------------------------------------------------------------------------

build=${TROUPE_BUILD_DIR:-build}
log=$build/log/bench.log
targets=(bench_summary)
for name in "${names[@]}"; do
    case $name in
    pingpong) targets+=(bench_pingpong bench_pingpong_peer) ;;
    wordcount) targets+=(wordcount) ;;
    kernels) targets+=(bench_kernels is ep) ;;
    checkpoint) targets+=(bench_checkpoint troupe) ;;
    without) targets+=(bench_messages) ;;
    *) targets+=("bench_$name") ;;
    esac
done

mkdir -p "$build/log"
generator=()
# A build folder keeps the generator it was made with.
if [ ! -f "$build/CMakeCache.txt" ] && command -v ninja > /dev/null; then generator=(-G Ninja); fi
if ! { cmake -S . -B "$build" "${generator[@]}" &&
    cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]}"; } > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    say "the build failed; all of its output is in $log"
    exit 1
fi

# ---- what the scripts of single benchmarks share --------------------------------------

export BENCH_BIN=$build/bin BENCH_BUILD=$build
# The watch stays on, as users have it; a peer's block on a busy machine is not its affair.
export TROUPE_HANDLER_TIMEOUT_MS=${TROUPE_HANDLER_TIMEOUT_MS:-60000}
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
if [ "$(nproc)" -lt 2 ]; then
    say "two ranks need two cores; the figures of this machine mean little"
    export OMPI_MCA_rmaps_base_oversubscribe=1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
lines=$folder/lines

ranks() { # ranks N PROGRAM ARGUMENT...
    local n=$1
    shift
    mpirun --bind-to core -n "$n" "$@"
}

# ---- the benchmarks ------------------------------------------------------------------

# One failure fails the benchmark: who calls these asks for their exit code, and bash does
# not stop at errors within.
run_pingpong() {
    ranks 2 "$BENCH_BIN/bench_pingpong" "${quick[@]}" &&
        bash bench/pingpong_settings.sh "${quick[@]}"
}

# Runs of a program that prints one figure, against a fixed one.
repeat_against() { # repeat_against PEER CASE UNIT PEER_NAME COMMAND...
    local peer=$1 case_name=$2 unit=$3 peer_name=$4 ours
    shift 4
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        ours=$("$@") || exit
        echo "$ours $peer"
    done | "$BENCH_BIN/bench_summary" cost memory "$case_name" "$unit" "$peer_name"
}

# The largest of the ranks' figures in the last column of the runtime's statistics, KiB.
transport_bytes() {
    TROUPE_STATS=1 "$BENCH_BIN/bench_memory" transport 2>&1 | awk '
        /^-- transport/ { is_in = 1 }
        /^dead letters|^audit/ { is_in = 0 }
        is_in && $1 ~ /^[0-9]+$/ && $NF ~ /^[0-9]+$/ { n++; if ($NF > most) most = $NF }
        END { if (n != 64) exit 1; print 1024 * most }'
}

run_memory() {
    local program=$BENCH_BIN/bench_memory
    repeat_against 256 "idle handler actor" "bytes resident" "256 B" ranks 1 "$program" handlers &&
        repeat_against 8192 "idle process" "bytes resident" "8 KiB" ranks 1 "$program" processes &&
        repeat_against 4194304 "transport, per rank of 64" bytes "4 MiB" transport_bytes
}

run_kernels() {
    local program=$BENCH_BIN/bench_kernels
    TROUPE_WORKERS=1 ranks 1 "$program" "${quick[@]}" &&
        TROUPE_WORKERS=2 mpirun --bind-to none -n 1 "$program" "${quick[@]}" &&
        TROUPE_WORKERS=1 ranks 2 "$program" "${quick[@]}" &&
        bash bench/kernels_apps.sh "${quick[@]}"
}

run_one() { # run_one NAME: its JSON lines
    case $1 in
    pingpong) run_pingpong ;;
    memory) run_memory ;;
    wordcount) bash bench/wordcount.sh "${quick[@]}" ;;
    checkpoint) bash bench/checkpoint.sh "${quick[@]}" ;;
    without) bash bench/without.sh "${quick[@]}" ;;
    kernels) run_kernels ;;
    local) ranks 1 "$BENCH_BIN/bench_local" "${quick[@]}" ;;
    levels) TROUPE_WORKERS=1 ranks 1 "$BENCH_BIN/bench_levels" "${quick[@]}" ;;
    *) ranks 2 "$BENCH_BIN/bench_$1" "${quick[@]}" ;;
    esac
}

failed=()
for name in "${names[@]}"; do
    say "$name ..."
    # Not behind a pipe of its own, so that its failure is seen.
    if ! run_one "$name" > >(tee -a "$lines"); then failed+=("$name"); fi
    wait "$!"
done

# ---- the table -----------------------------------------------------------------------

# Joins the JSON lines with the bars. A bar of a benchmark that was chosen is missed too if
# its case was not run. The exit code says whether any was missed.
# shellcheck disable=SC2016 # awk's dollars
table='
function field(name,    text) {
    if (!match($0, "\"" name "\": (\"[^\"]*\"|[^,}]*)")) return ""
    text = substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4)
    gsub(/"/, "", text)
    return text
}
BEGIN { printf format, "benchmark", "case", "ours", "peer", "unit", "ratio", "95 %", "bar", "", "peer" }
NR == FNR {
    n = split($0, part, "|")
    if (/^#/ || n < 4) next
    key = part[1] "|" part[2] "|" part[3]
    bar[key] = part[4]
    if (index(" " chosen " ", " " part[1] " ") && !(part[5] == "full" && is_quick)) wanted[++n_wanted] = key
    next
}
{
    key = field("bench") "|" field("case") "|" field("peer_name")
    was_run[key] = 1
    least = bar[key]
    verdict = least == "" ? "" : field("ratio") + 0 >= least + 0 ? "met" : "MISSED"
    n_missed += verdict == "MISSED"
    printf format, field("bench"), field("case"), field("ours"), field("peer"), field("unit"), field("ratio"),
        field("ci_low") " - " field("ci_high"), least, verdict, field("peer_name")
}
END {
    for (i = 1; i <= n_wanted; i++) {
        if (wanted[i] in was_run) continue
        n_missed++
        split(wanted[i], part, "|")
        printf format, part[1], part[2], "", "", "", "", "", bar[wanted[i]], "NOT RUN", part[3]
    }
    exit n_missed > 0
}'

touch "$lines"
is_met=true
awk -v format='%-10s %-46s %10s %10s %-19s %7s %15s %5s %-7s  %s\n' \
    -v chosen="${names[*]}" -v is_quick="${#quick[@]}" "$table" \
    bench/bars.txt "$lines" >&2 || is_met=false

if [ "${#failed[@]}" -gt 0 ]; then
    say "failed: ${failed[*]}"
    exit 1
fi
if [ "$is_check" = true ] && [ "$is_met" = false ]; then exit 1; fi
