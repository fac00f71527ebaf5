#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A user's file that was compiled with other arithmetic than kernels need is found out when
# it runs: with -march=native, contraction, -Ofast and its parts, by gcc and by clang; with
# our flags it is not, and then the header's sums have the published bits.
set -euo pipefail

[ -z "${TROUPE_SANITIZE:-}" ] || exit 77

source=${TROUPE_SOURCE_DIR:?} library=${TROUPE_BUILD_DIR:?}/lib/libtroupe.a
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/user.c" << 'C'
#include <stdio.h>
#include <stdlib.h>
#include <troupe/kernel_probe.h>
#ifndef __FAST_MATH__
#include <troupe/lanes.h>
#endif

TROUPE_KERNEL_PROBE(probe);
const char *judge(const struct troupe_kernel_probe *probe);

enum { N = 1000000 };
int main(void)
{
    const char *fault = judge(&probe);
    if (fault) {
        printf("refused: %s\n", fault);
        return 0;
    }
#ifndef __FAST_MATH__
    unsigned long long state = 0x243F6A8885A308D3, bits;
    double total, *x = malloc(N * sizeof *x);
    for (int i = 0; i < N; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = ((double)(state >> 11) - 0x1p52) * 0x1p-52;
    }
    TROUPE_LANES_SUM(total, N, k, x[k]);
    memcpy(&bits, &total, sizeof bits);
    printf("good: %llx\n", bits);
#endif
    return 0;
}
C
# A caller that sees the library's own header, for the judgement is not public.
cat > "$work/judge.c" << 'C'
#include "numeric/probe.h"
const char *judge(const struct troupe_kernel_probe *probe);
const char *judge(const struct troupe_kernel_probe *probe)
{
    return numeric_probe_fault(probe);
}
C
cc -O2 -I"$source/include" -I"$source/src" -c -o "$work/judge.o" "$work/judge.c"

n_faults=0
expect() { # expect WORDS COMPILER FLAG...
    local words=$1 text
    shift
    command -v "$1" > /dev/null || return 0
    # Linked apart, or the start-up code of -Ofast would come along too.
    "$@" -I"$source/include" -c -o "$work/user.o" "$work/user.c"
    cc -o "$work/user" "$work/user.o" "$work/judge.o" "$library" -lm
    text=$("$work/user")
    case $text in
    *"$words"*) echo "ok   $*: $text" ;;
    *)
        echo "FAIL $*: $text (expected: $words)"
        n_faults=$((n_faults + 1))
        ;;
    esac
}

sum="good: 40618f71f6379380"
off=-ffp-contract=off
for compiler in gcc clang; do
    expect "$sum" "$compiler" -O3 -march=native "$off"
    expect "$sum" "$compiler" -O0 "$off"
    expect "$sum" "$compiler" -O2 -std=c17 "$off"
    expect "refused: compiled with -ffast-math" "$compiler" -Ofast
    expect "refused: compiled with -ffast-math" "$compiler" -O1 -ffast-math "$off"
    expect "refused: division" "$compiler" -O2 -freciprocal-math "$off"
    expect "refused: sums are regrouped" "$compiler" \
        -O2 -fassociative-math -fno-signed-zeros -fno-trapping-math "$off"
    expect "refused: the sign of zero" "$compiler" -O2 -fno-signed-zeros "$off"
    expect "refused: NaNs" "$compiler" -O2 -ffinite-math-only "$off"
done
# What a plain user writes fuses where the processor can.
if grep -qw fma /proc/cpuinfo 2> /dev/null; then
    expect "-ffp-contract=off" gcc -O3 -march=native
    expect "-ffp-contract=off" clang -O3 -march=native -ffp-contract=fast
    expect "-ffp-contract=off" gcc -O2 -march=x86-64-v3
fi
[ "$n_faults" -eq 0 ]
