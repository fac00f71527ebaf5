#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The manual: a page for each command, with each option that its --help names, and nothing
# that groff or mandoc would complain of.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # it is the same text

troupe=${TROUPE_BUILD_DIR:?}/bin/troupe
pages=${TROUPE_SOURCE_DIR:?}/src/cli/man
n_faults=0

fault() {
    printf '%s\n' "$1" >&2
    n_faults=$((n_faults + 1))
}

# Options as people read them, and as the page has them: "--dry-run" is "Fl Fl dry-run".
has_option() { # has_option PAGE OPTION
    local name=${2#-}
    grep -qE -- "Fl (Fl )?${name#-}( |\$)" "$1"
}

commands=$("$troupe" help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
for command in $commands; do
    case $command in
    help | version) continue ;;
    esac
    page=$pages/troupe-$command.1
    [ -f "$page" ] || { fault "no page of troupe $command" && continue; }
    grep -qF "Xr troupe-$command 1" "$pages/troupe.1" ||
        fault "troupe.1 does not name troupe-$command"
    # Not those of programs in examples.
    for option in $("$troupe" "$command" --help |
        sed '/^  troupe /d; /mpirun/d; s/--help//' | grep -oE -- '(^|[ [|])--?[a-z][a-z-]*' |
        grep -oE -- '--?[a-z][a-z-]*' | sort -u); do
        has_option "$page" "$option" || fault "troupe-$command.1 does not have $option"
    done
done

for page in "$pages"/*.1; do
    if command -v groff > /dev/null; then
        words=$(groff -mdoc -Tutf8 -ww -z "$page" 2>&1) || true
        [ -z "$words" ] || fault "$words"
    fi
    if command -v mandoc > /dev/null; then
        # That it is not among the pages of a BSD is no fault.
        words=$(mandoc -Tlint -Wwarning "$page") || true
        [ -z "$words" ] || fault "$words"
    fi
done
[ "$n_faults" -eq 0 ] || exit 1
echo ok
