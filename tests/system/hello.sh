#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The README's program prints pi, on any number of ranks alike, simulated ones too.
set -euo pipefail

hello=${TROUPE_BUILD_DIR:?}/bin/hello
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

check() { # check WHAT OUTPUT
    if [ "$2" != "pi is 3.141592654" ]; then
        printf '%s: FAILED, it printed: %s\n' "$1" "$2" >&2
        exit 1
    fi
    echo "$1: ok"
}

check "without mpirun" "$(timeout 60 "$hello")"
for n in 1 2 4; do
    check "$n ranks" "$(timeout 60 mpirun --bind-to none --oversubscribe -n "$n" "$hello")"
done
check "5 simulated ranks" "$(TROUPE_BACKEND=sim TROUPE_SIM_RANKS=5 timeout 60 "$hello")"
