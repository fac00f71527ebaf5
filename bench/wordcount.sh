#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# wordcount over text made of the headers in /usr/include, on two ranks, in turns. Against one
# rank: the seconds that the program itself gives for its work, as mpirun takes its half
# second for any number of ranks. Against tr, sort and uniq: whole commands from start to end,
# all words printed. Called by bench/run.sh, which sets BENCH_BIN.
set -euo pipefail

# A machine with neighbours is better seen in many short pairs: two a turn.
size_mib=512 n_turns=10
if [ "${1:-}" = --quick ]; then size_mib=64; fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
text=$folder/text

make_text() {
    find /usr/include -type f -print0 | LC_ALL=C sort -z | xargs -0 cat > "$folder/once"
    [ -s "$folder/once" ] || { echo "bench: /usr/include is empty" >&2; exit 1; }
    # cat ends with SIGPIPE when head has had enough.
    { while cat "$folder/once"; do :; done 2> /dev/null || true; } | head -c "${size_mib}M" > "$text"
    rm "$folder/once"
}

on_ranks() { # on_ranks N
    mpirun --bind-to core -n "$1" "$BENCH_BIN/wordcount" "$text" > "$folder/counts$1"
}

working_seconds() { # working_seconds N: as the result says
    mpirun --bind-to core -n "$1" "$BENCH_BIN/wordcount" --json --top 20 "$text" |
        grep -o '"seconds": *[0-9.]*' | grep -o '[0-9.]*$'
}

with_sort() {
    LC_ALL=C tr -cs 'A-Za-z0-9_\200-\377' '\n' < "$text" | LC_ALL=C sort -T "$folder" |
        LC_ALL=C uniq -c > "$folder/counts_sort"
}

seconds() { # seconds COMMAND...: how long it took
    local begin=$EPOCHREALTIME
    "$@"
    awk "BEGIN { printf \"%.6f\", $EPOCHREALTIME - $begin }"
}

summarise() { # summarise PEER_NAME < pairs
    "$BENCH_BIN/bench_summary" cost wordcount "2 ranks" s "$1"
}

# All three must have counted the same.
check_counts() {
    cmp "$folder/counts1" "$folder/counts2"
    awk '$2 != "" { print $1, $2 }' "$folder/counts_sort" | LC_ALL=C sort > "$folder/sorted_peer"
    LC_ALL=C sort "$folder/counts2" | cmp - "$folder/sorted_peer"
}

make_text
on_ranks 1
on_ranks 2
with_sort
check_counts

for ((turn = 0; turn < n_turns; turn++)); do
    for _ in 1 2; do
        echo "$(working_seconds 2) $(working_seconds 1)" >> "$folder/pairs"
    done
    echo "$(seconds on_ranks 2) $(seconds with_sort)" >> "$folder/pairs_sort"
done
summarise "1 rank, without the launch" < "$folder/pairs"
summarise "tr, sort, uniq -c" < "$folder/pairs_sort"
