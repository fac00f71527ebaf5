#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGKILL at the system calls of a job that takes checkpoints and prunes them: strace ends all
# its four ranks at a call, one call after the other, each time from an empty folder. What had
# been published is there and verifies, and the job goes on from it to the same bytes.
# Some of the calls, chosen by TROUPE_TEST_SEED; with TROUPE_TEST_FULL=1 all of them.
set -euo pipefail

# shellcheck source=tests/support/traced.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/traced.sh"

n_wanted=200 # calls that are tried
if [ -n "${TROUPE_SANITIZE:-}" ]; then n_wanted=40; fi
if [ "${TROUPE_TEST_FULL:-0}" = 1 ]; then n_wanted=1000000; fi

# From the first call that names the folder to the last, whatever they are about: the name of
# each, the how manieth of its name, and how many manifests were given their names before.
awk -v folder="$folder" '
    { name = $2; sub(/\(.*/, "", name) }
    $2 !~ /\(/ || name ~ /^(brk|mmap|munmap|madvise|mincore|mprotect|exit_group)$/ { next }
    !(name in n) { n[name] = 0 }
    { n[name]++; begun = begun || index($0, folder) }
    begun { waiting = waiting name " " n[name] " " published + 0 "\n" }
    index($0, folder) { printf "%s", waiting; waiting = "" }
    name ~ /^rename/ && /MANIFEST\.tmp/ { published++ }
' "$work/trace" > "$work/calls"
mapfile -t calls < "$work/calls"
[ "$(cut -d' ' -f1 "$work/trace" | sort -u | wc -l)" -eq 1 ] || fail "it is not one thread"
grep -q '^rmdir .* 3$' "$work/calls" || fail "it prunes nothing after 3 checkpoints"

# ---- killed, looked at, started again ------------------------------------------------

# What was published is there, or something newer, and all that is there is good.
verify() { # verify PUBLISHED WHERE
    local code=0 good newest
    "$build/bin/troupe" checkpoint verify "$folder" > "$work/out" 2> "$work/err" || code=$?
    if [ "$1" -eq 0 ] && [ "$code" -eq 74 ] && ! grep -q . "$work/out"; then return 0; fi
    [ "$code" -eq 0 ] || fail "$2: verify ends with $code"
    good=$(grep -c ' good$' "$work/out") || true
    [ "$good" -eq "$(grep -c . "$work/out")" ] || fail "$2: one is not good"
    [ "$good" -ge $(($1 < 2 ? $1 : 2)) ] || fail "$2: $good are good, $1 were published"
    newest=$(sed 's/\..*//; q' "$work/out")
    [ "$newest" -ge "$1" ] || fail "$2: checkpoint $newest is the newest, not $1"
}

go_on() { # go_on PUBLISHED WHERE: on another number of ranks, or on as many
    local code=0
    [ ! -e "$folder/ledger/COMPLETED" ] || return 0
    TROUPE_SIM_RANKS=$((RANDOM % 5 + 1)) "${job[@]}" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq 0 ] || fail "$2: started again it ends with $code"
    [ "$(cat "$work/out")" = "$expected" ] || fail "$2: started again another result"
    [ "$1" -eq 0 ] || grep -q "goes on from checkpoint $1\\b" "$work/err" ||
        fail "$2: it did not go on from checkpoint $1"
    [ -z "$(find "$folder" -name '*.tmp' -o -name '.trash*')" ] || fail "$2: something is left"
}

step=$((${#calls[@]} / n_wanted + 1))
n_tried=0
for ((i = RANDOM % step; i < ${#calls[@]}; i += step)); do
    read -r name ordinal published <<< "${calls[i]}"
    rm -rf "$folder"
    killed_at "$name" "$ordinal" "${job[@]}" || fail "$name $ordinal: it was not killed"
    verify "$published" "$name $ordinal"
    go_on "$published" "$name $ordinal"
    n_tried=$((n_tried + 1))
done
printf 'killed at %d of %d system calls, %d checkpoints: what was published is there, %s\n' \
    "$n_tried" "${#calls[@]}" "$published" "and the job ends the same"
