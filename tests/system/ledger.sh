#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# ledger: the same sum and hash on any number of ranks, by whatever tellers, with pauses or
# without; what cannot be is refused. system/killed.sh lets its ranks die.
set -euo pipefail

ledger=${TROUPE_BUILD_DIR:?}/bin/ledger
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

fail() {
    printf '%s\n' "$1" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}
says() { # says EXPECTED
    [ "$(cat "$work/out")" = "$1" ] || fail "not '$1'"
}
on_ranks() { # on_ranks N ARGUMENT...
    timeout 120 mpirun --bind-to none --oversubscribe -n "$1" "$ledger" "${@:2}" \
        > "$work/out" 2> "$work/err"
}
simulated() { # simulated N ARGUMENT...
    TROUPE_BACKEND=sim TROUPE_SIM_RANKS=$1 "$ledger" "${@:2}" > "$work/out" 2> "$work/err"
}

# ---- the same result -----------------------------------------------------------------

some=(--accounts 50 --transfers 3000)
simulated 1 "${some[@]}"
expected=$(cat "$work/out")
case $expected in
'50 accounts, 3000 transfers: sum 50000, hash '*) ;;
*) fail 'not the sum' ;;
esac
for n in 1 2 3; do
    on_ranks "$n" "${some[@]}" --tellers $((2 * n))
    says "$expected"
done
for n in 2 7 30; do
    simulated "$n" "${some[@]}" --tellers "$n" --pause 0.1
    says "$expected"
done
on_ranks 2 "${some[@]}" --json
says "{\"accounts\":50,\"transfers\":3000,\"ranks\":2,\"sum\":50000,\"hash\":\"${expected##* }\"}"
simulated 3 "${some[@]}" --seed 2
[ "$(cat "$work/out")" != "$expected" ] || fail 'the seed makes no difference'
simulated 2 --accounts 2 --tellers 9 --transfers 1
grep -q '^2 accounts, 1 transfers: sum 2000, ' "$work/out" || fail 'more tellers than transfers'
# Mailboxes of a thousand are too few for all that is under way.
for n in 1 2; do
    simulated "$n" --accounts 2 --tellers 2000 --transfers 10000
    grep -q '^2 accounts, 10000 transfers: sum 2000, ' "$work/out" || fail 'not with many tellers'
done
# Who only slept has kept nobody from running.
TROUPE_HANDLER_TIMEOUT_MS=500 on_ranks 1 --tellers 1 --transfers 5 --pause 3
[ ! -s "$work/err" ] || fail 'words about a pause'

# ---- refused -------------------------------------------------------------------------

refused() { # refused WORDS ARGUMENT...
    local code=0 words=$1
    shift
    simulated 2 "$@" || code=$?
    [ "$code" -eq 64 ] || fail "$*: exit code $code, not 64"
    grep -q "^ledger: $words" "$work/err" || fail "$*: not '$words'"
}
refused "--accounts wants a whole number from 2 to 10000000, not '1'" --accounts 1
refused "--accounts wants .*, not '10000001'" --accounts=10000001
refused "--transfers wants .*, not ''" --transfers
refused "--tellers wants .*, not '-3'" --tellers -3
refused "--seed wants .*, not ' 1'" --seed ' 1'
refused "--pause wants .*, not 'nan'" --pause nan
refused 'unknown option --balance' --balance
refused 'unknown option accounts' accounts
simulated 2 --help
grep -q '^usage: ledger' "$work/out" || fail 'no help'
echo ok
