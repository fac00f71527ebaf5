#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The texts are true where a machine can tell, and short enough to be read.
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

at_most() { # at_most LINES FILE...
    local limit=$1 file n_lines
    shift
    for file; do
        if [ -f "$file" ]; then
            n_lines=$(wc -l < "$file")
            [ "$n_lines" -le "$limit" ] || fault "$file:$n_lines" "$n_lines lines, $limit are allowed"
        fi
    done
}

# The block that begins with the licence line, or the first one.
sample_program() {
    awk '/^```c$/ { inside = 1; block = ""; next }
        /^```/ && inside {
            inside = 0
            if (first == "") first = block
            if (block ~ /^[^\n]*SPDX-License-Identifier/ && chosen == "") chosen = block
        }
        inside { block = block $0 "\n" }
        END { printf "%s", chosen == "" ? first : chosen }' README.md
}

# First cells of the table whose first heading is "folder".
folder_table() {
    awk -F'|' '{ cell = $2; gsub(/[` *]|\/$/, "", cell); gsub(/\/$/, "", cell) }
        !/^\|/ { inside = 0; next }
        tolower(cell) == "folder" { inside = 1; next }
        inside && cell !~ /^[:-]*$/ { print cell }' src/README.md
}

existing_folders() { # of src/LAYERS, in its order
    local name
    tr ' ' '\n' < src/LAYERS | while IFS= read -r name; do
        if compgen -G "src/$name/*.[ch]" > /dev/null; then echo "$name"; fi
    done
}

if [ -f apps/hello/main.c ] && [ -f README.md ]; then
    difference=$(diff -u --label README.md --label apps/hello/main.c \
        <(sample_program) apps/hello/main.c) || {
        printf '%s\n' "$difference" >&2
        fault "README.md:$(grep -n -m1 '^```c$' README.md | cut -d: -f1)" \
            "the sample program is not apps/hello/main.c"
    }
fi
if [ -f src/README.md ]; then
    difference=$(diff --label src/README.md --label src/LAYERS -u \
        <(folder_table) <(existing_folders)) || {
        printf '%s\n' "$difference" >&2
        fault src/README.md:1 "its folder table is not src/LAYERS (folders that exist, in that order)"
    }
fi
for file in README.md src/README.md LICENSE include/CHANGES.md .github/CONTRIBUTING.md; do
    [ -f "$file" ] || fault "$file:1" "is missing"
done
at_most 120 src/README.md
at_most 80 .github/CONTRIBUTING.md
at_most 250 include/troupe/*.h
conclude "sample program, folder table and lengths"
