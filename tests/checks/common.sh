#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What the checks share; each sources it first and then stands in the project's folder.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
check_name=$(basename "$0" .sh)
n_faults=0

# From the tree and not from git, so that new files count and an unpacked archive will do.
files_named() { # files_named PATTERN...: all such files of the project
    local names=() pattern
    for pattern; do names+=(-o -name "$pattern"); done
    find . \( -path './build*' -o -path './.git' \) -prune -o \
        -type f \( "${names[@]:1}" \) -print | sed 's|^\./||' | LC_ALL=C sort
}

fault() { # fault FILE:LINE RULE
    printf '%s: %s\n' "$1" "$2" >&2
    n_faults=$((n_faults + 1))
}

faults_from() { # takes "FILE:LINE: RULE" lines on stdin
    local line
    while IFS= read -r line; do
        [ -n "$line" ] || continue
        printf '%s\n' "$line" >&2
        n_faults=$((n_faults + 1))
    done
}

conclude() { # conclude TEXT: the one line of a check that passed
    if [ "$n_faults" -gt 0 ]; then
        printf '%s: FAILED, %d found\n' "$check_name" "$n_faults" >&2
        exit 1
    fi
    printf '%s: ok, %s\n' "$check_name" "$1"
}

require_program() {
    command -v "$1" > /dev/null && return
    printf '%s: %s is not installed; see jobs/packages.sh\n' "$check_name" "$1" >&2
    exit 2
}
