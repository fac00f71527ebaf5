#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every C file is as clang-format writes it. To repair: clang-format -i FILE
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"
require_program clang-format

mapfile -t files < <(files_named '*.c' '*.h')
if [ "${#files[@]}" -gt 0 ]; then
    faults_from < <(clang-format --dry-run "${files[@]}" 2>&1 |
        sed -n 's/^\([^ ]*:[0-9]*\):[0-9]*: warning: code should be clang-formatted.*/\1: not as clang-format writes it/p' |
        sort -u)
fi
conclude "${#files[@]} files"
