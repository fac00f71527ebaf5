#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `troupe checkpoint` as a user meets it: what it says, what it refuses, what it leaves.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # it is the same text

troupe=${TROUPE_BUILD_DIR:?}/bin/troupe
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
job=$work/ckpt/story

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

run() { # run EXIT_CODE ARGUMENT...: into $work/out and $work/err
    local expected=$1 code=0
    shift
    "$troupe" checkpoint "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$expected" ] || fail "checkpoint $*: exit code $code, not $expected"
}

says() { # says FILE TEXT
    grep -qF -- "$2" "$work/$1" || fail "'$2' is not in the $1put"
}

json() { # json EXPRESSION of "it"
    command -v python3 > /dev/null || return 0
    python3 -c "import json, sys; it = json.load(open(sys.argv[1])); assert $1, it" \
        "$work/out" || fail "not so: $1"
}

flip() { # flip FILE OFFSET
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf '%b' "\\x$(printf '%02x' $((byte ^ 255)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$job" 4

# ---- use ---------------------------------------------------------------------------------

run 0 --help
says out 'usage: troupe checkpoint list'
for verb in list show verify prune pin now; do
    run 0 "$verb" --help
    says out "usage: troupe checkpoint $verb"
    says out "  troupe checkpoint $verb"
    run 64 "$verb"
    says err "checkpoint $verb needs the job's folder"
    run 64 "$verb" --xml "$job"
    says err "checkpoint $verb has no option '--xml'"
done
run 64
run 64 lits "$job"
says err "did you mean 'list'?"
run 64 list "$job" more
says err "checkpoint list does not take 'more'"
run 64 list --keep 3 "$job"
run 64 prune --keep 0 "$job"
says err '--keep needs a number from 1'
run 64 prune "$job" --keep
run 64 pin "$job"
says err 'checkpoint pin needs a checkpoint'
run 74 now --json "$work"
json 'it["exit_code"] == 74 and "no \u0027troupe run\u0027" in it["text"] and "epoch" not in it'
run 74 list "$work/nowhere"
says err "$work/nowhere: No such file or directory"
mkdir "$work/empty"
run 74 list "$work/empty"
says err 'no checkpoints'
for verb in list verify prune; do
    run 74 "$verb" --json "$work/empty"
    json 'it == []'
    says err "$work/empty: no "
done
run 74 show "$work/empty"
says err 'no finished checkpoint'

# ---- list and show -----------------------------------------------------------------------

run 0 list "$job"
[ "$(awk 'NR > 1 { print $1, $2 }' "$work/out" | paste -sd,)" = '4.0 good,3.0 good,2.0 good,1.0 good' ] ||
    fail 'not the list'
cp "$work/out" "$work/list"
run 0 list "$work/ckpt"
cmp -s "$work/out" "$work/list" || fail 'the folder above does not do'
"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$work/ckpt/other" 1
run 64 list "$work/ckpt"
says err 'has several jobs, name one: '
run 0 list --json "$job"
json '[row["epoch"] for row in it] == [4, 3, 2, 1]'
json 'all(row["parts"] == 2 and row["records"] == 24 and row["state"] == "good" for row in it)'
run 0 show "$job"
says out 'checkpoint   4.0'
says out 'created      2023-11-14 22:13:24 UTC'
run 0 show --json "$job" 2
json 'it["epoch"] == 2 and len(it["part_list"]) == 2 and it["program"] == "story"'
json 'sum(part["size_bytes"] for part in it["part_list"]) == it["size_bytes"]'
run 74 show "$job" 9
says err "no checkpoint '9'"

# ---- verify ------------------------------------------------------------------------------

run 0 verify "$job"
[ "$(grep -c ' good$' "$work/out")" -eq 4 ] || fail 'not all good'
part=$job/ckpt-000000000003.0000/part-000001
flip "$part" 200
run 0 verify --quick "$job"
run 74 verify "$job"
says out "3.0          damaged: $part, byte 64: block 0 ("
[ "$(grep -c ' good$' "$work/out")" -eq 3 ] || fail 'the others are good'
run 74 verify --json "$job" 3
json 'it[0]["problem"]["offset_bytes"] == 64 and it[0]["state"] == "damaged"'
run 0 verify "$job" 4.0
truncate -s 500 "$part"
run 0 list "$job"
says out '3.0          damaged'
manifest=$job/ckpt-000000000002.0000/MANIFEST
flip "$manifest" 40
run 74 verify --quick "$job" 2
says out "2.0          damaged: $manifest, byte 0: the manifest"
flip "$manifest" 40
# Of a version to come: the version and its check, as that will write them.
cp "$manifest" "$work/manifest"
printf '\x02\x00\x00\x00\x2b\x69\xca\x2e' |
    dd of="$manifest" bs=1 seek=8 conv=notrunc status=none
run 78 verify "$job" 2
says out '2.0          newer-format: '
cp "$work/manifest" "$manifest"

# ---- what cannot be read ----------------------------------------------------------------

# It may be as good as new: nothing older is taken, nothing shut out, nothing removed.
other=$work/other
"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$other/story" 3
manifest=$other/story/ckpt-000000000003.0000/MANIFEST
mkdir "$other/story/.trashckpt-000000000009.0000"
mkdir "$other/story/.trashckpt-000000000009.0000/folder" # which no start can remove
mv "$manifest" "$work/manifest"
ln -s MANIFEST "$manifest" # to itself: also root cannot read it
# shellcheck disable=SC2016 # the launcher expands it
printf '#!/bin/sh\necho "$TROUPE_RESTART_FROM"\n' > "$work/launcher"
chmod +x "$work/launcher"
start() { # start EXIT_CODE
    local code=0
    "$troupe" run --restarts 0 --checkpoint "$other" --job story \
        --launcher "$work/launcher" true > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$1" ] || fail "the start: exit code $code, not $1"
}
start 74
says err "$manifest: the manifest cannot be read: Too many levels of symbolic links"
[ -z "$(find "$other" -name FENCE)" ] || fail 'it was shut out'
run 74 verify "$other" 3
says out 'unreadable'
run 0 prune --keep 1 "$other/story"
[ -d "$other/story/ckpt-000000000003.0000" ] || fail 'it was pruned'
mv "$work/manifest" "$manifest"
start 70 # from it, by a program that is none of Troupe
says out '3.0'

# ---- what goes meanwhile -----------------------------------------------------------------

# Reading a manifest waits for somebody who writes it: then the first ones are removed. The
# copies come in their place, or not.
overtaken() { # overtaken EXIT_CODE [COPY] -- ARGUMENT...
    local expected=$1 copy='' code=0 reader
    shift
    [ "$1" = -- ] || { copy=$1 && shift; }
    shift
    rm -rf "$work/moving" "$work/pipe"
    "$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$work/moving" 4
    mkfifo "$work/pipe"
    ln -f "$work/pipe" "$work/moving/ckpt-000000000004.0000/MANIFEST"
    "$troupe" checkpoint "$@" > "$work/out" 2> "$work/err" &
    reader=$!
    for _ in $(seq 100); do
        ! grep -q '^[0-9]* (troupe) S' "/proc/$reader/stat" 2> /dev/null || break
        sleep 0.02
    done
    rm -r "$work/moving/ckpt-000000000004.0000" "$work/moving/ckpt-000000000003.0000"
    [ -z "$copy" ] || rm -r "$work/moving"/ckpt-*
    [ -z "$copy" ] || cp -r "$copy"/ckpt-000000000001.0000 "$work/moving"
    exec 9<> "$work/pipe"
    wait "$reader" || code=$?
    exec 9>&-
    [ "$code" -eq "$expected" ] || fail "overtaken: $*: exit code $code, not $expected"
}
"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$work/one" 1
overtaken 0 -- verify "$work/moving"
[ "$(awk '{ print $1, $2 }' "$work/out" | paste -sd,)" = '2.0 good,1.0 good' ] ||
    fail 'not what is left'
overtaken 0 -- verify --json "$work/moving"
json '[row["epoch"] for row in it] == [2, 1]'
overtaken 0 -- list "$work/moving"
[ "$(awk '{ print $1 }' "$work/out" | paste -sd,)" = 'checkpoint,2.0,1.0' ] ||
    fail 'not the list of what is left'
overtaken 0 "$work/one" -- verify "$work/moving"
[ "$(awk '{ print $1, $2 }' "$work/out" | paste -sd,)" = '1.0 good' ] ||
    fail 'it did not list again'
overtaken 0 "$work/one" -- list --json "$work/moving"
json '[row["epoch"] for row in it] == [1]'
overtaken 0 -- show "$work/moving"
says out 'checkpoint   2.0'
overtaken 74 -- verify "$work/moving" 4
says err "no checkpoint '4'"

# ---- fenced ------------------------------------------------------------------------------

"$TROUPE_BUILD_DIR/bin/tests/unit_store_golden" "$other/void" 2
"$troupe" run --restarts 0 --from none --checkpoint "$other" --job void \
    --launcher "$work/launcher" true > "$work/out" 2> "$work/err" || true # shuts them out
run 0 verify "$other/void" 2.0
says out '2.0          fenced: whole, but void: a later attempt went on from an older one'
[ ! -s "$work/err" ] || fail 'one was asked for'
run 0 verify "$other/void"
says err 'all are fenced: no restart takes one of them'
run 0 verify --json "$other/void"
json '[row["state"] for row in it] == ["fenced", "fenced"]'
flip "$other/void/ckpt-000000000002.0000/part-000000" 200
run 74 verify "$other/void"
says out '2.0          damaged'
says err 'all are fenced'

# ---- numbers -----------------------------------------------------------------------------

mkdir "$other/story/attempt-4294967295"
start 74
says err 'no number is left for an attempt: a folder there ends with 4294967295'

# ---- pin and prune -----------------------------------------------------------------------

run 0 pin --json "$job" 1
json 'it == {"epoch": 1, "attempt": 0, "pinned": True}'
run 0 pin --json --remove "$job" 1
json 'it == {"epoch": 1, "attempt": 0, "pinned": False}'
run 0 pin "$job" 1
run 0 list "$job"
says out '(pinned)'
run 0 prune --dry-run "$job"
says out 'nothing to remove' # 3 is damaged: 4 and 2 are the newest two
run 0 prune --keep 1 --dry-run "$job"
says out 'would remove 2.0'
[ -d "$job/ckpt-000000000002.0000" ] || fail 'a dry run removed something'
run 0 prune --json --keep 1 "$job"
json '[row["epoch"] for row in it] == [2, 3]'
run 0 list --json "$job"
json '[row["epoch"] for row in it] == [4, 1] and it[1]["pinned"]'
run 0 pin --remove "$job" 1
run 0 prune --keep 1 "$job"
says out 'removed 1.0'
run 0 prune --keep 1 "$job"
says out 'nothing to remove'
[ "$(ls -A "$job")" = ckpt-000000000004.0000 ] || fail 'something is left over'
mkdir "$job/ckpt-000000000005.0000"
run 0 list "$job"
says out '5.0          unfinished'
run 74 pin "$job" 5.0
run 74 verify "$job" 5.0
says out 'it has no manifest: it was never finished'
code=0
"$troupe" checkpoint list "$job" > /dev/full 2> "$work/err" || code=$?
[ "$code" -eq 74 ] || fail "a full disk gives $code"
echo ok
