#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Checkpoints of a job on two ranks: how long it stands still, against what copying so many
# bytes takes and 20 ms; how fast what was copied gets to disk, against dd on the same one;
# a million small actors, saved and restored, against 5 s; their size against 1.3 of their
# state. Called by bench/run.sh, which sets BENCH_BIN. BENCH_DISK: a folder on the disk.
set -euo pipefail

n_actors=1000000 n_doubles=13000000 n_jobs=3 n_deaths=20
if [ "${1:-}" = --quick ]; then n_actors=100000 n_doubles=1300000 n_jobs=1 n_deaths=3; fi
state_bytes=104 # of an actor; an element has 8

folder=$(mktemp -d -p "${BENCH_DISK:-${TMPDIR:-/tmp}}")
trap 'rm -rf "$folder"' EXIT
export TROUPE_CHECKPOINT=$folder/saved TROUPE_CHECKPOINT_EVERY=86400 TROUPE_LOG=info
saved=$folder/saved/bench_checkpoint

on_ranks() { # on_ranks WHAT N: output and log into $folder/out
    mpirun --bind-to core -n 2 "$BENCH_BIN/bench_checkpoint" "$@" > "$folder/out" 2>&1 ||
        { cat "$folder/out" >&2; exit 1; }
}

seconds() { # seconds COMMAND...: how long it took
    local begin=$EPOCHREALTIME
    "$@"
    awk "BEGIN { printf \"%.6f\", $EPOCHREALTIME - $begin }"
}

# From the order to take one, when its folder is made, until its manifest is in its place,
# which is the last that changes the folder: waiting, standing still, writing and fsync.
took_s() { # took_s CHECKPOINT
    awk "BEGIN { print $(stat -c %y "$1" | date -f - +%s.%N) - $(born "$1") }"
}

born() { stat -c %w "$1" | date -f - +%s.%N; } # when a file was made

# Milliseconds of each checkpoint in the log, beside what they may take.
frozen_pairs() { # frozen_pairs BYTES
    local copy
    copy=$(awk '$1 == "copy" { print $2 }' "$folder/out")
    sed -n 's/.* frozen \([0-9.]*\) ms.*/\1/p' "$folder/out" |
        awk -v may="$(awk "BEGIN { print 1e3 * $1 / $copy + 20 }")" '{ print ($1 > 0 ? $1 : 0.5), may }'
}

# From the first part's first byte to the manifest's: bytes a second.
written_mb_per_s() { # written_mb_per_s CHECKPOINT
    local bytes begin end
    bytes=$(cat "$1"/part-* | wc -c)
    begin=$(for part in "$1"/part-*; do born "$part"; done | sort -n | head -n 1)
    end=$(born "$1/MANIFEST")
    awk "BEGIN { print 1e-6 * $bytes / ($end - $begin) }"
}

dd_mb_per_s() { # dd_mb_per_s: as many bytes, by one dd a rank
    local s
    s=$(seconds two_dds)
    awk "BEGIN { print 1e-6 * 8 * $n_doubles / $s }"
}

two_dds() {
    local kib=$((n_doubles * 8 / 2048)) pid
    dd if=/dev/zero of="$folder/dd0" bs=1M iflag=count_bytes,fullblock \
        conv=fsync status=none count=$((kib * 1024)) &
    pid=$!
    dd if=/dev/zero of="$folder/dd1" bs=1M iflag=count_bytes,fullblock \
        conv=fsync status=none count=$((kib * 1024))
    wait "$pid"
}

summarise() { # summarise KIND CASE UNIT PEER < pairs
    "$BENCH_BIN/bench_summary" "$1" checkpoint "$2" "$3" "$4"
}

actors=$folder/actors array=$folder/array written=$folder/written
actors_first=$folder/actors_first array_first=$folder/array_first
kept=$folder/kept saves=$folder/saves restored=$folder/restored
for ((i = 0; i < n_jobs; i++)); do
    rm -rf "$folder/saved"
    on_ranks actors "$n_actors"
    frozen_pairs "$((n_actors * state_bytes))" | tee -a "$actors" | sed -n 1p >> "$actors_first"
    du -bc "$(find "$saved" -name 'ckpt-*' | sort | tail -n 1)" |
        awk -v may="$((n_actors * state_bytes * 13 / 10))" 'END { print $1, may }' >> "$kept"
    for checkpoint in "$saved"/ckpt-*; do
        echo "$(took_s "$checkpoint") 5" >> "$saves"
    done
    echo "$(TROUPE_RESTART_FROM=newest seconds on_ranks actors "$n_actors") 5" >> "$restored"
    grep -q '^restored' "$folder/out" || { cat "$folder/out" >&2; exit 1; }
    rm -rf "$folder/saved"
    on_ranks array "$n_doubles"
    frozen_pairs "$((n_doubles * 8))" | tee -a "$array" | sed -n 1p >> "$array_first"
    for checkpoint in "$saved"/ckpt-*; do
        echo "$(written_mb_per_s "$checkpoint") $(dd_mb_per_s)" >> "$written"
    done
done
summarise cost 'a million actors, standing still' ms 'copying, and 20 ms' < "$actors"
summarise cost 'an array, standing still' ms 'copying, and 20 ms' < "$array"
summarise cost 'a million actors, the first time' ms 'copying, and 20 ms' < "$actors_first"
summarise cost 'an array, the first time' ms 'copying, and 20 ms' < "$array_first"
summarise rate 'writing behind' MB/s 'dd conv=fsync, one a rank' < "$written"
summarise cost 'a million actors, on disk' bytes '1.3 of their state' < "$kept"
summarise cost 'a million actors, saved' s '5 s' < "$saves"
summarise cost 'a million actors, started again' s '5 s' < "$restored"
unset TROUPE_CHECKPOINT TROUPE_CHECKPOINT_EVERY
bash "$(dirname "${BASH_SOURCE[0]}")/restart.sh" "$n_deaths"
