#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A program that finds another MPI than it was built with is refused at its start: a library
# loaded first answers for another one.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # it is the same text
[ -z "${TROUPE_SANITIZE:-}" ] || exit 77         # a sanitizer must be loaded first

hello=${TROUPE_BUILD_DIR:?}/bin/hello
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/other.c" << 'TEXT'
#include <stdio.h>
#include <string.h>
int MPI_Get_library_version(char *text, int *length);
int MPI_Get_library_version(char *text, int *length)
{
    strcpy(text, OTHER);
    *length = (int)strlen(text);
    return 0;
}
TEXT

check() { # check VERSION
    local code=0
    cc -shared -fPIC -DOTHER="\"$1\"" -o "$folder/other.so" "$folder/other.c"
    LD_PRELOAD=$folder/other.so timeout 60 "$hello" > "$folder/out" 2> "$folder/said" || code=$?
    if [ "$code" -ne 78 ] || [ -s "$folder/out" ] ||
        ! grep -q "^troupe.* error: built with Open MPI .* but running with \"$1" "$folder/said" ||
        ! grep -q LD_LIBRARY_PATH "$folder/said"; then
        printf '%s: FAILED, exit code %d\n' "$1" "$code" >&2
        cat "$folder/said" >&2
        exit 1
    fi
    echo "$1: refused"
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
check "MPICH Version:      4.1.1"
check "Open MPI v3.1.6, package: another"
check "Intel(R) MPI Library 2021.9"
