#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What must compile and what must not, with gcc and clang:
#   good/*.c   without a warning, as C17 and as gnu17
#   bad/*.c    not at all, and the first comment says which words the compiler must print:
#              /* expect: words */   (alternatives with |)
#   good/*.cpp likewise as C++17
# bad/ is tried with the headers as the user's own and as the system's, where compilers
# keep quiet about more. One line per file and compiler; exit code 1 if one is wrong.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../include" && pwd)
flags=(-fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual)
export LC_ALL=C

good() { # compiler standard file
    local text
    # Optimised, because some warnings come from there.
    if ! text=$("$1" -std="$2" "${flags[@]:1}" -Werror -O2 -c -o /dev/null -I"$include" \
        "$3" 2>&1); then
        printf 'FAIL %s %s %s does not compile:\n%s\n' "$1" "$2" "${3##*/}" "$text"
        return 1
    fi
    echo "ok   $1 $2 ${3##*/}"
}

expected_of() { # file; the comment may go on over lines
    awk 'NR == 1 && !/^\/\* expect: / { exit }
         { end = sub(/ *\*\/$/, ""); sub(/^\/\* expect: |^ \* */, "")
           if (length) printf "%s%s", between, $0
           between = " "; if (end) exit }' "$1"
}

bad() { # compiler way file; way is I or isystem
    local text expected
    expected=$(expected_of "$3")
    if [ -z "$expected" ]; then
        echo "FAIL ${3##*/}: the first comment must say /* expect: words */"
        return 1
    fi
    if text=$("$1" -std=c17 "${flags[@]}" -Werror "-$2" "$include" "$3" 2>&1); then
        echo "FAIL $1 -$2 ${3##*/} compiles"
        return 1
    fi
    # gcc prints our words with its quotes escaped.
    text=${text//\\/}
    while IFS= read -r -d '|' words; do
        if grep -qF -e "$words" <<<"$text"; then
            echo "ok   $1 -$2 ${3##*/}"
            return 0
        fi
    done <<<"$expected|"
    printf 'FAIL %s -%s %s does not say "%s" but:\n%s\n' "$1" "$2" "${3##*/}" "$expected" \
        "$(head -n 12 <<<"$text")"
    return 1
}

if [ $# -gt 0 ]; then
    "$@"
    exit
fi

list_jobs() {
    local c file
    for c in gcc clang; do
        command -v "$c" >/dev/null || continue
        for file in "$here"/good/*.c; do
            echo good "$c" c17 "$file"
            echo good "$c" gnu17 "$file"
        done
        for file in "$here"/bad/*.c; do
            echo bad "$c" I "$file"
            echo bad "$c" isystem "$file"
        done
    done
    for c in g++ clang++; do
        command -v "$c" >/dev/null || continue
        for file in "$here"/good/*.cpp; do
            echo good "$c" c++17 "$file"
        done
    done
}
list_jobs | xargs -P 2 -L 1 bash "$0"
