#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# cppcheck finds nothing. What it gets wrong is marked in place: // cppcheck-suppress ID
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"
require_program cppcheck

folders=()
for folder in src apps bench; do
    if [ -n "$(find "$folder" -name '*.c' -print -quit 2> /dev/null)" ]; then folders+=("$folder"); fi
done
if [ "${#folders[@]}" -eq 0 ]; then
    conclude "no C files yet"
    exit
fi
cache=${TROUPE_BUILD_DIR:-build}/cppcheck
mkdir -p "$cache"
# Foreign headers are not looked at. A file in which it cannot follow the API's macros
# (syntaxError) is left to clang-tidy.
faults_from < <(cppcheck -q -j "${JOBS:-$(nproc)}" --std=c11 --inline-suppr \
    --enable=warning,performance,portability --suppress=missingIncludeSystem \
    --suppress=preprocessorErrorDirective --suppress=syntaxError --suppress=unknownMacro --cppcheck-build-dir="$cache" -Iinclude -Isrc -Iapps -Ibench \
    -D__GNUC__=12 -D__linux__=1 --template='{file}:{line}: {id}: {message}' \
    "${folders[@]}" 2>&1)
conclude "${folders[*]}"
