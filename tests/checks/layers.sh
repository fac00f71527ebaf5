#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A file includes only from its own folder or from a line above its own in src/LAYERS; a
# public header counts as a file of the folder it is named after. Foreign headers have their places.
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

# shellcheck disable=SC2016 # awk's dollars
layer_check='
function report(rule) { printf "%s:%d: %s\n", FILENAME, FNR, rule }

# The folder that a public header belongs to.
function folder_of_header(path,    name) {
    name = path
    sub(/^.*\//, "", name)
    sub(/\.h$/, "", name)
    return name in part_of ? part_of[name] : name
}

function belongs(folder, headers,    names, i) {
    for (i = split(headers, names, " "); i > 0; i--) part_of[names[i]] = folder
}

BEGIN {
    # Public headers that are not named after their folder.
    belongs("base", "element version")
    belongs("message", "each type")
    belongs("actor", "behavior call dead_letter foreign life mail owned mpi parameter program system")
    belongs("team", "exchange team_inline")
    belongs("array", "array_file array_inline array_range")
    belongs("output", "outbox")
    belongs("numeric", "kernel_probe lanes")
    belongs("kernel", "array_later order random reduce scan")
    belongs("linear", "grid linear_check linear_file linear_later")
    belongs("troupe", "verbs") # one verb for the calls of several folders
    while ((getline line < "src/LAYERS") > 0) {
        n_lines++
        n = split(line, names, " ")
        for (i = 1; i <= n; i++) level[names[i]] = n_lines
    }
    level["troupe"] = n_lines - 0.5 # includes all the others: for users, and so for cli
}

FNR == 1 {
    split(FILENAME, part, "/")
    place = part[1]
    own = place == "src" ? part[2] : place == "include" ? folder_of_header(FILENAME) : ""
    if (own != "" && !(own in level))
        report("folder \"" own "\" is not in src/LAYERS" \
            (place == "include" ? " (which folder is the header of? say it in tests/checks/layers.sh)" : ""))
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    target = $0
    sub(/^[^<"]*[<"]/, "", target)
    sub(/[>"].*$/, "", target)
    quoted = $0 ~ /include[ \t]*"/

    if (target == "mpi.h" && FILENAME !~ /^(src\/comm|bench|tests\/(mpi|support|compile)|include\/troupe\/mpi\.h)/)
        report("mpi.h belongs to src/comm (and bench, tests/mpi)")
    if (target ~ /^hwloc/ && FILENAME !~ /^(src|tests\/unit)\/placement\//)
        report("hwloc belongs to src/placement")

    split(target, piece, "/")
    if (place == "apps" || place == "bench") {
        if (target ~ /^troupe\// || target ~ /^common\//) next
        if (quoted && target !~ /\//) next
        if (quoted || piece[1] in level)
            report(place " may include <troupe/...>, the C library and its own common/, not \"" target "\"")
        next
    }
    if (own == "") next
    if (target ~ /^troupe\//) to = folder_of_header(target)
    else if (quoted) to = piece[2] == "" ? own : piece[1]
    else next
    if (place == "include" && target !~ /^troupe\//)
        report("a public header may include only public ones, not \"" target "\"")
    else if (to != own && !(to in level))
        report("\"" target "\": folder \"" to "\" is not in src/LAYERS")
    else if (to != own && level[to] >= level[own])
        report("\"" own "\" may not include \"" target "\": \"" to "\" is not below it in src/LAYERS")
}
'
mapfile -t files < <(files_named '*.c' '*.h' | grep -E '^(src|include|apps|bench|tests)/')
if [ "${#files[@]}" -gt 0 ]; then
    faults_from < <(awk "$layer_check" "${files[@]}")
fi
for folder in src/*/; do
    name=$(basename "$folder")
    grep -qw -- "$name" src/LAYERS || fault "$folder" "folder is not in src/LAYERS"
done
conclude "${#files[@]} files"
