#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGKILL at random moments to ranks, to mpirun and to the supervisor itself, who is started
# again with another number of ranks: ledger, wordcount, heat and cg end with the bytes of an
# undisturbed run, no attempt falls back behind a checkpoint, and nothing is left behind.
# TROUPE_TEST_KILLS=N deaths of ledger and heat, or TROUPE_TEST_FULL=1 for 200; those of the
# other two come on top.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # what runs is not the library
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${TROUPE_BUILD_DIR:-$root/build}
n_wanted=9 n_steps=20000 n_points=64
if [ "${TROUPE_TEST_FULL:-0}" = 1 ]; then n_wanted=200; fi
# With sanitizers all takes ten times as long.
if [ -n "${TROUPE_SANITIZE:-}" ]; then n_wanted=4 n_steps=2000 n_points=40; fi
n_wanted=${TROUPE_TEST_KILLS:-$n_wanted}
seed=${TROUPE_TEST_SEED:-$RANDOM}
RANDOM=$seed

work=$(mktemp -d)
supervisor=
end() { # the ranks go with their supervisor
    if [ -n "$supervisor" ]; then kill -KILL "$supervisor" 2> /dev/null || true; fi
    rm -rf "$work"
}
trap end EXIT
fail() {
    printf 'FAILED with TROUPE_TEST_SEED=%s: %s\n' "$seed" "$1" >&2
    tail -n 100 "$work/out" "$work/err" >&2
    exit 1
}
# shellcheck source=tests/support/leftovers.sh
. "$root/tests/support/leftovers.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none

# ---- the programs --------------------------------------------------------------------

export LC_ALL=C # decimal points
ledger=("$build/bin/ledger" --transfers 20000 --pause 0.02)
heat=("$build/bin/heat" --demo 320x240 --steps "$n_steps" --every $((n_steps / 10)) --json)
cg=("$build/bin/cg" --poisson "$n_points" --tolerance 1e-12)
seq 150000 > "$work/numbers" # 1 MB, counted again and again
mapfile -t wordcount < <(printf '%s\n' "$build/bin/wordcount" && yes "$work/numbers" | head -n 500)

# What may not depend on anything; a job may die when it has said it, and say it again.
essence() { # essence FILE
    tail -n 1 "$1" | sed 's/"ranks":[0-9]*,//; s/,"seconds":.*//'
}
mkdir "$work/expected" "$work/frames"
"$build/bin/ledger" --transfers 20000 > "$work/expected-ledger"
"${wordcount[@]}" > "$work/expected-wordcount"
"${cg[@]}" --history "$work/expected-cg" > "$work/out"
if [ -x "$build/bin/heat" ]; then
    "${heat[@]}" --frames "$work/expected/" > "$work/expected-heat"
fi

same() { # same PROGRAM
    case $1 in
    wordcount | cg)
        cmp "$work/expected-$1" "$work/result" 2>> "$work/err" || fail "$1: another result"
        return 0
        ;;
    esac
    [ "$(essence "$work/out")" = "$(essence "$work/expected-$1")" ] ||
        fail "$1: not '$(essence "$work/expected-$1")'"
    [ "$1" != heat ] || diff -r "$work/expected" "$work/frames" > "$work/err" ||
        fail "heat: other frames"
}

# ---- who dies ------------------------------------------------------------------------

n_killed=0 n_supervisors=0 n_launchers=0 n_ranks_killed=0 n_attempts=0
all_ranks=(4 2 3 8)
turn=0

start() { # start PROGRAM: on as many ranks as it is the turn of
    local n=${all_ranks[turn % 4]} name=$1
    turn=$((turn + 1))
    local command=("${ledger[@]}" --stamps "$work/stamps")
    case $name in
    heat) command=("${heat[@]}" --frames "$work/frames/") ;;
    wordcount) command=("${wordcount[@]}" --output "$work/result") ;;
    cg) command=("${cg[@]}" --history "$work/result") ;;
    esac
    "$build/bin/troupe" run -n "$n" --checkpoint "$work/ck" --every 0.3 --job "$name" \
        --restarts 1000 --tries 0 --delay 0.05 --journal "$work/journal" -- \
        "${command[@]}" >> "$work/out" 2>> "$work/err" &
    supervisor=$!
}

