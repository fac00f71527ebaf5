#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# valgrind is told of every stack: programs with many processes run under it without a word.
set -euo pipefail

skip() { # skip WHY
    echo "skipped: $1"
    exit 77
}
[ -z "${TROUPE_SANITIZE:-}" ] || skip "a sanitizer looks at the same"
command -v valgrind > /dev/null || skip "valgrind is not installed"

bin=${TROUPE_BUILD_DIR:?}/bin source=${TROUPE_SOURCE_DIR:?}
export TROUPE_BACKEND=sim TROUPE_SIM_RANKS=2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

watch() { # watch PROGRAM ARGUMENT...
    timeout 200 valgrind --quiet --error-exitcode=99 --log-file="$folder/said" "$@" > /dev/null
}

check_clean() { # check_clean PROGRAM ARGUMENT...
    if ! watch "$@" || [ -s "$folder/said" ]; then
        printf '%s: FAILED\n' "$*" >&2
        head -n 40 "$folder/said" >&2
        exit 1
    fi
    echo "$(basename "$1"): ok"
}

# That of Debian 12 does not know all of what its clang writes.
if ! watch "$bin/hello" && grep -q 'debuginfo reader' "$folder/said"; then
    skip "this valgrind cannot read what this compiler writes for debuggers"
fi
check_clean "$bin/hello"
check_clean "$bin/wordcount" "$source/README.md"
# Processes that hand over to each other: without that knowledge thousands of complaints.
unset TROUPE_BACKEND TROUPE_SIM_RANKS
export CK_FORK=no TROUPE_TEST_SEEDS=1
check_clean "$bin/tests/sim_actor_call"
check_clean "$bin/tests/sim_actor_order"
