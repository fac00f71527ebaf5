#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# summary on NIST's univariate reference data sets (tests/strd/README.md): as many digits of
# the certified mean and standard deviation as double precision allows.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tiny buffers are tried on sim

program=${TROUPE_BUILD_DIR:?}/bin/summary
sets=${TROUPE_SOURCE_DIR:?}/tests/strd
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# With sanitizers a launch takes seconds; system.kernels launches summary there, too.
launch=(mpirun --bind-to none --oversubscribe -n 2)
[ -z "${TROUPE_SANITIZE:-}" ] || launch=(env TROUPE_BACKEND=sim TROUPE_SIM_RANKS=2)

numacc() { # numacc BASE: one number, then 500 times a tenth less and a tenth more
    awk -v base="$1" 'BEGIN { print base ".2"; for (i = 0; i < 500; i++) print base ".1\n" base ".3" }'
}
printf '%s\n' 10000001 10000003 10000002 > "$work/NumAcc1.csv"
numacc 1 > "$work/NumAcc2.csv"
numacc 1000000 > "$work/NumAcc3.csv"
numacc 10000000 > "$work/NumAcc4.csv"

# Log relative errors: about the number of right digits, of which certified are 15.
# shellcheck disable=SC2016 # awk's dollars
judge='
function field(name) {
    if (!match($0, "\"" name "\": [^,}]*")) return "nan"
    return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) + 0
}
function digits(value, certified,    error) {
    error = value > certified ? value - certified : certified - value
    if (certified < 0) certified = -certified
    return error == 0 ? 15 : -log(error / certified) / log(10)
}
{
    if (field("count") != n) { print "count " field("count"); exit 1 }
    mean_digits = digits(field("mean"), mean)
    deviation_digits = digits(sqrt(field("variance")), deviation)
    printf "mean %.1f digits, deviation %.1f", mean_digits, deviation_digits
    exit !(mean_digits >= least_mean && deviation_digits >= least_deviation)
}'

# NAME N MEAN DEVIATION, and the digits that each must have. What spreads little, or next to
# nothing beside its mean, has been changed when it was read: 1e-16 of 2 in 4e-4 (Mavro).
while read -r name n mean deviation least_mean least_deviation; do
    file=$sets/$name.csv
    [ -f "$file" ] || file=$work/$name.csv
    for level in tree tree_dd exact; do
        result=$(timeout 120 "${launch[@]}" "$program" --json --level "$level" "$file" < /dev/null)
        if ! words=$(awk -v n="$n" -v mean="$mean" -v deviation="$deviation" \
            -v least_mean="$least_mean" -v least_deviation="$least_deviation" "$judge" <<< "$result"); then
            printf '%s, level %s: FAILED\n  %s\n  %s\n' "$name" "$level" "$words" "$result" >&2
            exit 1
        fi
    done
    echo "$name: ok, $words"
done << 'TABLE'
Lew 200 -177.435000000000 277.332168044316 14.5 14.5
Lottery 218 518.958715596330 291.699727470969 14.5 14.5
PiDigits 5000 4.53480000000000 2.86733906028871 14.5 14.5
Mavro 50 2.00185600000000 0.000429123454003053 14.5 13
Michelso 100 299.852400000000 0.0790105478190518 14.5 13
NumAcc1 3 10000002 1 15 15
NumAcc2 1001 1.2 0.1 14.5 14.5
NumAcc3 1001 1000000.2 0.1 14.5 9
NumAcc4 1001 10000000.2 0.1 14.5 8
TABLE
