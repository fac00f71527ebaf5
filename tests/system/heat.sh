#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# heat: frames and sums have the same bits on any number of ranks and threads, a wave decays as
# it should, and what cannot be read is said.
set -euo pipefail

heat=${TROUPE_BUILD_DIR:?}/bin/heat
if [ ! -x "$heat" ]; then
    echo "heat was not built: no libpng"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

on_ranks() { # on_ranks N ARGUMENT...
    local n=$1
    shift
    timeout 120 mpirun --bind-to none --oversubscribe -n "$n" "$heat" "$@"
}
simulated() { # simulated N ARGUMENT...
    TROUPE_BACKEND=sim TROUPE_SIM_RANKS=$1 "$heat" "${@:2}"
}

fail() {
    echo "$1" >&2
    exit 1
}

# ---- the same bits -------------------------------------------------------------------

demo=(--demo 97x61 --steps 60 --every 20)
mkdir "$work/expected" "$work/frames"
"$heat" "${demo[@]}" --frames "$work/expected/" > "$work/expected/report"
[ "$(cd "$work/expected" && echo *)" = "000000.png 000020.png 000040.png 000060.png report" ] ||
    fail "the frames: $(ls "$work/expected")"
for n in 1 2 3 7; do
    TROUPE_WORKERS=$((n % 3 + 1)) on_ranks "$n" "${demo[@]}" --frames "$work/frames/" > "$work/frames/report"
    diff -r "$work/expected" "$work/frames" || fail "$n ranks: another result"
done
for n in 2 5 8 70; do
    simulated "$n" "${demo[@]}" --frames "$work/frames/" > "$work/frames/report"
    diff -r "$work/expected" "$work/frames" || fail "$n simulated ranks: another result"
done
for n in 1 3; do
    TROUPE_CHECK=1 simulated $n "${demo[@]}" --frames "$work/frames/" > "$work/frames/report"
    diff -r "$work/expected" "$work/frames" || fail "TROUPE_CHECK=1 and $n simulated ranks: another result"
done

# Once a library that was linked with -ffast-math is loaded, the whole process takes
# subnormals for zeros; all of this plate is.
if [ -z "${TROUPE_SANITIZE:-}" ]; then
    echo 'int nothing_fast;' > "$work/fast.c"
    "${CC:-cc}" -shared -fPIC -ffast-math "$work/fast.c" -o "$work/fast.so"
    printf '%s\n' 1e-310,3e-310,2e-309 5e-311,4.9e-324,1e-308 0,7e-310,2e-310 > "$work/cold.csv"
    "$heat" "$work/cold.csv" --steps 5 > "$work/wanted"
    grep -Eq '^ +5 +1[.][0-9]+e-308 +7[.]40e-16 ' "$work/wanted" || fail "the subnormal plate: $(cat "$work/wanted")"
    LD_PRELOAD="$work/fast.so" "$heat" "$work/cold.csv" --steps 5 | cmp - "$work/wanted" ||
        fail "beside a fast-math library: another result"
fi
echo "the same bits: ok"

# ---- what theory says ----------------------------------------------------------------

value() { # value NAME: of the last JSON object
    sed "s/.*\"$1\":\"\\{0,1\\}\\([^,\"}]*\\).*/\\1/" "$work/out"
}
close_to() { # close_to VALUE EXPECTED RELATIVE
    awk -v a="$1" -v b="$2" -v e="$3" 'BEGIN { d = a - b; exit !((d < 0 ? -d : d) <= e * (b < 0 ? -b : b)) }'
}

# A cosine between insulated ends keeps its form: each step takes away the same share of it.
awk 'BEGIN {
    pi = atan2(0, -1)
    for (y = 0; y < 5; y++)
        for (x = 0; x < 32; x++) printf "%.17g%s", 2 + cos(pi * (x + 0.5) / 32), x < 31 ? "," : "\n"
}' > "$work/wave.csv"
simulated 3 --json --rate 0.25 --steps 500 "$work/wave.csv" > "$work/out"
amplitude=$(awk 'BEGIN { pi = atan2(0, -1); printf "%.17g", cos(pi / 64) * (1 - 0.5 * (1 - cos(pi / 32))) ^ 500 }')
close_to "$(awk -v h="$(value hottest)" 'BEGIN { printf "%.17g", h - 2 }')" "$amplitude" 1e-12 ||
    fail "the wave has $(value hottest) - 2 left, not $amplitude"
