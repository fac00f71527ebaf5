#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every source names its licence in one of its first two lines.
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

n_files=0
while IFS= read -r file; do
    n_files=$((n_files + 1))
    case $file in
    *.c | *.h) line='/* SPDX-License-Identifier: BSD-3-Clause */' ;;
    *) line='# SPDX-License-Identifier: BSD-3-Clause' ;;
    esac
    # A test's first line says its ranks or seeds, so the second is good as well; one that
    # must not compile begins with the words expected, which may be several lines.
    case $file in
    tests/compile/bad/*) within=6 ;;
    *) within=2 ;;
    esac
    # No process for each of a thousand files.
    mapfile -t -n "$within" lines < "$file"
    for text in "${lines[@]}"; do
        [ "$text" != "$line" ] || continue 2
    done
    fault "$file:1" "one of the first two lines must be: $line"
done < <(files_named '*.c' '*.h' '*.sh' '*.cmake' CMakeLists.txt run | grep -v '^tests/fuzz/corpus/')
conclude "$n_files files"
