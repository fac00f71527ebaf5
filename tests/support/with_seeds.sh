#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs a test with the number of seeds its first line asks for: with_seeds.sh SEEDS PROGRAM.
# SEEDS 0: the program has its own number.
# A script and not ctest's ENVIRONMENT, because that would win over what you have set.
set -euo pipefail

if [ "$1" -gt 0 ]; then
    wanted=$(($1 * ${SEEDS_PERCENT:-100} / 100))
    export TROUPE_TEST_SEEDS=${TROUPE_TEST_SEEDS:-$((wanted > 0 ? wanted : 1))}
fi
shift
exec "$@"
