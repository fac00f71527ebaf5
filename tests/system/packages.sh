#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# jobs/packages.sh where it cannot install anything: no apt, or nobody who may use it. All
# programs that it could find are played by scripts.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # it is not the library that runs

script=${TROUPE_SOURCE_DIR:?}/jobs/packages.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash=$(command -v bash)

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

# ---- machines ------------------------------------------------------------------------

machine() { # machine USER_ID: an empty one
    rm -rf "$work/path" "$work/installed"
    mkdir "$work/path"
    local tool
    for tool in sed head cat chmod; do
        ln -s "$(command -v "$tool")" "$work/path/$tool"
    done
    plays id "echo $1"
    plays true
}

plays() { # plays PROGRAM LINE...
    printf '%s\n' '#!/bin/sh' "${@:2}" > "$work/path/$1"
    chmod +x "$work/path/$1"
}

# Each call is noted; the command says what comes of "install".
plays_apt() { # plays_apt COMMAND
    plays apt-get "echo \"\$*\" >> $work/installed" "[ \"\$1\" = update ] || $1"
}

all_tools='make cmake ninja mpicc mpirun'
plays_all() {
    local tool
    for tool in $all_tools; do plays "$tool"; done
    plays pkg-config
    # A library that gcc finds is printed with its folder.
    # shellcheck disable=SC2016 # that is for the script
    plays gcc 'case $1 in -print-file-name=*) echo "/lib/${1#*=}" ;; esac'
}

run() { # run EXIT_CODE [ARGUMENT...]
    local code=0
    env -i PATH="$work/path" "$bash" "$script" "${@:2}" > "$work/out" 2> "$work/err" ||
        code=$?
    [ "$code" -eq "$1" ] || fail "exit code $code, not $1"
}

says() { # says FILE WORDS
    grep -qF -- "$2" "$work/$1" || fail "it does not say: $2"
}

needed='gcc make cmake ninja-build pkg-config libopenmpi-dev openmpi-bin libboost-context-dev libxxhash-dev libzstd-dev libhwloc-dev check libpng-dev'

says_how() { # says_how PACKAGES: what is missing, and how others get it
    says out "missing: $1"
    says err "sudo apt-get install $1"
    says err 'spack install gcc cmake ninja'
    local name
    for name in openmpi boost+context xxhash zstd hwloc check libpng pkgconf; do
        grep -qE "^ +Spack .* ${name/+/\\+}( |\$)" "$work/err" || fail "Spack's $name is not named"
    done
    says err 'module load gcc cmake openmpi boost'
}

untouched() { # and it has not tried
    ! grep -q 'still missing' "$work/out" || fail 'it has tried'
    [ ! -e "$work/installed" ] || fail "apt-get was called: $(cat "$work/installed")"
}

# ---- nothing can be installed --------------------------------------------------------

for user in 0 1000; do # no apt, as root or not
    machine "$user"
    run 1
    says_how "$needed"
    untouched
    run 1 test
    says_how "$needed g++ clang libclang-rt-14-dev lld"
done

machine 1000 # no sudo
plays_apt true
run 1
says_how "$needed"
untouched

plays sudo 'exit 1' # it wants a password
run 1
says_how "$needed"
untouched

machine 0 # no network
plays_apt false
run 1
says_how "$needed"
says out "still missing: $needed"
says installed "install -q -y --no-install-recommends $needed"

# ---- some of it is there, or all -----------------------------------------------------

machine 1000
plays_all
run 0
[ ! -s "$work/out" ] || fail 'it speaks where nothing is missing'
rm "$work/path/ninja" "$work/path/mpirun"
run 1
says_how 'ninja-build openmpi-bin'
# shellcheck disable=SC2016
plays gcc 'case $1 in -print-file-name=*) echo "${1#*=}" ;; esac' # finds no library
run 1
says_how 'ninja-build openmpi-bin libboost-context-dev'

# ---- it can be installed -------------------------------------------------------------

for user in 0 1000; do
    machine "$user"
    plays_all
    rm "$work/path/ninja"
    # shellcheck disable=SC2016 # that is for the script
    plays sudo '[ "$1" = -n ] && shift && exec "$@"'
    plays_apt "{ printf '#!/bin/sh\n' > $work/path/ninja; chmod +x $work/path/ninja; }"
    run 0
    says out 'missing: ninja-build'
    says installed 'install -q -y --no-install-recommends ninja-build'
done

run 2 everything
says err 'usage:'
echo ok
