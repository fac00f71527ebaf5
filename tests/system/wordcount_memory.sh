#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# wordcount stays under 300 MiB a rank as long as a rank's different words fit in 100 MiB,
# and says so when they do not. TROUPE_TEST_FULL=1: with 2 GiB of input instead of 256 MiB.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tiny buffers take minutes over its large files

# Sanitizers have memory of their own.
[ -z "${TROUPE_SANITIZE:-}" ] || exit 77

wordcount=${TROUPE_BUILD_DIR:?}/bin/wordcount
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
limit_kib=$((300 * 1024))

# Runs a command and notes the most memory it had, in KiB.
cat > "$work/peak.c" << 'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    pid_t child = fork();
    if (child == 0 && argc > 2) {
        execv(argv[2], argv + 2);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) < 0)
        return 127;
    char path[4096];
    snprintf(path, sizeof path, "%s.%ld", argv[1], (long)child);
    FILE *file = fopen(path, "w");
    if (!file || fprintf(file, "%ld\n", usage.ru_maxrss) < 0 || fclose(file) != 0)
        return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
C
cc -o "$work/peak" "$work/peak.c"

on_ranks() { # on_ranks N ARGUMENT...: leaves $work/out, $work/err, $code and $peak_kib
    local n=$1
    shift
    rm -f "$work"/peak.[0-9]*
    code=0
    timeout 280 mpirun --bind-to none --oversubscribe -n "$n" "$work/peak" "$work/peak" \
        "$wordcount" "$@" > "$work/out" 2> "$work/err" || code=$?
    peak_kib=$(sort -n "$work"/peak.[0-9]* | tail -n 1)
}

check() { # check WHAT CONDITION...
    local what=$1
    shift
    if ! test "$@"; then
        echo "$what: FAILED ($*); exit code $code, peak $peak_kib KiB" >&2
        head -c 1000 "$work/out" "$work/err" >&2
        exit 1
    fi
    echo "$what: ok ($((peak_kib / 1024)) MiB at most)"
}

# ---- many different words, and many bytes --------------------------------------------

n_different=13000000 # of eight digits: 99 MiB of words, all on one rank
mkdir "$work/in"
seq 10000000 $((10000000 + n_different - 1)) > "$work/in/different"
n_repeats=4 # of 32 MB
if [ "${TROUPE_TEST_FULL:-0}" = 1 ]; then n_repeats=64; fi
{ yes 'it is the same old story that is told again and again' || true; } | head -n 600000 > "$work/story"
for ((i = 0; i < n_repeats; i++)); do ln "$work/story" "$work/in/$i"; done
echo "$(du -lsk "$work/in" | cut -f1) KiB of input, $n_different different words"

on_ranks 1 --json --top 1 "$work/in"
check "one rank succeeds" "$code" -eq 0
check "one rank's memory" "$peak_kib" -lt "$limit_kib"
check "all words are there" 1 -eq "$(grep -c "\"distinct\":$((n_different + 10))" "$work/out")"

# ---- too many ------------------------------------------------------------------------

# By so little that the readers are done before it shows.
seq 10000000 23700000 > "$work/in/different"
on_ranks 1 "$work/in/different"
check "too many different words: exit code" "$code" -eq 2
check "too many different words: no output" ! -s "$work/out"
check "too many different words: the reason" 1 -eq "$(grep -c 'rank 0: .*use more ranks' "$work/err")"
check "too many different words: memory" "$peak_kib" -lt "$limit_kib"
on_ranks 2 --top 1 "$work/in/different"
check "two ranks have room for them" "$code" -eq 0
check "two ranks with them: memory" "$peak_kib" -lt "$limit_kib"
