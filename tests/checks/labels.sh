#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every public function says how it behaves, in fixed words: .github/CONTRIBUTING.md lists
# them. clang sees to it that the parameters named are those of the function.
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"
require_program clang

# shellcheck disable=SC2016 # awk's dollars and backticks
label_check='
function report(rule) { printf "%s:%d: %s: %s\n", FILENAME, start, name, rule }

# The words after a label in the comment, "" if it has none.
function words_after(label,    text) {
    if (!match(comment, "\\\\" label "[ \t\n]")) return ""
    text = substr(comment, RSTART + RLENGTH)
    sub(/\n[ \t*]*\\.*/, "", text)
    sub(/\n[ \t*]*\n.*/, "", text)
    gsub(/[ \t\n*]+/, " ", text)
    gsub(/^ | $/, "", text)
    return text
}

function expect(label, pattern, allowed,    text) {
    text = words_after(label)
    if (text == "") report("its comment lacks \\" label)
    else if (pattern != "" && text !~ pattern)
        report("\\" label " says \"" text "\"; allowed: " allowed)
}

function examine(    text) {
    text = declaration
    sub(/[ \t\n]*\(.*/, "", text)
    name = text
    sub(/^.*[ \t\n*]/, "", name)
    if (comment == "") { report("no comment /** ... */ before it"); return }
    n_functions++
    expect("call", "^(local|collective over .+)($|[ ,;])", "local | collective over ...")
    expect("blocks", "^(never($|[ ,;])|until .+)", "never | until ... | until ... or the deadline")
    expect("threads", "^(any($|[ ,;])|one at a time per .+|the runtime.s thread($|[ ,;]))", \
        "any | one at a time per ... | the runtime'\''s thread")
    expect("errors", "", "")
}

FNR == 1 { comment = ""; in_comment = in_declaration = 0 }

in_comment {
    comment = comment "\n" $0
    if (/\*\//) in_comment = 0
    next
}
/^[ \t]*\/\*\*/ {
    comment = $0
    in_comment = $0 !~ /\*\//
    next
}
# A macro may be continued over lines; it declares nothing.
continued || /^[ \t]*#/ { continued = /\\$/; next }
!in_declaration && /(^|[ \t])TROUPE_API([ \t]|$)/ { in_declaration = 1; declaration = ""; start = FNR }
in_declaration {
    declaration = declaration "\n" $0
    if (/;|\{/) {
        if (declaration ~ /\(/ && declaration !~ /\n[^(]*extern /) examine()
        in_declaration = 0
        comment = ""
    }
    next
}
# Anything else between takes the comment for itself.
/[;}]/ { comment = "" }
END { printf "%d functions\n", n_functions > "/dev/stderr" }
'
shopt -s nullglob
headers=(include/troupe/*.h)
summary="no public headers yet"
if [ "${#headers[@]}" -gt 0 ]; then
    counted=$(mktemp)
    trap 'rm -f "$counted"' EXIT
    faults_from < <(awk "$label_check" "${headers[@]}" 2> "$counted")
    summary=$(cat "$counted")
fi

labels=call,blocks,threads,shape,units,owns,errors,aborts
check_documentation() {
    local header
    for header in "${headers[@]}"; do
        # It speaks of MPI's own types, and only where the user has included mpi.h.
        [ "$header" != include/troupe/mpi.h ] || continue
        clang -x c-header -std=c17 -fsyntax-only -Iinclude -Wdocumentation \
            "-fcomment-block-commands=$labels" "$header" 2>&1 |
            sed -n 's/^\([^ ]*:[0-9]*\):[0-9]*: \(warning\|error\): /\1: /p'
    done | sort -u
}
faults_from < <(check_documentation)
conclude "$summary"
