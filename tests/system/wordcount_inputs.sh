#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What wordcount does with each odd input, as its --help says: result, warning, exit code.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # tiny buffers take minutes over its large files

wordcount=${TROUPE_BUILD_DIR:?}/bin/wordcount
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

as=() # what the command is run through
run() { # run RANKS ARGUMENT...: leaves $work/out, $work/err and $code
    local n=$1
    shift
    code=0
    if [ "$n" -eq 0 ]; then
        timeout 120 "${as[@]}" "$wordcount" "$@" > "$work/out" 2> "$work/err" || code=$?
    else
        timeout 120 mpirun --bind-to none --oversubscribe -n "$n" "$wordcount" "$@" \
            > "$work/out" 2> "$work/err" || code=$?
    fi
}

expect() { # expect WHAT CODE OUTPUT [WORDS IN STANDARD ERROR]
    local what=$1
    if [ "$code" -ne "$2" ] || [ "$(cat "$work/out")" != "$3" ] ||
        { [ -n "${4:-}" ] && ! grep -qF -- "$4" "$work/err"; } ||
        { [ -z "${4:-}" ] && [ -s "$work/err" ]; }; then
        {
            echo "$what: FAILED, exit code $code; expected $2 and '${4:-}'"
            echo "---- output (expected: $(head -c 300 <<< "$3"))"
            head -c 1000 "$work/out"
            echo "---- errors"
            head -c 2000 "$work/err"
        } >&2
        exit 1
    fi
    echo "$what: ok"
}

mkdir "$work/in"
printf 'one two two\n' > "$work/in/text"
counted=$'2 two\n1 one'

# ---- arguments -----------------------------------------------------------------------

run 2
expect "no path" 64 "" "usage: wordcount"
[ "$(grep -c usage "$work/err")" -eq 1 ] || { echo "every rank prints its usage" >&2; exit 1; }
run 0 --top 0 "$work/in"
expect "--top 0" 64 "" "--top needs a number"
run 0 --top 1x "$work/in"
expect "--top 1x" 64 "" "1x"
run 0 --top
expect "--top alone" 64 "" "--top needs a number"
run 0 --frequent "$work/in"
expect "unknown option" 64 "" "unknown option --frequent"
run 0 --help
sed -i '/^Exit codes/!d; s/:.*//' "$work/out"
expect "--help" 0 "Exit codes"
cp "$work/in/text" "$work/--json"
(cd "$work" && run 0 -- --json && expect "a path like an option" 0 "$counted")

# ---- paths ---------------------------------------------------------------------------

run 2 "$work/in" "$work/missing"
expect "path that does not exist" 2 "" "$work/missing: No such file or directory"
ln -s nowhere "$work/dangling"
run 2 "$work/dangling" "$work/in"
expect "dangling link as a path" 2 "" "a link that leads nowhere"
mkfifo "$work/pipe"
run 0 "$work/pipe"
expect "pipe as a path" 2 "" "neither a file nor a folder"
run 0 "$work/in/text/below"
expect "path below a file" 2 "" "Not a directory"

ln -s text "$work/in/link"
ln -s nowhere "$work/in/dangling"
ln -s .. "$work/in/circle"
mkfifo "$work/in/pipe"
run 2 "$work/in"
expect "links and pipes inside a folder are passed over" 0 "$counted"
ln -s in "$work/named"
run 0 "$work/named"
expect "a link that is named is followed" 0 "$counted"
run 0 "$work/in/text" "$work/in/text"
expect "a path twice counts twice" 0 $'4 two\n2 one'
: > "$work/empty"
mkdir "$work/empty_folder"
run 2 "$work/empty" "$work/empty_folder"
expect "no words" 0 ""
printf '\1\0\2 two\377\0two\377\n\0' > "$work/binary"
run 2 "$work/binary"
expect "binary file" 0 $'2 two\377'

# ---- what cannot be read: the rest is counted ----------------------------------------

if [ "$(id -u)" -eq 0 ]; then
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$work")
    "${as[@]}" test -x "$wordcount" 2> /dev/null || as=()
fi
if [ "$(id -u)" -ne 0 ] || [ "${#as[@]}" -gt 0 ]; then
    mkdir "$work/in/shut_folder"
    echo secret | tee "$work/in/shut" > "$work/in/shut_folder/text"
    chmod 000 "$work/in/shut" "$work/in/shut_folder"
    run 0 "$work/in"
    expect "unreadable file" 1 "$counted" "$work/in/shut: Permission denied"
    expect "unreadable folder" 1 "$counted" "$work/in/shut_folder: Permission denied"
    chmod 700 "$work/in/shut" "$work/in/shut_folder"
    rm -r "$work/in/shut" "$work/in/shut_folder"
else
    echo "skipped: permissions (root reads all, and nobody else may run the program)"
fi
as=()
# Not even root may read this one, and it says it has 4096 bytes.
if [ -f /sys/bus/platform/drivers_probe ]; then
    run 2 "$work/in/text" /sys/bus/platform/drivers_probe
    expect "file that fails" 1 "$counted" "wordcount: /sys/bus/platform/drivers_probe: "
    grep -qF '(rank ' "$work/err" || { echo "the warning does not name the rank" >&2; exit 1; }
fi

# ---- large ones ----------------------------------------------------------------------

n_bytes=200000000
if [ -n "${TROUPE_SANITIZE:-}" ]; then n_bytes=20000000; fi
{ echo before; head -c "$n_bytes" /dev/zero | tr '\0' 'a'; echo; echo after; } > "$work/word"
long="$work/word: the word at byte 7 is longer than 1 MiB and is left out"
run 2 "$work/word"
expect "one word of $n_bytes bytes" 1 $'1 after\n1 before' "$long"
[ "$(grep -c 'left out' "$work/err")" -eq 1 ] || { echo "it is told of more than once" >&2; exit 1; }
rm "$work/word"
head -c 1048576 /dev/zero | tr '\0' 'b' > "$work/word"
run 2 "$work/word"
expect "one word of 1 MiB" 0 "1 $(cat "$work/word")"
n=$((n_bytes / 11))
{ yes 'some words' || true; } | head -n "$n" | tr '\n' ' ' > "$work/line"
run 2 "$work/line"
expect "one line of $n_bytes bytes" 0 "$n"$' some\n'"$n words"

# ---- output --------------------------------------------------------------------------

code=0
"$wordcount" "$work/in" > /dev/full 2> "$work/err" || code=$?
: > "$work/out"
expect "full disk" 2 "" "cannot write the result: No space left on device"

# Under a terminal of its own, as script makes it, the bar comes by itself, below mpirun too.
bar() { # bar ENVIRONMENT COMMAND...: how often it was drawn
    local command="mpirun --bind-to none --oversubscribe -n 1 $wordcount --top 1 $work/line"
    env "$1" TERM=dumb timeout 120 script -qec "$command" /dev/null < /dev/null > "$work/out"
    tr '\r' '\n' < "$work/out" | grep -cE '^wordcount \[#*\.*\] +[0-9]+ %.* MB/s .* left' || true
}
if command -v script > /dev/null; then
    [ "$(bar TROUPE_PROGRESS=auto)" -gt 0 ] || { echo "no progress bar on a terminal" >&2; exit 1; }
    [ "$(bar TROUPE_PROGRESS=0)" -eq 0 ] || { echo "a progress bar in spite of 0" >&2; exit 1; }
    echo "progress bar: ok"
else
    echo "skipped: progress bar (there is no script)"
fi
