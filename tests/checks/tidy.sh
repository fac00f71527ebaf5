#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# clang-tidy finds nothing in src, apps and bench: tidy.sh [BUILD_FOLDER]. It is slow, so a
# file that passed is not looked at again until what the compiler sees of it changes, and
# paths through a function are followed a third as far as clang does by itself (225000
# nodes), in half the time: TIDY_NODES says otherwise.
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"
require_program clang-tidy

build=${1:-${TROUPE_BUILD_DIR:-build}}
database=$build/compile_commands.json
if [ ! -f "$database" ]; then
    printf 'tidy: no %s; build first: cmake -S . -B %s && cmake --build %s\n' \
        "$database" "$build" "$build" >&2
    exit 2
fi
mkdir -p "$build/tidy"
TIDY_CACHE=$(cd "$build/tidy" && pwd)
TIDY_BUILD=$(cd "$build" && pwd)
TIDY_NODES=${TIDY_NODES:-75000}
# Comments count, for they hold NOLINT; so do the rules and the tool's version.
TIDY_SALT=$(cat .clang-tidy <(clang-tidy --version; echo "$TIDY_NODES") | sha256sum)
export TIDY_CACHE TIDY_BUILD TIDY_SALT TIDY_NODES

# Lines "FILE<tab>COMMAND" of our own files; CMake writes one key a line.
compilations() {
    awk -v root="$PWD/" '
        /^ *"command":/ { command = $0; sub(/^[^:]*: "/, "", command); sub(/",?$/, "", command)
            gsub(/\\"/, "\"", command); gsub(/\\\\/, "\\", command) }
        /^ *"file":/ { file = $0; sub(/^[^:]*: "/, "", file); sub(/",?$/, "", file)
            if (index(file, root) == 1) print substr(file, length(root) + 1) "\t" command }
    ' "$database" | grep -E '^(src|apps|bench)/' | sort -u
}

examine() { # examine "FILE<tab>COMMAND"
    local file=${1%%$'\t'*} command=${1#*$'\t'} key
    key=$( (echo "$TIDY_SALT"; bash -c "cd '$TIDY_BUILD' && ${command%% -o *} -E -C '$PWD/$file'" 2>&1) |
        sha256sum | cut -d' ' -f1)
    [ ! -f "$TIDY_CACHE/$key" ] || return 0
    if clang-tidy --quiet -p "$TIDY_BUILD" --extra-arg=-Xclang --extra-arg=-analyzer-config \
        --extra-arg=-Xclang --extra-arg=max-nodes="$TIDY_NODES" "$file" 2> /dev/null |
        sed -n "s|^$PWD/||; s/^\([^ ]*:[0-9]*\):[0-9]*: \(warning\|error\): /\1: /p" |
        grep . ; then
        return 0
    fi
    touch "$TIDY_CACHE/$key"
}
export -f examine

mapfile -t commands < <(compilations)
if [ "${#commands[@]}" -gt 0 ]; then
    # A header's fault is found from every file that includes it; it is told once.
    # shellcheck disable=SC2016 # the inner shell expands it
    faults_from < <(printf '%s\0' "${commands[@]}" |
        xargs -0 -n 1 -P "${JOBS:-$(nproc)}" bash -c 'examine "$1"' examine | sed 's/,-warnings-as-errors\]$/]/' | sort -u)
fi
conclude "${#commands[@]} files"