launcher() { # the process of the last attempt
    sed -n 's/.*"event":"launched".*"process":\([0-9]*\).*/\1/p' "$work/journal" | tail -n 1
}

# Sets $victim, one of those that run now; false: there is none.
choose() {
    local ranks
    victim=$supervisor whom=supervisor
    [ "$n_planned" -eq 0 ] && [ $((RANDOM % 5)) -gt 0 ] || return 0
    victim=$(launcher) whom=launcher
    grep -qzxF "$mark" "/proc/${victim:-none}/environ" 2> /dev/null || return 1
    [ $((RANDOM % 4)) -gt 0 ] || return 0
    mapfile -t ranks < <(pgrep -P "$victim" || true)
    [ "${#ranks[@]}" -gt 0 ] || return 1
    victim=${ranks[RANDOM % ${#ranks[@]}]} whom=rank
}

lines() { wc -l < "$1"; }

# A process that is dead and not yet waited for can be sent a signal as well.
kill_it() {
    case $(sed 's/.*) \(.\).*/\1/' "/proc/$victim/stat" 2> /dev/null) in
    '' | Z | X) return 1 ;;
    esac
    remember_shared
    kill -KILL "$victim" 2> /dev/null || return 1
    n_killed=$((n_killed + 1))
}

# After a rank or mpirun died: the time until the first message is handled, if it comes
# before the next one dies.
watch() { # watch SECONDS_100
    local begin=$EPOCHREALTIME launches stamps i
    launches=$(grep -c '"launched"' "$work/journal")
    kill_it || return 0
    case $whom in
    launcher) n_launchers=$((n_launchers + 1)) ;;
    rank) n_ranks_killed=$((n_ranks_killed + 1)) ;;
    esac
    for ((i = 0; i < $1; i += 3)); do
        sleep 0.03
        [ "$(grep -c '"launched"' "$work/journal")" -eq "$launches" ] || break
    done
    stamps=$(lines "$work/stamps")
    for (( ; i < $1; i += 3)); do
        sleep 0.03
        [ "$(lines "$work/stamps")" -eq "$stamps" ] && continue
        sed -n "$((stamps + 1))p" "$work/stamps" |
            awk -v begin="$begin" '{ printf "%.3f\n", $1 - begin }' >> "$work/times"
        return 0
    done
}

is_over() { ! kill -0 "$supervisor" 2> /dev/null; }

# Until this attempt has published; one that comes to its end before needs no more deaths.
checkpoint_comes() {
    while ! is_over; do
        sed '/"launched"/h; /"launched"/!H; $!d; x' "$work/journal" > "$work/attempt"
        if grep -q '"launched"' "$work/attempt" && grep -q '"published"' "$work/attempt" &&
            grep -qzxF "$mark" "/proc/$(launcher)/environ" 2> /dev/null; then
            return 0
        fi
        sleep 0.03
    done
    return 1
}

kill_one() { # kill_one PROGRAM
    local patience=$((RANDOM % 250)) launches
    if [ "$n_planned" -gt 0 ]; then
        checkpoint_comes || return 1
    else
        sleep "0.$((RANDOM % 90 + 10))"
    fi
    ! is_over || return 1
    choose || return 0
    case $whom in
    supervisor)
        kill_it || return 1
        { wait "$victim"; } 2> /dev/null || true # bash would say what died
        n_supervisors=$((n_supervisors + 1))
        launches=$(grep -c '"launched"' "$work/journal") || true
        start "$1"
        [ "$n_planned" -gt 0 ] || return 0
        n_planned=$((n_planned - 1))
        until is_over || [ "$(grep -c '"launched"' "$work/journal")" -gt "$launches" ]; do
            sleep 0.03
        done
        ;;
    *) watch "$patience" ;;
    esac
}

