#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# cg: the residuals have the same bits on any number of ranks and threads, matrices come from
# files of each kind, and what cannot be solved is said.
set -euo pipefail

cg=${TROUPE_BUILD_DIR:?}/bin/cg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Threads that look for work all the time take it from ranks without a core.
export OMP_WAIT_POLICY=passive

on_ranks() { # on_ranks N ARGUMENT...
    local n=$1
    shift
    timeout 120 mpirun --bind-to none --oversubscribe -n "$n" "$cg" "$@"
}

fail() {
    echo "$1" >&2
    exit 1
}

# ---- the same bits -------------------------------------------------------------------

same() { # same WHAT: the history is the expected one
    cmp "$work/history" "$work/expected" || fail "$1: other residuals"
}

"$cg" --poisson 24 --history "$work/expected" > "$work/out"
head -n 1 "$work/expected" | grep -qx 'iteration,residual' || fail "the head of the history"
sed -n 2p "$work/expected" | grep -qx '0,0x1.d64d51e0db1c6p+6' ||
    fail "the first residual is not the root of 24^3: $(sed -n 2p "$work/expected")"
[ "$(wc -l < "$work/expected")" -gt 20 ] || fail "too few iterations"
# Of the larger one each of 3 threads on each of 7 ranks has blocks.
edge=53 numbers=() # of ranks and of threads
for n in 1 2 3 4 7; do numbers+=("$n 1" "$n 2" "$n 3"); done
# Sanitizers, with which a launch takes seconds, and tiny buffers see no more in all of them.
if [ -n "${TROUPE_SANITIZE:-}" ] || [ "${TROUPE_TEST_HOSTILE:-0}" -ne 0 ]; then
    edge=24 numbers=("2 3" "7 1")
fi
larger=(--poisson "$edge" --tolerance 0.5)
"$cg" "${larger[@]}" --history "$work/larger" > "$work/out"
[ "$(wc -l < "$work/larger")" -gt 10 ] || fail "too few iterations of the larger one"
for number in "${numbers[@]}"; do
    TROUPE_WORKERS=${number#* } on_ranks "${number% *}" "${larger[@]}" --history "$work/history" > "$work/out"
    cmp "$work/history" "$work/larger" || fail "ranks, threads: $number: other residuals"
done
TROUPE_BACKEND=sim TROUPE_SIM_RANKS=5 "$cg" --poisson=24 --history="$work/history" > "$work/out"
same "5 simulated ranks"
for n in 1 3; do
    TROUPE_CHECK=1 TROUPE_BACKEND=sim TROUPE_SIM_RANKS=$n "$cg" --poisson 24 --history "$work/history" > "$work/out"
    same "TROUPE_CHECK=1 and $n simulated ranks"
done

# Once a library that was linked with -ffast-math is loaded, the whole process takes
# subnormals for zeros; the scalars of this matrix are some.
if [ -z "${TROUPE_SANITIZE:-}" ]; then
    awk 'BEGIN {
        n = 60
        print "%%MatrixMarket matrix coordinate real symmetric"
        print n, n, 2 * n - 1
        for (i = 1; i <= n; i++) {
            print i, i, (2 + i % 7) "e306"
            if (i < n) print i + 1, i, "-4e305"
        }
    }' > "$work/huge.mtx"
    echo 'int nothing_fast;' > "$work/fast.c"
    "${CC:-cc}" -shared -fPIC -ffast-math "$work/fast.c" -o "$work/fast.so"
    "$cg" "$work/huge.mtx" --history "$work/subnormal" > "$work/out"
    LD_PRELOAD="$work/fast.so" "$cg" "$work/huge.mtx" --history "$work/history" > "$work/out" ||
        fail "beside a fast-math library: it does not solve"
    cmp "$work/history" "$work/subnormal" || fail "beside a fast-math library: other residuals"
    [ "$(wc -l < "$work/subnormal")" -gt 8 ] || fail "too few iterations beside a fast-math library"
fi
echo "the same bits: ok"

# ---- files ---------------------------------------------------------------------------

# Poisson's matrix again, by columns as most files are, in the forms that there are.
poisson() { # poisson SYMMETRY
    awk -v symmetry="$1" 'BEGIN {
        n = 24
        rows = n ^ 3
        for (column = 1; column <= rows; column++)
            for (k = -3; k <= 3; k++) {
                step = k == 0 ? 0 : n ^ ((k < 0 ? -k : k) - 1)
                at = int((column - 1) / (step ? step : 1)) % n
                if ((k < 0 && at == 0) || (k > 0 && at == n - 1)) continue
                row = column + (k < 0 ? -step : step)
                if (symmetry == "symmetric" && row < column) continue
                line[++m] = row " " column " " (k == 0 ? "6.0" : "-1e0")
            }
        print "%%MatrixMarket matrix coordinate real " symmetry
        print "% comment"
        print rows, rows, m
        for (i = 1; i <= m; i++) print line[i]
    }'
}
for symmetry in general symmetric; do
    poisson "$symmetry" > "$work/poisson.mtx"
    on_ranks 3 --history "$work/history" "$work/poisson.mtx" > "$work/out"
    same "a $symmetry file"
