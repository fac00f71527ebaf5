#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An installed library is found by find_package and by pkg-config, shared and static, after
# the installed tree was moved; each time a user's program is built and run.
set -euo pipefail

[ "${TROUPE_TEST_HOSTILE:-0}" -eq 0 ] || exit 77 # it is the same files

# A user's program would have to be sanitized as well.
[ -z "${TROUPE_SANITIZE:-}" ] || exit 77

build=${TROUPE_BUILD_DIR:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/moved

cmake --install "$build" --prefix "$work/prefix" > "$work/install.log"
mv "$work/prefix" "$prefix"
for page in troupe troupe-checkpoint troupe-info troupe-place troupe-run; do
    [ -f "$prefix/share/man/man1/$page.1" ] || { echo "no page $page(1)" >&2; exit 1; }
done
library=$(dirname "$(find "$prefix" -name libtroupe.a)")
export PKG_CONFIG_PATH=$library/pkgconfig LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

cat > "$work/main.c" << 'C'
#include <troupe/troupe.h>

static troupe_status body(troupe_actor *self)
{
    return self ? TROUPE_OK : TROUPE_FAILED;
}
TROUPE_PROCESS(main_process, body);

int main(int argc, char **argv)
{
    return troupe_main(argc, argv, &(troupe_program){.main = &main_process});
}
C
cat > "$work/CMakeLists.txt" << 'CMAKE'
cmake_minimum_required(VERSION 3.20)
project(user LANGUAGES C)
find_package(troupe 0.1 REQUIRED)
add_executable(user_shared main.c)
target_link_libraries(user_shared PRIVATE troupe::troupe)
add_executable(user_static main.c)
target_link_libraries(user_static PRIVATE troupe::troupe_static)
CMAKE

run_it() { # run_it WHAT PROGRAM
    timeout 60 mpirun --bind-to none --oversubscribe -n 2 "$2" || {
        echo "$1: the program returned $?" >&2
        exit 1
    }
    echo "$1: ok"
}

cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" > "$work/configure.log"
cmake --build "$work/build" > "$work/build.log" || { cat "$work/build.log" >&2; exit 1; }
run_it "find_package, shared" "$work/build/user_shared"
run_it "find_package, static" "$work/build/user_static"

flags() { pkg-config "$@" troupe; }
# The user of the shared library needs a C compiler and nothing of MPI.
# shellcheck disable=SC2046 # pkg-config prints words
cc -o "$work/shared" "$work/main.c" $(flags --cflags --libs)
run_it "pkg-config, shared" "$work/shared"
# -Bstatic for ours alone: MPI is rarely there as an archive.
# shellcheck disable=SC2046
mpicc -o "$work/static" "$work/main.c" $(flags --cflags) "$library/libtroupe.a" \
    $(flags --static --libs-only-l | sed 's/-ltroupe//')
run_it "pkg-config, static" "$work/static"

case " $(flags --cflags) " in
*" -ffp-contract=off "*) ;;
*)
    echo "troupe.pc must carry -ffp-contract=off" >&2
    exit 1
    ;;
esac

# Every name that leaves the library is ours, and the compatibility name is in place.
foreign=$(nm -D --defined-only "$library/libtroupe.so" | awk '{ print $NF }' | grep -v '^troupe_' || true)
[ -z "$foreign" ] || { echo "libtroupe.so exports foreign names: $foreign" >&2; exit 1; }
readelf -d "$library/libtroupe.so" | grep -q 'SONAME.*libtroupe\.so\.0\]'
echo "exports and soname: ok"
