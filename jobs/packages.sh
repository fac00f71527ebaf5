#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what is missing, and touches neither apt nor the network when nothing is:
#   packages.sh [build|test]     build: library and programs (default); test: the checks too
# Without apt or the right to use it, it says what is missing and how others get it.
# shellcheck disable=SC2317 # need() calls the tests by their names
set -euo pipefail

purpose=${1:-build}
case $purpose in
build | test) ;;
*)
    echo "usage: packages.sh [build|test]" >&2
    exit 2
    ;;
esac

have() { command -v "$1" > /dev/null; }
module() { have pkg-config && pkg-config --exists "$1"; }
# The compiler's own search, so that libraries from Spack and modules count as well.
library() { have gcc && [ "$(gcc -print-file-name="$1")" != "$1" ]; }
header() { have gcc && echo "#include <$1>" | gcc -E -o /dev/null - 2> /dev/null; }
runtime() {
    have clang && compgen -G "$(clang -print-resource-dir)/lib/*/libclang_rt.$1*.a" > /dev/null
}
# The sanitizers' package carries clang's number, which is the distribution's choice.
runtime_package() {
    local number
    number=$(apt-cache depends clang 2> /dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
    echo "libclang-rt-${number:-14}-dev"
}

missing=()
need() { # need PACKAGE TEST...: the test says whether what the package brings is there
    local package=$1
    shift
    "$@" || missing+=("$package")
}

look() {
    missing=()
    need gcc have gcc
    need make have make
    need cmake have cmake
    need ninja-build have ninja
    need pkg-config have pkg-config
    need libopenmpi-dev have mpicc
    need openmpi-bin have mpirun
    need libboost-context-dev library libboost_context.so
    need libxxhash-dev module libxxhash
    need libzstd-dev module libzstd
    need libhwloc-dev module hwloc
    need check module check
    need libpng-dev module libpng
    [ "$purpose" = test ] || return 0
    need g++ have g++
    need clang have clang
    need "$(runtime_package)" runtime fuzzer
    need lld have ld.lld
    need clang-tidy have clang-tidy
    need clang-format have clang-format
    need cppcheck have cppcheck
    need shellcheck have shellcheck
    need valgrind have valgrind
    need gdb have gdb
    need strace have strace
    need libmpfr-dev module mpfr
    need librandom123-dev header Random123/philox.h
    need universal-ctags have ctags
    need gnuplot-nox have gnuplot
    need hwloc-nox have lstopo-no-graphics
}

look
[ "${#missing[@]}" -gt 0 ] || exit 0
echo "packages: missing: ${missing[*]}"

privilege=()
if [ "$(id -u)" -ne 0 ]; then privilege=(sudo -n); fi
if have apt-get && "${privilege[@]}" true 2> /dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # With a list of packages from an image's build, "update" may fail and "install" not.
    "${privilege[@]}" apt-get update -q || true
    "${privilege[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" || true
    look
    [ "${#missing[@]}" -gt 0 ] || exit 0
    echo "packages: still missing: ${missing[*]}"
fi

cat >&2 << TEXT
Please install them, or ask who may:
  Debian, Ubuntu   sudo apt-get install ${missing[*]}
  Spack            spack install gcc cmake ninja pkgconf openmpi boost+context xxhash zstd hwloc check libpng
  clusters         module load gcc cmake openmpi boost   (names differ; see: module avail)
TEXT
exit 1
