#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# `troupe` as a user meets it: help, mistakes, and what `troupe info` says, for people and
# as JSON, without mpirun.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # it is the same text

troupe=${TROUPE_BUILD_DIR:?}/bin/troupe
source=${TROUPE_SOURCE_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset TROUPE_LOG TROUPE_STATS

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

run() { # run EXIT_CODE ARGUMENT...: into $work/out and $work/err
    local expected=$1 code=0
    shift
    "$troupe" "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" -eq "$expected" ] || fail "troupe $*: exit code $code, not $expected"
}

says() { # says FILE TEXT
    grep -qF -- "$2" "$work/$1" || fail "'$2' is not in the $1put"
}

# ---- the command -----------------------------------------------------------------------

version=$(sed -n 's/#define TROUPE_VERSION_M[A-Z]* //p; s/#define TROUPE_VERSION_PATCH //p' \
    "$source/include/troupe/version.h" | paste -sd.)

run 0 --help
says out 'usage: troupe COMMAND'
says out 'info'
run 0 --version
[ "$(cat "$work/out")" = "troupe $version" ] || fail "not the version $version"
run 0 version
[ "$(cat "$work/out")" = "$version" ] || fail "not the version $version"
run 0 help info
says out 'usage: troupe info [--json]'
cp "$work/out" "$work/help"
run 0 info --help
cmp -s "$work/out" "$work/help" || fail "'info --help' and 'help info' differ"
run 64
says err 'usage: troupe COMMAND'
run 64 inof
says err "no command 'inof': did you mean 'info'?"
run 64 helpless-wandering
says err "no command 'helpless-wandering'; see"
run 64 --jsno
says err "no option '--jsno'"
run 64 info --xml
says err "info does not take '--xml'"
run 64 info --json more
says err "info does not take 'more'"
code=0
"$troupe" info > /dev/full 2> "$work/err" || code=$?
[ "$code" -eq 74 ] || fail "a full disk gives $code"
says err 'cannot write to standard output'

# ---- for people ------------------------------------------------------------------------

TROUPE_STATS=1 TROUPE_STATZ=1 run 0 info
says out 'mpi built with'
says out 'mpi fits            yes'
says out 'stack guards'
says out 'openmp '
says out 'kernels can use     baseline'
says out '* TROUPE_STATS=1'
says out '! TROUPE_STATZ: unknown, did you mean TROUPE_STATS?'
[ "$(awk 'length > 80 && / / && !/(mpi|xxhash|context) file/' "$work/out" | wc -l)" -eq 0 ] ||
    fail 'a line is wider than 80 columns'

# What kernels are told to use is what they use, or said to be nothing.
TROUPE_ISA=baseline run 0 info
says out 'kernels use         baseline'
TROUPE_ISA=v9 run 0 info
says out 'TROUPE_ISA names none of these'

# Every variable that the library asks for.
while IFS= read -r name; do
    says out "$name"
done < <(grep -ohE '"TROUPE_[A-Z_]+"' "$source/src/base/environment.c" | tr -d '"' |
    grep -vE '_$' | sort -u)

# ---- for programs ----------------------------------------------------------------------

TROUPE_LOG='a "b" \c' TROUPE_STATZ=1 run 0 info --json
if command -v python3 > /dev/null; then
    python3 - "$work/out" "$version" << 'PYTHON' || fail 'the JSON is not as it should be'
import json, sys
info = json.load(open(sys.argv[1]))
assert info["build"]["version"] == sys.argv[2]
assert info["libraries"]["mpi_fits"] == "yes"
assert info["machine"]["cores_online"] >= info["machine"]["cores_usable"] >= 1
variables = {row["name"]: row for row in info["environment"]}
assert variables["TROUPE_LOG"]["value"] == 'a "b" \\c'
assert variables["TROUPE_STATS"]["value"] is None
assert all(row["meaning"] and row["allowed"] for row in variables.values())
assert info["unknown"] == ["TROUPE_STATZ"]
PYTHON
fi
echo ok
