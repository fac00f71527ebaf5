#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# 4 KiB between actors of a program as troupe_main() starts it, against MPI_Send and MPI_Recv
# with MPI's own settings and with the best of them. Settings are a matter of the whole
# process, and troupe_main() makes one, so each has runs of its own, in turns; the peer's
# are without Troupe. Called by bench/run.sh, which sets BENCH_BIN.
set -euo pipefail

bytes=4096 n_rounds=250 n_turns=20
if [ "${1:-}" = --quick ]; then n_turns=10; fi

names=(default "no single copy" "emulated single copy" "eager to 64 KiB"
    "eager to 64 KiB, no single copy" "UCX, shared memory")
settings=(
    ""
    "--mca btl_vader_single_copy_mechanism none"
    "--mca btl_vader_single_copy_mechanism emulated"
    "--mca btl_vader_eager_limit 65536"
    "--mca btl_vader_eager_limit 65536 --mca btl_vader_single_copy_mechanism none"
    "--mca pml ucx --mca opal_common_ucx_tls any --mca opal_common_ucx_devices any -x UCX_TLS=sm,self"
)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ours() { mpirun --bind-to core -n 2 "$BENCH_BIN/bench_pingpong" alone "$bytes" "$@"; }

peer() { # peer SETTING
    local options
    read -ra options <<< "${settings[$1]}"
    mpirun --bind-to core "${options[@]}" -n 2 "$BENCH_BIN/bench_pingpong_peer" "$bytes" "$n_rounds"
}

median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# What this MPI does not know is left out.
usable=()
for i in "${!settings[@]}"; do
    if peer "$i" > "$folder/try" 2> /dev/null && [ -s "$folder/try" ]; then usable+=("$i"); fi
done

for ((turn = 0; turn < n_turns; turn++)); do
    ours >> "$folder/ours"
    ours processes >> "$folder/processes"
    for i in "${usable[@]}"; do peer "$i" >> "$folder/peer$i"; done
done

best=
for i in "${usable[@]}"; do
    value=$(median "$folder/peer$i")
    printf 'bench: 4 KiB with MPI, %s: %s ns\n' "${names[$i]}" "$value" >&2
    if [ -z "$best" ] || awk "BEGIN { exit !($value < $least) }"; then best=$i least=$value; fi
done
printf 'bench: the best: %s\n' "${names[$best]}" >&2
summarise() { # summarise OURS PEER CASE PEER_NAME
    paste -d ' ' "$folder/$1" "$folder/$2" |
        "$BENCH_BIN/bench_summary" cost pingpong "$3" "ns one way" "$4"
}
summarise ours peer0 "4 KiB, handler actors" "MPI, its own settings"
summarise processes peer0 "4 KiB, processes" "MPI, its own settings"
summarise ours "peer$best" "4 KiB, handler actors" "best settings of MPI"
