#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# No function is longer than 60 lines.
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"
require_program ctags

lengths=$(files_named '*.c' '*.h' | grep -v '^tests/compile/' |
    ctags -L - --languages=C --langmap=C:.c.h --kinds-C=f --fields=+ne -x \
        --_xformat='%{end} %n %F %N' 2> /dev/null |
    awk '$1 != "" { print $1 - $2 + 1, $3 ":" $2, $4 }' | sort -n)
faults_from < <(awk '$1 > 60 { print $2 ": " $3 " has " $1 " lines, 60 are allowed" }' <<< "$lengths")
conclude "$(awk 'NF { n++; length_of[n] = $1 }
    END { printf "%d functions, median %d lines, nine in ten within %d, longest %d",
        n, length_of[int((n + 1) / 2)], length_of[int(n * 0.9)], length_of[n] }' <<< "$lengths")"