close_to "$(awk -v d="$(value drift)" 'BEGIN { print 1 + d }')" 1 1e-14 ||
    fail "its sum has drifted: $(value drift)"

# Between fixed borders all comes to rest; a periodic plate keeps its sum.
simulated 2 --json --border 3.5 --steps 4000 "$work/wave.csv" > "$work/out"
close_to "$(value hottest)" 3.5 1e-9 || fail "a fixed border: $(cat "$work/out")"
simulated 2 --json --border periodic --energy tree --steps 100 "$work/wave.csv" > "$work/out"
close_to "$(awk -v d="$(value drift)" 'BEGIN { print 1 + d }')" 1 1e-13 || fail "periodic: $(cat "$work/out")"
echo "what theory says: ok"

# ---- pictures ------------------------------------------------------------------------

# A frame read again is brighter where it was hotter.
simulated 2 --json --steps 0 --frames "$work/again-" "$work/expected/000020.png" > "$work/out"
grep -q '"width":97,"height":61,' "$work/out" || fail "a picture: $(cat "$work/out")"
head -c 300 "$work/expected/000020.png" > "$work/cut.png"

refused() { # refused CODE WORDS ARGUMENT...
    local code=0 expected=$1 words=$2
    shift 2
    simulated 3 "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$expected" ] || fail "$*: exit code $code, not $expected: $(cat "$work/err")"
    [ "$(grep -c "^heat: .*$words" "$work/err")" -eq 1 ] || fail "$*: $(cat "$work/err")"
}
refused 64 "neither a FILE nor --demo"
refused 64 "unknown option --cold" --cold
refused 64 "--rate wants a number above 0 and up to 0.25" --demo --rate 0.26
refused 64 "--demo wants WIDTHxHEIGHT" --demo 0x5
refused 64 "both --demo and a FILE" --demo 5x5 "$work/wave.csv"
refused 2 "missing.csv: No such file or directory" "$work/missing.csv"
refused 2 "cut.png: .*" "$work/cut.png"
printf '1,2,3\n4,5\n' > "$work/bad.csv"
refused 2 "bad.csv: line 2: 2 numbers, where the lines before have 3" "$work/bad.csv"
printf '1,2,3\n\n4,x,6\n' > "$work/bad.csv"
refused 2 'bad.csv: line 3: "x,6" is no number' "$work/bad.csv"
printf '1,nan\n' > "$work/bad.csv"
refused 2 'bad.csv: line 1: "nan" is no finite number' "$work/bad.csv"
: > "$work/bad.csv"
refused 2 "bad.csv: there are no numbers in it" "$work/bad.csv"
refused 2 "a frame: .*/no/000000.png: " --demo --frames "$work/no/"
printf '1,2\n3\n' > "$work/bad.csv"
refused 2 "line 2: 1 number, where the lines before have 2" "$work/bad.csv"
printf '1,\e[31m\xff\n' > "$work/bad.csv"
refused 2 'line 1: "\\x1b\[31m\\xff" is no number' "$work/bad.csv"
printf '1e308,1e308\n-1e308,1e308\n' > "$work/huge.csv"
refused 2 "step 0: the temperatures are too large" --json --frames "$work/huge-" "$work/huge.csv"
refused 2 "step 1: the temperatures are too large" --json --border 1e308 --rate 0.25 --steps 2 --demo 4x4
[ ! -s "$work/out" ] || fail "temperatures that overflow: $(cat "$work/out")"
code=0 # a file of one kilobyte is a full disk
(trap '' XFSZ && ulimit -f 1 && simulated 2 --demo 97x61 --steps 0 --frames "$work/full-") \
    > "$work/out" 2> "$work/err" || code=$?
if [ "$code" -ne 2 ] || ! grep -q '^heat: a frame: .*/full-000000.png: File too large' "$work/err" ||
    [ -e "$work/full-000000.png" ]; then
    fail "a full disk: exit code $code: $(cat "$work/err")"
fi
echo "what is wrong: ok"