# Where a checkpoint had been published, the next attempt goes on from it or from a newer one.
# Into $work/changes: the program, and the ranks that published and those that went on from it.
goes_on() { # goes_on PROGRAM
    awk -v program="$1" -v back="$work/back" '
        function value(key) {
            return match($0, "\"" key "\":[0-9]+") ? substr($0, RSTART + length(key) + 3) + 0 : 0
        }
        /"event":"published"/ { newest = value("epoch") > newest ? value("epoch") : newest; n++ }
        /"event":"launched"/ {
            from = value("from_epoch")
            if (from < newest) { print "not from " newest ": " $0 > back; exit 1 }
            if (n && from) print program, ranks, value("ranks")
            ranks = value("ranks")
            n = 0
        }
    ' "$work/journal" >> "$work/changes" || fail "$1 went back: $(cat "$work/back")"
}

# The first deaths may be planned: supervisors, each after a new checkpoint.
round() { # round PROGRAM DEATHS [PLANNED]
    local last=$((n_killed + $2)) code=0
    n_planned=${3:-0}
    [ "$n_planned" -eq 0 ] || turn=0
    rm -rf "$work/ck" "$work/frames" "$work/stamps" "$work/journal" "$work/result"
    mkdir -m 700 "$work/ck" "$work/frames"
    : > "$work/out"
    : > "$work/err"
    : > "$work/stamps"
    : > "$work/journal"
    start "$1"
    while [ "$n_killed" -lt "$last" ] && kill_one "$1"; do :; done
    wait "$supervisor" || code=$?
    supervisor=
    [ "$code" -eq 0 ] || fail "$1: exit code $code"
    same "$1"
    clean "$1"
    goes_on "$1"
    n_attempts=$((n_attempts + $(grep -c '"launched"' "$work/journal")))
    printf '%s: the same after %d deaths, attempts so far %d\n' "$1" "$n_killed" "$n_attempts"
}

: > "$work/times"
: > "$work/changes"
n_counted=0 # of the deaths that are wanted
some() { # some PROGRAM DEATHS [PLANNED]: so many, or as many as are left
    local left=$((n_wanted - n_counted)) before=$n_killed
    [ "$left" -gt 0 ] || return 0
    round "$1" $((left < $2 ? left : $2)) "${3:-0}"
    n_counted=$((n_counted + n_killed - before))
}
planned=3 # 4 -> 2 -> 3 -> 8 ranks
while [ "$n_counted" -lt "$n_wanted" ]; do
    some ledger 6 "$planned"
    [ "$n_counted" -lt "$n_wanted" ] || break
    round wordcount 2 $((planned > 0))
    round cg 2 $((planned > 0))
    [ ! -x "$build/bin/heat" ] || some heat 3 $((planned > 0))
    planned=0
done
for change in '4 2' '2 3' '3 8'; do
    grep -qx "ledger $change" "$work/changes" || fail "ledger never went on with ranks $change"
done
echo 'went on from a checkpoint, of so many ranks on so many:'
sort "$work/changes" | uniq -c
printf '%d killed, %d of them in ledger and heat: %d ranks, %d mpirun, %d supervisors; %d attempts\n' "$n_killed" "$n_counted" \
    "$n_ranks_killed" "$n_launchers" "$n_supervisors" "$n_attempts"
if [ -s "$work/times" ]; then
    sort -n "$work/times" | awk '
        function quantile(q) { return t[int(NR * q) < NR ? int(NR * q) + 1 : NR] }
        { t[NR] = $1 }
        END { printf "from death to the first message: p50 %.2f s, p95 %.2f s, most %.2f s (%d)\n",
            quantile(0.5), quantile(0.95), t[NR], NR }'
fi
