#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds for AArch64 and runs tests there, in an emulator:
#   bash tests/aarch64.sh FOLDER [REGEX]    REGEX: which tests, as ctest -R takes it
# FOLDER gets a Debian of 1.5 GB (root/) and the build (build/), and keeps them for the next
# time. Wants root and: debootstrap qemu-user-static binfmt-support gcc-aarch64-linux-gnu.
# qemu-user 7.2 takes every madvise() and sets no limit of memory, so that the other tests of
# unit.fiber and sim.kernel_weigh_many cannot hold there.
set -euo pipefail

folder=$(realpath -m "${1:?usage: aarch64.sh FOLDER [REGEX]}")
tests=${2:-^unit\.(numeric|array|base|message|comm|control|fiber\.fiber|runtime)|^sim\.|^mpi\.(team|kernel_golden|actor_mail)\.[12]$}
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=$folder/root build=$folder/build
mkdir -p "$folder"

if [ ! -e "$folder/root_is_complete" ]; then
    debootstrap --arch=arm64 --variant=minbase bookworm "$root"
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -q -y \
        --no-install-recommends cmake openmpi-bin openssh-client pkg-config procps \
        check libboost-context-dev libhwloc-dev libmpfr-dev libopenmpi-dev libpng-dev \
        librandom123-dev libxxhash-dev libzstd-dev
    touch "$folder/root_is_complete"
fi

libraries=$root/usr/lib/aarch64-linux-gnu
cat > "$folder/toolchain.cmake" << TEXT
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_SYSROOT $root)
set(CMAKE_FIND_ROOT_PATH $root)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} $root)
set(ENV{PKG_CONFIG_LIBDIR} $libraries/pkgconfig:$root/usr/share/pkgconfig)
# Its links lead out of the root.
set(MPI_C_LIB_NAMES mpi CACHE STRING "")
set(MPI_mpi_LIBRARY $libraries/openmpi/lib/libmpi.so CACHE STRING "")
set(MPI_C_HEADER_DIR $libraries/openmpi/include CACHE STRING "")
set(MPI_C_ADDITIONAL_INCLUDE_DIRS $libraries/openmpi/include/openmpi CACHE STRING "")
TEXT
cmake -S "$source_dir" -B "$build" -G Ninja -DTROUPE_WERROR=ON -DTROUPE_BUILD_BENCH=OFF \
    -DTROUPE_TEST_TIMEOUT_S=1800 -DCMAKE_TOOLCHAIN_FILE="$folder/toolchain.cmake"
cmake --build "$build"

# In a mount namespace of its own: nothing stays mounted.
export root build source_dir tests
# shellcheck disable=SC2016 # these are for the shell inside
unshare --mount bash -euc '
    for path in "$source_dir" "$build"; do
        mkdir -p "$root$path"
        mount --bind "$path" "$root$path"
    done
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    chroot "$root" env CK_TIMEOUT_MULTIPLIER=30 SEEDS_PERCENT="${SEEDS_PERCENT:-5}" \
        ctest --test-dir "$build" -R "$tests" -E kernel_weigh_many --output-on-failure'
