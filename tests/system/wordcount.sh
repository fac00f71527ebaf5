#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# wordcount prints the same on any number of ranks, and what tr, sort and uniq make of the
# same bytes.
set -euo pipefail

wordcount=${TROUPE_BUILD_DIR:?}/bin/wordcount
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

on_ranks() { # on_ranks N ARGUMENT...
    local n=$1
    shift
    timeout 120 mpirun --bind-to none --oversubscribe -n "$n" "$wordcount" "$@"
}

fail() {
    echo "$1" >&2
    exit 1
}

# ---- some hundred files: real text, and bytes of every kind --------------------------

corpus=$work/corpus
mkdir -p "$corpus/headers" "$corpus/bytes/deep er/still"
{ find /usr/include -maxdepth 2 -type f -size -64k -print0 || true; } | LC_ALL=C sort -z |
    sed -zn 1,400p | while IFS= read -r -d '' file; do
    cp -- "$file" "$corpus/headers/$(tr / _ <<< "${file#/}")"
done
LC_ALL=C awk -v folder="$corpus/bytes" 'BEGIN {
    srand(1)
    for (i = 0; i < 100; i++) {
        file = folder "/" (i % 3 == 0 ? "deep er/" : "") (i % 9 == 0 ? "still/" : "") i
        n = int(rand() * rand() * 9000)
        for (k = 0; k < n; k++) {
            # NUL is left out: not every awk prints it.
            byte = i % 2 ? 1 + int(rand() * 255) : 97 + int(rand() * 4) - 65 * (rand() < 0.2)
            printf "%c", byte > file
        }
        close(file)
    }
}'
head -c 3000000 < <(cat "$corpus"/headers/*) > "$corpus/large" # ends within a word, maybe
printf 'a\0b\0\0a_word\0' > "$corpus/zeros"
: > "$corpus/empty"
echo "$(find "$corpus" -type f | wc -l) files, $(du -sk "$corpus" | cut -f1) KiB"

# grep sees to it that a file's last word does not run into the next file's first.
find "$corpus" -type f -exec env LC_ALL=C grep -ah '' {} + |
    LC_ALL=C tr -cs 'A-Za-z0-9_\200-\377' '\n' | LC_ALL=C sed '/^$/d' | LC_ALL=C sort |
    LC_ALL=C uniq -c | LC_ALL=C sed 's/^ *//' |
    LC_ALL=C sort -t ' ' -k 1,1nr -k 2 > "$work/expected"
echo "$(wc -l < "$work/expected") different words"

# ---- the same on any number of ranks -------------------------------------------------

same() { # same WHAT
    cmp "$work/out" "$work/expected" || fail "$1: another result than that of tr, sort and uniq"
    echo "$1: ok"
}
"$wordcount" "$corpus" > "$work/out"
same "without mpirun"
for n in 1 2 3 4; do
    on_ranks "$n" "$corpus" > "$work/out" 2> "$work/err"
    same "$n ranks"
    [ ! -s "$work/err" ] || fail "unexpected: $(cat "$work/err")"
done
TROUPE_BACKEND=sim TROUPE_SIM_RANKS=5 "$wordcount" "$corpus" > "$work/out"
same "5 simulated ranks"
on_ranks 2 "$corpus/headers" "$corpus/bytes" "$corpus/large" "$corpus/zeros" > "$work/out"
same "paths one by one"

# ---- --top and --json ----------------------------------------------------------------

on_ranks 3 --top 10 "$corpus" > "$work/out"
cmp "$work/out" <(head -n 10 "$work/expected") || fail "--top 10"
on_ranks 2 --top=100000000 "$corpus" > "$work/out"
same "--top of more than there are"
on_ranks 2 --output "$work/out" "$corpus" > "$work/printed"
same "--output"
[ ! -s "$work/printed" ] || fail "--output prints, too"
code=0
on_ranks 2 --output="$work/none/out" "$corpus" > "$work/printed" 2>&1 || code=$?
[ "$code" -eq 2 ] || fail "an output in no folder: exit code $code"
grep -q "none/out" "$work/printed" || fail "it does not say what cannot be opened"

printf 'caf\303\251 caf\351 x "x\\ x' > "$work/json_text"
on_ranks 2 --json "$work/json_text" | sed 's/"seconds":[0-9.]*/"seconds":S/' > "$work/out"
cmp "$work/out" - << 'JSON' || fail "--json: $(cat "$work/out")"
{"files":1,"bytes":18,"words":5,"distinct":3,"top":[
{"word":"x","count":3},
{"word":"café","count":1},
{"word":"caf�","hex":"636166e9","count":1}],"seconds":S}
JSON
on_ranks 2 --json --top 1 "$corpus" | tr -d '\n' > "$work/out"
words=$(awk '{ n += $1 } END { print n }' "$work/expected")
grep -q "\"words\":$words,\"distinct\":$(wc -l < "$work/expected"),\"top\":\[{[^{]*}\],\"seconds\"" "$work/out" ||
    fail "--json --top 1: $(cat "$work/out")"
echo "--top, --json: ok"