done
printf '%%%%MatrixMarket matrix coordinate pattern symmetric\n2 2 2\n1 1\n2 2\n' > "$work/one.mtx"
"$cg" --json "$work/one.mtx" > "$work/out"
grep -q '"entries":2,.*"iterations":1,"converged":true,"residual":"0x0p+0"' "$work/out" ||
    fail "a pattern: $(cat "$work/out")"
"$cg" "$work/one.mtx" > "$work/out"
grep -qF 'after 1 iteration: ' "$work/out" || fail "one iteration: $(cat "$work/out")"
"$cg" --json --poisson 9 --points 27 --rhs random --tolerance 1e-12 > "$work/out"
grep -q '"rows":729,"entries":15625,.*"converged":true.*"true_relative":[0-9.]*e-1[234]' "$work/out" ||
    fail "27 points: $(cat "$work/out")"
echo "files: ok"

# ---- what is wrong -------------------------------------------------------------------

# Launching takes half a second: most of it is tried on simulated ranks.
launch=(env TROUPE_BACKEND=sim TROUPE_SIM_RANKS=3)
refused() { # refused CODE WORDS ARGUMENT...
    local code=0 expected=$1 words=$2
    shift 2
    "${launch[@]}" "$cg" "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$expected" ] || fail "$*: exit code $code, not $expected: $(cat "$work/err")"
    [ "$(grep -c "^cg: .*$words" "$work/err")" -eq 1 ] || fail "$*: $(cat "$work/err")"
    [ ! -s "$work/out" ] || fail "$*: wrote $(cat "$work/out")"
}

matrix() { # matrix KIND SIZES LINE...
    local kind=$1
    shift
    { echo "%%MatrixMarket matrix coordinate $kind"; printf '%s\n' "$@"; } > "$work/bad.mtx"
}

refused 64 "neither a FILE nor --poisson"
refused 64 "--points wants 7 or 27" --poisson 5 --points 8
refused 64 "both --poisson and a FILE" --poisson 5 "$work/one.mtx"
refused 2 "missing.mtx" "$work/missing.mtx"
launch=(timeout 120 mpirun --bind-to none --oversubscribe -n 2)
refused 64 "unknown option --fast" --fast
refused 2 "missing.mtx" "$work/missing.mtx"
launch=(env TROUPE_BACKEND=sim TROUPE_SIM_RANKS=3)
matrix "real general" "2 2 2" "1 1 1.0" "2 2 x"
refused 2 'line 4: "x" is no real number' "$work/bad.mtx"
matrix "real general" "2 2 3" "1 1 1.0" "2 2 1.0"
refused 2 "line 2: entries said to be there: 3, found: 2" "$work/bad.mtx"
matrix "real general" "2 3 2" "1 1 1.0" "2 2 1.0"
refused 2 "not square: 2 rows, 3 columns" "$work/bad.mtx"
matrix "real general" "3 3 3" "1 1 1.0" "3 3 1.0" "1 3 0.5"
refused 2 "row 2 has no entries" "$work/bad.mtx"
matrix "real general" "2 2 3" "1 1 1.0" "2 2 1.0" "1 2 0.5"
refused 2 "not symmetric: an entry at row 1, column 2" "$work/bad.mtx"
matrix "real general" "2 2 4" "1 1 1.0" "2 2 1.0" "1 2 0.5" "2 1 0.25"
refused 2 "not symmetric: row 1, column 2 has another value" "$work/bad.mtx"
matrix "real symmetric" "2 2 2" "1 1 1.0" "2 2 nan"
refused 2 "the value at row 2, column 2 is no finite number" "$work/bad.mtx"
matrix "real symmetric" "2 2 2" "1 1 1.0" "2 2 -1.0"
refused 2 "not positive definite: the diagonal of row 2" "$work/bad.mtx"
matrix "real symmetric" "2 2 3" "1 1 1.0" "2 2 1.0" "2 1 1.0"
refused 2 "not positive definite: row 1, column 2 is too large" "$work/bad.mtx"
matrix "real symmetric" "3 3 3" "1 1 1.0" "2 2 1.0" "3 3 1e-320"
refused 2 "the numbers overflow: p'Ap is inf" "$work/bad.mtx"
refused 2 "the numbers underflow: p'Ap is 0" --poisson 4 --tolerance 0
matrix "real general" "2 2 2" "1 1 1.0" $'2 2 \e[31m\xff'
refused 2 'line 4: "\\x1b\[31m\\xff" is no real number' "$work/bad.mtx"
# Each two rows are good, only all three are not.
matrix "real symmetric" "3 3 6" "1 1 1.0" "2 2 1.0" "3 3 1.0" "2 1 0.9" "3 1 -0.9" "3 2 0.9"
refused 2 "not positive definite: p'Ap is -" "$work/bad.mtx"
# Before it is solved, and even read; an old history stays.
refused 2 "no/folder: No such file or directory" "$work/missing.mtx" --history "$work/no/folder"
refused 2 "no/x.svg: No such file or directory" "$work/missing.mtx" --plot "$work/no/x.svg"
echo old > "$work/old"
refused 2 "missing.mtx" "$work/missing.mtx" --history "$work/old" --plot "$work/new.svg"
if [ "$(cat "$work/old")" != old ] || [ -e "$work/new.svg" ]; then fail "files of what is not solved"; fi
refused 64 "--history wants the name of a file" --poisson 5 --history -
refused 64 "--plot wants a name that ends in .svg" --poisson 5 --plot "$work/x.png"
full() { # full FILE OPTION...: the result is there, the file is not
    local code=0
    # A file of one kilobyte is a full disk.
    (trap '' XFSZ && ulimit -f 1 && exec "${launch[@]}" "$cg" --poisson 16 --tolerance 1e-14 "${@:2}") \
        > "$work/out" 2> "$work/err" || code=$?
    if [ "$code" -ne 2 ] || ! grep -q "^cg: $1: " "$work/err" || ! grep -q '^solved' "$work/out" || [ -e "$1" ]; then
        fail "a full disk: exit code $code: $(ls -l "$work") $(cat "$work/out" "$work/err")"
    fi
}
full "$work/cut.csv" --history "$work/cut.csv"
code=0
on_ranks 2 --poisson 24 --iterations 5 > "$work/out" 2> "$work/err" || code=$?
if [ "$code" -ne 1 ] || ! grep -q '^NOT solved after 5 iterations' "$work/out"; then
    fail "--iterations 5: exit code $code: $(cat "$work/out" "$work/err")"
