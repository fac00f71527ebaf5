#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every operation and level on hostile numbers has the bits that tests/golden/kernels says,
# in the build of either compiler, with each set of instructions, on numbers of ranks with
# parts even and not, and in check mode (sim.kernel_product has all numbers of ranks and
# threads, compared with one); and no public operation is missing there. TROUPE_TEST_SEED
# draws the cuts and which of 5, 7 and 8 ranks; TROUPE_TEST_FULL=1: all of them. Where FAST is an expression of its
# own it does not: else the numbers would show nothing. Where by its words it is TREE, the
# program sees to it that it has TREE's bits.
#   bash tests/system/golden.sh --write    writes the table anew, by ./build or
#                                          $TROUPE_BUILD_DIR: where something was added
set -euo pipefail
export LC_ALL=C # for sort

source_dir=${TROUPE_SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
program=${TROUPE_BUILD_DIR:-$source_dir/build}/bin/tests/mpi_kernel_golden
table=$source_dir/tests/golden/kernels
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The rows. What is refused for want of a level is no fault.
say() { # say RANKS VARIABLE=VALUE...
    local n=$1
    shift
    env TROUPE_BACKEND=sim TROUPE_SIM_RANKS="$n" "$@" "$program" 2> "$work/err" && return
    cat "$work/err" >&2
    return 1
}

if [ "${1:-}" = --write ]; then
    say 1 > "$work/said"
    grep '^#' "$table" > "$work/table"
    grep -v ' FAST ' "$work/said" | sort >> "$work/table"
    mv "$work/table" "$table"
    exit
fi

seed=${TROUPE_TEST_SEED:-$(date +%s)}
unset TROUPE_TEST_SEED
echo "TROUPE_TEST_SEED=$seed"
many=(5 7 8)
[ "${TROUPE_TEST_FULL:-0}" = 1 ] || many=("${many[seed % 3]}")

n_runs=0
compare_said() { # compare_said RANKS VARIABLE=VALUE...: who has said it
    grep -v ' FAST ' "$work/said" | sort > "$work/rows"
    grep ' FAST ' "$work/said" | sort > "$work/fast-$1"
    diff <(grep -v '^#' "$table") "$work/rows" > "$work/diff" || {
        echo "$*: other bits than in $table (< there, > here)" >&2
        head -n 40 "$work/diff" >&2
        echo "If an operation or a level is new: bash tests/system/golden.sh --write" >&2
        exit 1
    }
    n_runs=$((n_runs + 1))
}
compare() { # compare RANKS VARIABLE=VALUE...
    say "$@" > "$work/said" || exit 1
    compare_said "$@"
}

# All operations with a FAST of their own have other bits than on one rank, of numbers
# whose every digit counts; of others a few large ones may say all.
fast_fails() { # fast_fails RANKS
    local n_rows same
    n_rows=$(grep -cE ' (uniform|cancelling) ' "$work/fast-1")
    [ "$n_rows" -ge 8 ] || { echo "only $n_rows sums by FAST" >&2; exit 1; }
    same=$(comm -12 "$work/fast-1" "$work/fast-$1" | grep -E ' (uniform|cancelling) ' || true)
    [ -z "$same" ] || { printf 'FAST on %s ranks as on one:\n%s\n' "$1" "$same" >&2; exit 1; }
}

# A public operation is a function that is told how.
cat "$source_dir"/include/troupe/*.h | tr '\n' ' ' |
    grep -oE 'troupe_[a-z_]+\([^()]*troupe_how how' | sed 's/(.*//' |
    grep -vx troupe_later | sort -u > "$work/public"
[ "$(wc -l < "$work/public")" -ge 25 ] || { echo "only $(wc -l < "$work/public") operations" >&2; exit 1; }
grep -v '^#' "$table" | cut -d ' ' -f 1 | sort -u > "$work/known"
diff "$work/public" "$work/known" || { echo "$table and the headers differ in operations" >&2; exit 1; }

compare 1
# These have no order to keep by FAST, as include/troupe/kernel.h says, and no others.
printf 'troupe_%s\n' dot multiply_dot norm sum > "$work/free"
diff "$work/free" <(cut -d ' ' -f 1 "$work/fast-1" | sort -u) || {
    echo "other operations than these (<) have a FAST of their own (>)" >&2
    exit 1
}
compare 2 TROUPE_CHECK=1
fast_fails 2
if [ -z "${TROUPE_SANITIZE:-}" ]; then
    compare 3
    fast_fails 3 # with even parts: those that are drawn may all but be one
    for n_ranks in "${many[@]}"; do compare "$n_ranks" TROUPE_TEST_SEED="$seed"; done
    for isa in baseline v2 v3 v4; do
        if say 1 "TROUPE_ISA=$isa" > "$work/said" 2> "$work/words"; then
            compare_said 1 "TROUPE_ISA=$isa"
        else
            grep -q 'one that this processor has' "$work/words" || { cat "$work/words" >&2; exit 1; }
        fi
    done
fi
echo "$(wc -l < "$work/rows") hashes of $(wc -l < "$work/public") operations, $n_runs times: the same"
