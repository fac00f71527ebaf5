#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The time from the death of a rank to the first message that is handled afterwards: four
# ranks with 104 MB under `troupe run`, of which one is killed at a random moment, again and
# again. Only after an attempt that has published a checkpoint, as nothing is waited for
# then. Called by bench/checkpoint.sh, or alone: BENCH_BIN=build/bin bench/restart.sh [N]
set -euo pipefail

n_deaths=${1:-20} n_doubles=13000000
folder=$(mktemp -d -p "${BENCH_DISK:-${TMPDIR:-/tmp}}")
supervisor=
end() { # the ranks go with their supervisor
    if [ -n "$supervisor" ]; then kill -INT "$supervisor" || true; fi
    { wait "$supervisor"; } 2> "$folder/gone" || true # bash would say what died
    rm -rf "$folder"
}
trap end EXIT
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export TROUPE_PLACE=quiet
: > "$folder/stamps"
mkdir -m 700 "$folder/saved"
"$BENCH_BIN/troupe" run -n 4 --checkpoint "$folder/saved" --every 1 --restarts 1000 --tries 0 \
    --journal "$folder/journal" -- "$BENCH_BIN/bench_checkpoint" array "$n_doubles" \
    "$folder/stamps" > "$folder/out" 2>&1 &
supervisor=$!

wait_for() { # wait_for COMMAND...: for a minute at most
    for ((tries = 0; tries < 6000; tries++)); do
        if "$@"; then return 0; fi
        sleep 0.01
    done
    cat "$folder/out" >&2
    exit 1
}
has_stamps() { [ "$(wc -l < "$folder/stamps")" -ge "$1" ]; }
newest() { find "$folder/saved" -name MANIFEST 2> "$folder/gone" | sort | tail -n 1; }
has_newer() { [ "$(newest || true)" != "$1" ]; }
rank() { # one of those that run
    local launcher ranks
    launcher=$(sed -n 's/.*"event":"launched".*"process":\([0-9]*\).*/\1/p' "$folder/journal" | tail -n 1)
    mapfile -t ranks < <(pgrep -P "$launcher")
    echo "${ranks[RANDOM % ${#ranks[@]}]}"
}

for ((i = 1; i <= n_deaths; i++)); do
    wait_for has_stamps "$i"
    wait_for has_newer "$(newest || true)"
    sleep "0.$((RANDOM % 90 + 10))"
    begin=$EPOCHREALTIME
    kill -KILL "$(rank)"
    wait_for has_stamps $((i + 1))
    sed -n "$((i + 1))p" "$folder/stamps" | awk -v begin="$begin" '{ print $1 - begin }'
done | sort -n > "$folder/times"
awk '{ t[NR] = $1 }
    function quantile(q) { return t[int(NR * q) < NR ? int(NR * q) + 1 : NR] }
    END { printf "from death to the first message: p50 %.2f s, p95 %.2f s, most %.2f s (%d)\n",
        quantile(0.5), quantile(0.95), t[NR], NR > "/dev/stderr"
        print quantile(0.95), 3 }' "$folder/times" |
    "$BENCH_BIN/bench_summary" cost checkpoint 'death of a rank to the first message, p95' s '3 s'