fi
echo "what is wrong: ok"

# ---- the picture ---------------------------------------------------------------------

mkdir -m 700 "$work/ck"
TROUPE_CHECKPOINT=$work/ck TROUPE_CHECKPOINT_EVERY=0.05 "$cg" --poisson 60 --tolerance 0 > "$work/out" 2>&1 &
job=$!
for _ in $(seq 1200); do
    [ -z "$(find "$work/ck" -path '*00002.0001/MANIFEST')" ] || break
    sleep 0.05
done
kill -KILL "$job"
wait "$job" 2> /dev/null || true
code=0
TROUPE_CHECKPOINT=$work/ck "$cg" --poisson 20 > "$work/out" 2>&1 || code=$?
if [ "$code" -ne 78 ] || ! grep -q "the array 'cg solution' was saved with 216000 elements" "$work/out"; then
    fail "another size: exit code $code: $(cat "$work/out")"
fi
code=0
"$cg" --poisson 9 --json --plot "$work/none/x.svg" > "$work/out" 2> "$work/err" || code=$?
if [ "$code" -ne 2 ] || ! grep -q 'x.svg: No such file' "$work/err" || grep -q '<svg' "$work/out"; then
    fail "a picture in no folder: exit code $code: $(cat "$work/err")"
fi
if command -v gnuplot > /dev/null; then
    "$cg" --poisson 9 --plot "$work/it's.svg" > "$work/out"
    grep -q '<svg' "$work/it's.svg" || fail "--plot made no picture"
    full "$work/cut.svg" --plot "$work/cut.svg"
    "${launch[@]}" "$cg" --poisson 1 --plot "$work/one.svg" > "$work/out" 2> "$work/err"
    grep -q '1 row, 1 entry$' "$work/out" || fail "one row: $(cat "$work/out")"
    if [ -s "$work/err" ] || [ ! -s "$work/one.svg" ]; then fail "a picture of one row: $(cat "$work/err")"; fi
fi
code=0
TROUPE_BACKEND=sim PATH=/var/empty "$cg" --poisson 9 --plot "$work/none.svg" > "$work/out" 2> "$work/err" || code=$?
if [ "$code" -ne 2 ] || ! grep -q '^cg: --plot needs gnuplot' "$work/err"; then
    fail "without gnuplot: exit code $code: $(cat "$work/err")"
fi
echo "the picture: ok"
